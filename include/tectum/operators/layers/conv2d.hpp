// Convolution of pictures.
#pragma once

#include <tectum/operators/layers/convolve.hpp>

namespace tectum::inline TECTUM_ABI {

// Cross-correlation with a bank of filters, borders filled with zeros, as PyTorch's Conv2d.
//   channels: filters; kernel: height and width of a filter; stride (1), padding (0), dilation (1): on both axes;
//   groups (1): filters see channels / groups channels; bias (true); kernel_width (0: the same as kernel).
//   picture [c, h, w] -> [channels, (h + 2 padding - dilation (kernel - 1) - 1) / stride + 1, likewise]
struct conv2d {
  int channels, kernel;
  int stride = 1, padding = 0, dilation = 1, groups = 1;
  bool bias = true;
  int kernel_width = 0;

  static constexpr const char* name = "conv2d";
  static constexpr auto masks = samplewise;
  static constexpr bool takes_epilogue = true;

  constexpr shape infer(shape x) const {
    if (x.kind != kind::picture) return wrong("conv2d: the input must be a picture");
    if (channels < 1 || kernel < 1 || kernel_width < 0)
      return wrong("conv2d: channels and kernel must be 1 or more", channels, kernel);
    if (stride < 1 || dilation < 1) return wrong("conv2d: stride and dilation must be 1 or more", stride, dilation);
    if (padding < 0) return wrong("conv2d: padding must be 0 or more");
    if (groups < 1 || channels % groups != 0 || x.channels() % groups != 0)
      return wrong("conv2d: groups must divide the channels of input and result", groups);
    const convolution_geometry g = geometry(x);
    if (g.out_height() < 1 || g.out_width() < 1)
      return wrong("conv2d: the kernel is larger than the padded picture", kernel, kernel_width);
    return picture_of(channels, static_cast<int>(g.out_height()), static_cast<int>(g.out_width()));
  }
  constexpr auto parameters(shape x) const {
    const int wide = kernel_width > 0 ? kernel_width : kernel, in = x.channels() / groups;
    return parameter_list(filter_bank("weight", channels, in, kernel, wide, groups))
        .add_if(bias, bias_of("bias", channels, in * kernel * wide));
  }
  constexpr extents scratch(shape x) const { return {.fixed = convolution_scratch_size(geometry(x))}; }
  constexpr long long multiply_adds(shape x) const {
    const convolution_geometry g = geometry(x);
    return static_cast<long long>(g.filters * g.taps() * g.out_height() * g.out_width());
  }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    detail::convolve(c, geometry(x.shape()), bias, x, y);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    detail::convolve_backward(c, geometry(x.shape()), bias, x, dy, dx);
  }

 private:
  constexpr convolution_geometry geometry(const shape& x) const {
    return {.channels = x.channels(),
            .height = x.height(),
            .width = x.width(),
            .filters = channels,
            .kernel_height = kernel,
            .kernel_width = kernel_width > 0 ? kernel_width : kernel,
            .stride_height = stride,
            .stride_width = stride,
            .padding_height = padding,
            .padding_width = padding,
            .dilation_height = dilation,
            .dilation_width = dilation,
            .groups = groups};
  }
};

}  // namespace tectum
