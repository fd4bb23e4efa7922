// Convolution of pictures.
#pragma once

#include <tectum/operators/layers/convolve.hpp>

namespace tectum::inline TECTUM_ABI {

// Cross-correlation with a bank of filters, borders filled with zeros, as PyTorch's Conv2d.
//   channels: filters; kernel: height and width of a filter, as 3 or {3, 5} (so are the next three); stride (1);
//   padding (0): at either end, or tt::same; dilation (1); groups (1): filters see channels / groups channels;
//   bias (true).
//   picture [c, h, w] -> [channels, (h + 2 padding - dilation (kernel - 1) - 1) / stride + 1, likewise]
struct conv2d {
  int channels;
  extent2 kernel;
  extent2 stride = 1, padding = 0, dilation = 1;
  int groups = 1;
  bool bias = true;

  static constexpr const char* name = "conv2d";
  static constexpr auto masks = samplewise;
  static constexpr bool takes_epilogue = true;

  constexpr shape infer(shape x) const {
    if (x.kind != kind::picture) return wrong("conv2d: the input must be a picture");
    if (channels < 1 || kernel.smaller() < 1)
      return wrong("conv2d: channels and kernel must be 1 or more", channels, kernel.smaller());
    if (stride.smaller() < 1 || dilation.smaller() < 1)
      return wrong("conv2d: stride and dilation must be 1 or more", stride.smaller(), dilation.smaller());
    if (rows().is_wrong() || columns().is_wrong()) return wrong("conv2d: padding must be 0 or more, or tt::same");
    if ((padding.height == same && stride.height != 1) || (padding.width == same && stride.width != 1))
      return wrong("conv2d: padding tt::same needs stride 1", stride.height, stride.width);
    if (groups < 1 || channels % groups != 0 || x.channels() % groups != 0)
      return wrong("conv2d: groups must divide the channels of input and result", groups);
    const convolution_geometry g = geometry(x);
    if (g.out_height() < 1 || g.out_width() < 1)
      return wrong("conv2d: the kernel is larger than the padded picture", kernel.height, kernel.width);
    return picture_of(channels, static_cast<int>(g.out_height()), static_cast<int>(g.out_width()));
  }
  constexpr auto parameters(shape x) const {
    const int in = x.channels() / groups;
    return parameter_list(filter_bank("weight", channels, in, kernel.height, kernel.width, groups))
        .add_if(bias, bias_of("bias", channels, in * kernel.height * kernel.width));
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
  constexpr detail::axis_padding rows() const { return {padding.height, kernel.height, dilation.height}; }
  constexpr detail::axis_padding columns() const { return {padding.width, kernel.width, dilation.width}; }
  constexpr convolution_geometry geometry(const shape& x) const {
    return {.channels = x.channels(),
            .height = x.height(),
            .width = x.width(),
            .filters = channels,
            .kernel_height = kernel.height,
            .kernel_width = kernel.width,
            .stride_height = stride.height,
            .stride_width = stride.width,
            .padding_height = rows().before,
            .padding_width = columns().before,
            .dilation_height = dilation.height,
            .dilation_width = dilation.width,
            .groups = groups,
            .more_below = rows().more,
            .more_right = columns().more};
  }
};

}  // namespace tectum
