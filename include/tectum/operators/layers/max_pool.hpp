// The largest value of each window.
#pragma once

#include <tectum/operators/layers/windows.hpp>

namespace tectum::inline TECTUM_ABI {

// The maximum of each window, channel by channel; the border never wins. NaN wins over all.
//   kernel: height and width of a window, as 2 or {2, 3} (so are the next two; over time one number);
//   stride (0): 0 is the kernel; padding (0): at either end, at most half of the kernel.
//   picture [c, h, w] -> [c, (h + 2 padding - kernel) / stride + 1, likewise], sequence [length, n] -> [length', n],
//   waveform [c, samples] -> [c, samples']
struct max_pool {
  extent2 kernel;
  extent2 stride = 0, padding = 0;

  static constexpr const char* name = "max_pool";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(shape x) const {
    return detail::pooled_shape(
        x, kernel, stride, padding,
        {"max_pool: the input must be a picture, a sequence or a waveform",
         "max_pool: kernel and stride must be 1 or more", "max_pool: padding must be 0 to half of the kernel",
         "max_pool: over time there is one axis: kernel, stride and padding are one number each",
         "max_pool: the kernel is larger than the input"});
  }
  // Where each maximum was, as an integer of 32 bits.
  constexpr extents saved(shape x) const { return {.per_sample = detail::shape_of_windows(x, windows(x)).size()}; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    for (index b = 0; b < x.samples; ++b)
      C::kernels::max_pool(windows(x.shape()), x.sample(b), y.sample(b),
                           c.recording ? places(c, y.size(), b) : nullptr);  // what nobody will read need not be kept
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (!dx) return;
    for (index b = 0; b < x.samples; ++b)
      if (x.present(b))
        C::kernels::max_pool_gradient(windows(x.shape()), dy.sample(b), places(c, dy.size(), b), dx.sample(b));
  }

 private:
  constexpr pool_geometry windows(const shape& x) const { return detail::windows_over(x, kernel, stride, padding); }
  template <class C>
  static std::int32_t* places(C& c, index size, index b) noexcept {
    static_assert(sizeof(typename C::scalar) >= sizeof(std::int32_t));
    return reinterpret_cast<std::int32_t*>(c.saved()) + b * size;
  }
};

}  // namespace tectum
