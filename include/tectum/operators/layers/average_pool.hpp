// The mean of each window, and of whole pictures.
#pragma once

#include <tectum/operators/layers/windows.hpp>

namespace tectum::inline TECTUM_ABI {

// The mean of each window, channel by channel.
//   kernel: height and width of a window; stride (0: the kernel); padding (0), at most half of the kernel;
//   count_padding (true): the border's zeros count, as in PyTorch; otherwise a mean is over places of the input only.
//   picture [c, h, w] -> [c, (h + 2 padding - kernel) / stride + 1, likewise]; over time of a sequence or a waveform
struct average_pool {
  int kernel;
  int stride = 0, padding = 0;
  bool count_padding = true;

  static constexpr const char* name = "average_pool";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(shape x) const {
    if (!detail::has_windows(x)) return wrong("average_pool: the input must be a picture, a sequence or a waveform");
    if (kernel < 1 || stride < 0) return wrong("average_pool: kernel and stride must be 1 or more", kernel, stride);
    if (padding < 0 || 2 * padding > kernel)
      return wrong("average_pool: padding must be 0 to half of the kernel", padding, kernel);
    const pool_geometry g = windows(x);
    if (g.out_height() < 1 || g.out_width() < 1)
      return wrong("average_pool: the kernel is larger than the input", kernel);
    return detail::shape_of_windows(x, g);
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
