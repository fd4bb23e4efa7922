// The Fourier transform of real numbers, for sizes that are powers of two.
#pragma once

#include <complex>
#include <cstddef>
#include <numbers>
#include <span>
#include <tectum/io/error.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

// The Fourier transform of `size` real numbers, a power of two of at least 4.
class real_fft {
 public:
  using complex = std::complex<double>;

  explicit real_fft(std::size_t size) : half_(size / 2), twiddle_(half_), work_(half_) {
    if (size < 4 || (size & (size - 1)) != 0)
      io_detail::refuse_argument("real_fft: the size must be a power of two of at least 4");
    for (std::size_t k = 0; k < half_; ++k)
      twiddle_[k] = std::polar(1.0, -2.0 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(size));
  }

  // spectrum: size / 2 + 1 bins. Both spans must have just these sizes.
  void operator()(std::span<const double> samples, std::span<complex> spectrum) {
    if (samples.size() != 2 * half_ || spectrum.size() != half_ + 1)
      io_detail::refuse_argument("real_fft: expected as many samples as the size and size / 2 + 1 bins");
    // Even samples are the real parts and odd ones the imaginary parts of a transform of half the size.
    for (std::size_t i = 0, mirrored = 0; i < half_; ++i) {
      work_[mirrored] = {samples[2 * i], samples[2 * i + 1]};
      std::size_t bit = half_ >> 1;
      for (; bit != 0 && (mirrored & bit) != 0; bit >>= 1) mirrored ^= bit;
      mirrored |= bit;
    }
    for (std::size_t span = 1; span < half_; span *= 2)
      for (std::size_t first = 0; first < half_; first += 2 * span)
        for (std::size_t k = 0; k < span; ++k) {
          const complex low = work_[first + k], high = times(work_[first + k + span], twiddle_[k * (half_ / span)]);
          work_[first + k] = low + high;
          work_[first + k + span] = low - high;
        }
    spectrum[0] = work_[0].real() + work_[0].imag();
    spectrum[half_] = work_[0].real() - work_[0].imag();
    for (std::size_t k = 1; k < half_; ++k) {
      const complex a = work_[k], b = std::conj(work_[half_ - k]);
      const complex even = 0.5 * (a + b), odd = 0.5 * (a - b);  // odd is still turned by a quarter
      spectrum[k] = even + times(complex(odd.imag(), -odd.real()), twiddle_[k]);
    }
  }

 private:
  // Without the tests for infinities that operator* of std::complex makes.
  static complex times(complex a, complex b) {
    return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
  }

  std::size_t half_;
  std::vector<complex> twiddle_, work_;
};

}  // namespace tectum::inline TECTUM_ABI
