// Log-mel spectrograms: a periodic Hann window, mel filter banks by two formulas.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <string>
#include <tectum/io/fft.hpp>
#include <tectum/io/scalar.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

// htk: 2595 log10(1 + f / 700). slaney: linear to 1000 Hz (15 mel), then 27 mel for each factor 6.4.
enum class mel_formula : unsigned char { htk, slaney };

inline double mel_of_hertz(double hertz, mel_formula formula) {
  if (formula == mel_formula::htk) return 2595.0 * std::log10(1.0 + hertz / 700.0);
  return hertz < 1000.0 ? hertz * 3.0 / 200.0 : 15.0 + 27.0 * std::log(hertz / 1000.0) / std::log(6.4);
}

inline double hertz_of_mel(double mel, mel_formula formula) {
  if (formula == mel_formula::htk) return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0);
  return mel < 15.0 ? mel * 200.0 / 3.0 : 1000.0 * std::exp((mel - 15.0) * std::log(6.4) / 27.0);
}

// What stands before the first and after the last sample. none: frame t begins at t * hop. zeros, reflect: frame t is
// centred at t * hop; reflect mirrors without repeating the edge and needs more than n_fft / 2 samples.
enum class frame_padding : unsigned char { none, zeros, reflect };

struct mel_options {
  int sample_rate = 16000;   // Hz
  int n_fft = 512;           // samples of a transform: a power of two from 4 to 65536
  int window = 0;            // samples of the Hann window, centred in n_fft; 0: n_fft
  int hop = 256;             // samples from frame to frame
  int mels = 64;             // filters
  double f_min = 0;          // Hz, lower edge of the first filter
  double f_max = 0;          // Hz, upper edge of the last filter; 0: sample_rate / 2
  double power = 2;          // exponent of the magnitude: 2 energy, 1 magnitude
  double log_floor = 1e-10;  // the natural logarithm is taken of max(value, log_floor); 0: no logarithm
  mel_formula formula = mel_formula::htk;
  bool equal_area = false;  // each filter divided by half its width in Hz (the usual companion of slaney)
  frame_padding padding = frame_padding::none;
};

