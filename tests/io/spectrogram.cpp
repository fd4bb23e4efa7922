#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tectum/io/spectrogram.hpp>

#include "support.hpp"

using namespace io_test;

namespace {

// Integer noise and a tone of 440 Hz at 8 kHz: the signal of the reference values below.
std::vector<float> test_signal() {
  std::vector<float> x(1000);
  std::uint64_t state = 12345;
  for (std::size_t i = 0; i < x.size(); ++i) {
    state = (state * 1103515245u + 12345u) % 2147483648u;
    const double noise = (static_cast<double>(state >> 16) - 16384.0) / 16384.0 * 0.25;
    x[i] = static_cast<float>(noise + 0.5 * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(i) / 8000));
  }
  return x;
}

tt::mel_options reference_options() {
  tt::mel_options o;
  o.sample_rate = 8000, o.n_fft = 256, o.window = 200, o.hop = 100, o.mels = 8, o.f_min = 20, o.f_max = 3800;
  o.padding = tt::frame_padding::reflect;
  return o;
}

void check_frame(const tt::array_data<float>& mel, std::size_t frame, const std::vector<double>& wanted) {
  for (std::size_t m = 0; m < wanted.size(); ++m) {
    CAPTURE(frame);
    CAPTURE(m);
    CHECK(std::abs(static_cast<double>(mel.data[frame * wanted.size() + m]) - wanted[m]) < 2e-5);
  }
}

}  // namespace

TEST_CASE("mel formulas: published points, and there and back") {
  using enum tt::mel_formula;
  CHECK(tt::mel_of_hertz(1000, htk) == doctest::Approx(999.9855).epsilon(1e-7));
  CHECK(tt::mel_of_hertz(1000, slaney) == doctest::Approx(15).epsilon(1e-12));
  CHECK(tt::mel_of_hertz(6400, slaney) == doctest::Approx(42).epsilon(1e-12));
  CHECK(tt::mel_of_hertz(500, slaney) == doctest::Approx(7.5).epsilon(1e-12));
  for (const auto formula : {htk, slaney})
    for (double f = 0; f < 8000; f += 37)
      CHECK(tt::hertz_of_mel(tt::mel_of_hertz(f, formula), formula) == doctest::Approx(f).epsilon(1e-10));
}

TEST_CASE("mel_spectrogram: a tone lands in the filter of its frequency") {
  tt::mel_options o;
  o.sample_rate = 8000, o.n_fft = 512, o.hop = 128, o.mels = 32;
  tt::mel_spectrogram spectrogram(o);
  for (const double tone : {300.0, 1000.0, 2500.0}) {
    std::vector<float> x(512);
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(std::sin(2 * std::numbers::pi * tone * static_cast<double>(i) / 8000));
    std::vector<float> y(32);
    spectrogram(x, y);
    const auto peak = std::max_element(y.begin(), y.end()) - y.begin();
    const double step = tt::mel_of_hertz(4000, o.formula) / 33, place = tt::mel_of_hertz(tone, o.formula) / step - 1;
    CHECK(std::abs(static_cast<double>(peak) - place) <= 0.75);
  }
}

// Reference values: torchaudio 0.13.1 in float64, MelSpectrogram with these options, centred, then log(max(x, 1e-10)).
TEST_CASE("log_mel: HTK against torchaudio") {
  const auto x = test_signal();
  const auto y = tt::log_mel(x.data(), x.size(), reference_options());
  REQUIRE(y.extents == std::vector<std::int64_t>{11, 8});
  check_frame(y, 0, {4.279851, 6.730406, 5.562661, 3.428052, 2.319896, 3.101808, 3.184552, 3.294599});
  check_frame(y, 5, {2.170922, 6.795390, 5.655342, 2.881193, 3.172554, 3.607004, 3.797901, 3.490097});
  check_frame(y, 10, {4.424779, 6.903080, 5.726121, 3.101817, 3.065134, 3.555896, 3.460452, 3.301075});
}

TEST_CASE("log_mel: Slaney against torchaudio, with equal area and without") {
  const auto x = test_signal();
  tt::mel_options o = reference_options();
  o.formula = tt::mel_formula::slaney;
  auto y = tt::log_mel(x.data(), x.size(), o);
  check_frame(y, 0, {6.141806, 6.509222, 3.756121, 2.592114, 2.186986, 3.010628, 3.191113, 3.318173});
  check_frame(y, 10, {6.288558, 6.704664, 3.361548, 2.521948, 3.011781, 3.464898, 3.458158, 3.335888});
  o.equal_area = true;
  y = tt::log_mel(x.data(), x.size(), o);
  check_frame(y, 0, {0.609510, 0.976926, -1.779098, -3.045506, -3.679893, -3.116879, -3.197022, -3.330589});
  check_frame(y, 5, {0.469934, 1.123700, -3.164867, -2.819110, -2.869422, -2.592292, -2.615422, -3.106027});
}

TEST_CASE("log_mel: magnitudes without padding or logarithm against torchaudio") {
  const auto x = test_signal();
  tt::mel_options o;
  o.sample_rate = 8000, o.n_fft = 256, o.hop = 128, o.mels = 8, o.power = 1, o.log_floor = 0;
  const auto y = tt::log_mel(x.data(), x.size(), o);
  REQUIRE(y.extents == std::vector<std::int64_t>{6, 8});
  check_frame(y, 3, {7.046602, 51.140876, 25.588143, 15.275601, 19.335387, 26.426018, 31.730452, 29.875682});
}

TEST_CASE("log_mel: silence is the floor, short signals give no frames, bad options are named") {
  const std::vector<float> silence(600);
  tt::mel_options o;
  for (const float v : tt::log_mel(silence.data(), silence.size(), o).data)
    CHECK(v == doctest::Approx(std::log(1e-10)));
  CHECK(tt::log_mel(silence.data(), 511, o).extents == std::vector<std::int64_t>{0, 64});
  o.padding = tt::frame_padding::zeros;
  CHECK(tt::log_mel(silence.data(), 1, o).extents == std::vector<std::int64_t>{1, 64});
  o.padding = tt::frame_padding::reflect;
  CHECK(tt::log_mel(silence.data(), 256, o).extents == std::vector<std::int64_t>{0, 64});
  CHECK(tt::log_mel(silence.data(), 257, o).extents == std::vector<std::int64_t>{2, 64});
  const auto refused = [](auto change) {
    tt::mel_options bad;
    change(bad);
    CHECK_THROWS_AS(tt::mel_spectrogram{bad}, std::invalid_argument);
  };
  refused([](auto& b) { b.n_fft = 500; });
  refused([](auto& b) { b.n_fft = 0; });
  refused([](auto& b) { b.hop = 0; });
  refused([](auto& b) { b.mels = -1; });
  refused([](auto& b) { b.window = 1024; });
  refused([](auto& b) { b.f_max = 9000; });
  refused([](auto& b) { b.f_min = 8000; });
  refused([](auto& b) { b.power = 0; });
  refused([](auto& b) { b.log_floor = -1; });
  refused([](auto& b) { b.sample_rate = 0; });
}
