#include <doctest/doctest.h>

#include <algorithm>
#include <complex>
#include <tectum/kernels/fourier.hpp>

#include "tests/kernels/guarded.hpp"

namespace kernel_tests {

namespace {

using complex = std::complex<double>;

// By the definition, in double, with each angle computed by itself.
std::vector<complex> transformed(const std::vector<double>& x) {
  const std::size_t n = x.size();
  std::vector<complex> turns(n), y(n / 2 + 1);
  for (std::size_t k = 0; k < n; ++k)
    turns[k] = std::polar(1.0, -6.283185307179586477 * static_cast<double>(k) / static_cast<double>(n));
  for (std::size_t j = 0; j < y.size(); ++j)
    for (std::size_t k = 0; k < n; ++k) y[j] += x[k] * turns[j * k % n];
  return y;
}

template <class T>
void compare(index n) {
  CAPTURE(n);
  const fourier f{n};
  guarded<T> x(n), table(f.table_size()), spectrum(f.spectrum_size()), room(f.room_size()), back(n);
  f.fill_table(table.data());
  f.forward(table.data(), x.data(), spectrum.data(), room.data());
  std::vector<double> row;
  for (index i = 0; i < n; ++i) row.push_back(static_cast<double>(x[i]));
  const std::vector<complex> expected = transformed(row);
  const double allowed = (std::is_same_v<T, float> ? 4e-6 : 4e-14) * std::sqrt(static_cast<double>(n));
  REQUIRE(static_cast<index>(expected.size()) == f.bins());
  double worst = 0;
  for (index j = 0; j < f.bins(); ++j) {
    const complex bin{static_cast<double>(spectrum[j]), static_cast<double>(spectrum[f.bins() + j])};
    worst = std::max(worst, std::abs(bin - expected[static_cast<std::size_t>(j)]));
  }
  CHECK(worst < allowed);
  f.inverse(table.data(), spectrum.data(), back.data(), room.data());
  worst = 0;
  for (index i = 0; i < n; ++i) worst = std::max(worst, std::abs(static_cast<double>(back[i] - x[i])));
  CHECK(worst < allowed);
  CHECK((x.canary_alive() && table.canary_alive() && spectrum.canary_alive() && room.canary_alive() &&
         back.canary_alive()));
}

}  // namespace

TEST_CASE_TEMPLATE("the Fourier transform of any size is the sum it stands for, and its inverse undoes it", T, float,
                   double) {
  for (index n = 1; n <= 70; ++n) compare<T>(n);
  for (index n : std::initializer_list<index>{77, 128, 343, 1000, 1001, 2048, 4000}) compare<T>(n);
}

TEST_CASE("what a Fourier transform costs") {
  CHECK(fourier{16000}.multiply_adds() < 20 * 16000);
  CHECK(fourier{1009}.multiply_adds() > 1009 * 1009);
  CHECK(fourier{1}.multiply_adds() == 4);
}

}  // namespace kernel_tests
