// What the pooling layers share: windows over pictures, sequences and waveforms.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

constexpr bool has_windows(const shape& x) {
  return x.kind == kind::picture || x.kind == kind::sequence || x.kind == kind::waveform;
}

// Windows go over height and width of a picture, over the time of a sequence or a waveform.
constexpr pool_geometry windows_over(const shape& x, extent2 kernel, extent2 stride, extent2 padding) {
  const int down = stride.height > 0 ? stride.height : kernel.height;
  const int right = stride.width > 0 ? stride.width : kernel.width;
  if (x.kind == kind::picture)
    return {x.channels(), x.height(), x.width(),      kernel.height, kernel.width,
            down,         right,      padding.height, padding.width};
  if (x.kind == kind::sequence) return {1, x.extent[0], x.extent[1], kernel.height, 1, down, 1, padding.height, 0};
  return {x.extent[0], 1, x.extent[1], 1, kernel.width, 1, right, 0, padding.width};
}

constexpr shape shape_of_windows(const shape& x, int height, int width) {
  if (x.kind == kind::picture) return picture_of(x.channels(), height, width);
  if (x.kind == kind::sequence) return sequence_of(height, width);
  return make_shape(kind::waveform, 2, x.extent[0], width);
}
constexpr shape shape_of_windows(const shape& x, const pool_geometry& g) {
  return shape_of_windows(x, static_cast<int>(g.out_height()), static_cast<int>(g.out_width()));
}

// What is wrong with the windows of the pooling layer of this name, if anything.
struct window_sentences {
  const char *input, *size, *padding, *pair, *fit;
};
constexpr shape pooled_shape(const shape& x, extent2 kernel, extent2 stride, extent2 padding,
                             const window_sentences& say) {
  if (!has_windows(x)) return wrong(say.input);
  if (kernel.smaller() < 1 || stride.smaller() < 0) return wrong(say.size, kernel.smaller(), stride.smaller());
  if (padding.smaller() < 0 || 2 * padding.height > kernel.height || 2 * padding.width > kernel.width)
    return wrong(say.padding, padding.larger(), kernel.smaller());
  if (x.kind != kind::picture && !(kernel.square() && stride.square() && padding.square())) return wrong(say.pair);
  const pool_geometry g = windows_over(x, kernel, stride, padding);
  if (g.out_height() < 1 || g.out_width() < 1) return wrong(say.fit, kernel.height, kernel.width);
  return shape_of_windows(x, g);
}

}  // namespace detail
}  // namespace tectum
