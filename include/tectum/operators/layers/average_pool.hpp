// The mean of each window, and of whole pictures.
#pragma once

#include <tectum/operators/layers/windows.hpp>

namespace tectum::inline TECTUM_ABI {

// The mean of each window, channel by channel.
//   kernel: height and width of a window, as 2 or {2, 3} (so are the next two; over time one number);
//   stride (0): 0 is the kernel; padding (0): at either end, at most half of the kernel;
//   count_padding (true): the border's zeros count; otherwise a mean is over places of the input only.
//   picture [c, h, w] -> [c, (h + 2 padding - kernel) / stride + 1, likewise], sequence [length, n] -> [length', n],
//   waveform [c, samples] -> [c, samples']
struct average_pool {
  extent2 kernel;
  extent2 stride = 0, padding = 0;
  bool count_padding = true;

  static constexpr const char* name = "average_pool";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(shape x) const {
    return detail::pooled_shape(
        x, kernel, stride, padding,
        {"average_pool: the input must be a picture, a sequence or a waveform",
         "average_pool: kernel and stride must be 1 or more", "average_pool: padding must be 0 to half of the kernel",
         "average_pool: over time there is one axis: kernel, stride and padding are one number each",
         "average_pool: the kernel is larger than the input"});
  }

  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    for (index b = 0; b < x.samples; ++b) C::kernels::mean_pool(windows(x.shape()), x.sample(b), y.sample(b));
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (!dx) return;
    for (index b = 0; b < x.samples; ++b)
      if (x.present(b)) C::kernels::mean_pool_gradient(windows(x.shape()), dy.sample(b), dx.sample(b));
  }

 private:
  constexpr pool_geometry windows(const shape& x) const {
    pool_geometry g = detail::windows_over(x, kernel, stride, padding);
    g.count_padding = count_padding;
    return g;
  }
};

// The mean of each channel.   picture [c, h, w] or waveform [c, samples] -> [c]
inline constexpr struct global_average_pool_operator {
  static constexpr const char* name = "global_average_pool";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) {
    if (x.kind != kind::picture && x.kind != kind::waveform)
      return wrong("global_average_pool: the input must be a picture or a waveform");
    return features_of(x.extent[0]);
  }

  template <class C>
  static void forward(C&, in<C> x, out<C> y) noexcept {
    using T = typename C::scalar;
    const index channels = y.size(), pixels = x.size() / channels;
    for (index b = 0; b < x.samples; ++b)
      for (index c = 0; c < channels; ++c)
        y.sample(b)[c] = C::kernels::sum(pixels, x.sample(b) + c * pixels) / static_cast<T>(pixels);
  }
  template <class C>
  static void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const index channels = dy.size(), pixels = x.size() / channels;
    for (index b = 0; b < x.samples; ++b)
      for (index c = 0; x.present(b) && c < channels; ++c) {
        const T share = dy.sample(b)[c] / static_cast<T>(pixels);
        C::kernels::map_add(matrix<T>{dx.sample(b) + c * pixels, 1, pixels, pixels}, [=] { return share; });
      }
  }
} global_average_pool;

}  // namespace tectum