// Tables for one set of options, used for any number of signals. Not to be shared between threads.
class mel_spectrogram {
 public:
  // std::invalid_argument names the option that is out of its range.
  explicit mel_spectrogram(const mel_options& options) : options_(checked(options)), fft_(size(options_.n_fft)) {
    const std::size_t n = size(options_.n_fft), bins = n / 2 + 1, length = size(options_.window);
    window_.assign(n, 0.0);
    for (std::size_t i = 0; i < length; ++i)
      window_[(n - length) / 2 + i] =
          0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(length));
    frame_.resize(n);
    spectrum_.resize(bins);
    energy_.resize(bins);
    filters();
  }

  const mel_options& options() const noexcept { return options_; }
  int mels() const noexcept { return options_.mels; }

  // Frames that so many samples give.
  std::size_t frames(std::size_t samples) const {
    const std::size_t n = size(options_.n_fft), hop = size(options_.hop);
    if (options_.padding == frame_padding::none) return samples < n ? 0 : 1 + (samples - n) / hop;
    if (samples == 0 || (options_.padding == frame_padding::reflect && samples <= n / 2)) return 0;
    return 1 + samples / hop;
  }

  // The weight of bin `bin` in filter `mel`.
  double weight(int mel, std::size_t bin) const {
    const filter& f = filters_[size(mel)];
    return bin < f.first || bin >= f.first + f.weights.size() ? 0.0 : f.weights[bin - f.first];
  }

  // Writes [frames(samples.size()), mels] row-major; std::invalid_argument when `out` has another size.
  void operator()(std::span<const float> samples, std::span<float> out) {
    const std::size_t count = frames(samples.size()), mels = filters_.size();
    if (out.size() != count * mels)
      io_detail::refuse_argument("mel_spectrogram: the output must have frames * mels elements");
    for (std::size_t t = 0; t < count; ++t) {
      transform(samples, t);
      for (std::size_t m = 0; m < mels; ++m) {
        const filter& f = filters_[m];
        double sum = 0;
        for (std::size_t k = 0; k < f.weights.size(); ++k) sum += f.weights[k] * energy_[f.first + k];
        if (options_.log_floor > 0) sum = std::log(std::max(sum, options_.log_floor));
        out[t * mels + m] = static_cast<float>(sum);
      }
    }
  }

 private:
  struct filter {
    std::size_t first = 0;  // bin of the first weight
    std::vector<double> weights;
  };

  static std::size_t size(int value) { return static_cast<std::size_t>(value); }

  static mel_options checked(mel_options o) {
    const auto need = [](bool holds, const char* what) {
      if (!holds) io_detail::refuse_argument(std::string("mel_options: ") + what);
    };
    if (o.window == 0) o.window = o.n_fft;
    if (o.f_max == 0) o.f_max = o.sample_rate / 2.0;
    need(o.sample_rate > 0, "sample_rate must be positive");
    need(o.n_fft >= 4 && o.n_fft <= 65536 && (o.n_fft & (o.n_fft - 1)) == 0,
         "n_fft must be a power of two from 4 to 65536");
    need(o.window > 0 && o.window <= o.n_fft, "window must be from 1 to n_fft");
    need(o.hop > 0, "hop must be positive");
    need(o.mels > 0, "mels must be positive");
    need(o.f_min >= 0 && o.f_min < o.f_max && o.f_max <= o.sample_rate / 2.0,
         "0 <= f_min < f_max <= sample_rate / 2 must hold");
    need(o.power > 0, "power must be positive");
    need(o.log_floor >= 0, "log_floor must not be negative");
    return o;
  }

  // Triangles over frequency whose corners are evenly spaced in mel.
  void filters() {
    const double low = mel_of_hertz(options_.f_min, options_.formula),
                 high = mel_of_hertz(options_.f_max, options_.formula);
    const auto corner = [&](int i) {
      return hertz_of_mel(low + (high - low) * i / (options_.mels + 1), options_.formula);
    };
    const double bin_width = static_cast<double>(options_.sample_rate) / options_.n_fft;
    for (int m = 0; m < options_.mels; ++m) {
      const double left = corner(m), middle = corner(m + 1), right = corner(m + 2);
      const double height = options_.equal_area ? 2.0 / (right - left) : 1.0;
      filter f;
      for (std::size_t k = 0; k < energy_.size(); ++k) {
        const double hertz = static_cast<double>(k) * bin_width;
        const double rise = (hertz - left) / (middle - left), fall = (right - hertz) / (right - middle);
        const double weight = height * std::min(rise, fall);
        if (weight <= 0) continue;
        if (f.weights.empty()) f.first = k;
        f.weights.push_back(weight);
      }
      filters_.push_back(std::move(f));
    }
  }

  // The sample at a place that may lie outside of the signal.
  double padded(std::span<const float> samples, std::ptrdiff_t place) const {
    const auto count = static_cast<std::ptrdiff_t>(samples.size());
    if (place < 0 || place >= count) {
      if (options_.padding != frame_padding::reflect) return 0;
      place = place < 0 ? -place : 2 * (count - 1) - place;
    }
    return static_cast<double>(samples[static_cast<std::size_t>(place)]);
  }

  void transform(std::span<const float> samples, std::size_t t) {
    const auto lead = options_.padding == frame_padding::none ? std::ptrdiff_t{0} : std::ptrdiff_t{options_.n_fft / 2};
    const std::ptrdiff_t begin = static_cast<std::ptrdiff_t>(t * size(options_.hop)) - lead;
    for (std::size_t i = 0; i < frame_.size(); ++i)
      frame_[i] = window_[i] == 0 ? 0.0 : window_[i] * padded(samples, begin + static_cast<std::ptrdiff_t>(i));
    fft_(frame_, spectrum_);
    for (std::size_t k = 0; k < energy_.size(); ++k) {
      const double square = std::norm(spectrum_[k]);
      energy_[k] = options_.power == 2   ? square
                   : options_.power == 1 ? std::sqrt(square)
                                         : std::pow(square, options_.power / 2);
    }
  }

  mel_options options_;
  real_fft fft_;
  std::vector<double> window_, frame_, energy_;
  std::vector<real_fft::complex> spectrum_;
  std::vector<filter> filters_;
};

// The log-mel spectrogram of n samples: extents [frames, mels]. A signal too short for one frame gives no frames.
inline array_data<float> log_mel(const float* samples, std::size_t n, const mel_options& options) {
  mel_spectrogram spectrogram(options);
  const std::size_t frames = spectrogram.frames(n);
  array_data<float> out;
  out.extents = {static_cast<std::int64_t>(frames), options.mels};
  out.data.resize(frames * static_cast<std::size_t>(options.mels));
  spectrogram(std::span(samples, n), out.data);
  return out;
}

}  // namespace tectum::inline TECTUM_ABI
