// Scratch memory that kernels ask their callers for, in elements; enough for every engine.
#pragma once

#include <tectum/kernels/geometry.hpp>
#include <tectum/tensor/view.hpp>

namespace tectum::inline TECTUM_ABI {

// Of product_input_gradient: one transposed block of 32 inputs.
constexpr long long transposed_panel_size(long long out, long long) {
  return panels_of(out) * panel_width * panel_width;
}

// Of the three kernels of convolution: the picture with its border, rows and size rounded up, and two blocks.
constexpr long long convolution_scratch_size(const convolution_geometry& g) {
  const index row = g.width + 2 * g.padding_width + g.more_right + 2 * g.stride_width;
  const index rows = g.height + 2 * g.padding_height + g.more_below;
  const index taps = 192 * panel_width + 64;
  return g.channels * rows * row + taps + panels_of(g.filters / g.groups) * panel_width * panel_width;
}

// Of attention_gradient: the scores of one head.
constexpr long long attention_gradient_scratch_size(long long queries, long long keys) {
  return (queries > 2 ? queries : 2) * keys;
}

}  // namespace tectum
