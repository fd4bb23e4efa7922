#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tectum/io/fft.hpp>

TEST_CASE("real_fft: against the sum that defines it, and Parseval") {
  for (const std::size_t n : {4u, 8u, 64u, 256u, 512u}) {
    std::vector<double> x(n);
    std::uint64_t state = 7;
    for (double& v : x) {
      state = (state * 1664525u + 1013904223u) % 4294967296u;
      v = static_cast<double>(state >> 8) / 8388608.0 - 1;
    }
    tectum::real_fft fft(n);
    std::vector<std::complex<double>> y(n / 2 + 1);
    fft(x, y);
    double worst = 0, energy = 0, spectral = 0;
    for (std::size_t k = 0; k < y.size(); ++k) {
      std::complex<double> sum = 0;
      for (std::size_t i = 0; i < n; ++i)
        sum += x[i] * std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(i * k % n) / static_cast<double>(n));
      worst = std::max(worst, std::abs(sum - y[k]));
      spectral += (k == 0 || k == n / 2 ? 1 : 2) * std::norm(y[k]);
    }
    for (const double v : x) energy += v * v;
    CHECK(worst < 1e-12 * static_cast<double>(n));
    CHECK(spectral / static_cast<double>(n) == doctest::Approx(energy).epsilon(1e-12));
  }
  CHECK_THROWS_AS(tectum::real_fft(6), std::invalid_argument);
  CHECK_THROWS_AS(tectum::real_fft(0), std::invalid_argument);
}
