// What max_pool and average_pool share: windows over pictures, sequences and waveforms.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// Windows go over height and width of a picture, over the time of a sequence or a waveform.
constexpr pool_geometry windows_over(const shape& x, int kernel, int stride, int padding) {
  const int step = stride > 0 ? stride : kernel;
  if (x.kind == kind::picture)
    return {x.channels(), x.height(), x.width(), kernel, kernel, step, step, padding, padding};
  if (x.kind == kind::sequence) return {1, x.extent[0], x.extent[1], kernel, 1, step, 1, padding, 0};
  return {x.extent[0], 1, x.extent[1], 1, kernel, 1, step, 0, padding};
}

constexpr shape shape_of_windows(const shape& x, const pool_geometry& g) {
  const int height = static_cast<int>(g.out_height()), width = static_cast<int>(g.out_width());
  if (x.kind == kind::picture) return picture_of(x.channels(), height, width);
  if (x.kind == kind::sequence) return sequence_of(height, width);
  return make_shape(kind::waveform, 2, x.extent[0], width);
}

constexpr bool has_windows(const shape& x) {
  return x.kind == kind::picture || x.kind == kind::sequence || x.kind == kind::waveform;
}

}  // namespace detail
}  // namespace tectum
