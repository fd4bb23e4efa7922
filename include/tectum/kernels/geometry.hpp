// Sizes of attention, convolution and pooling: what their kernels need to know of one sample.
#pragma once

#include <tectum/tensor/view.hpp>

namespace tectum::inline TECTUM_ABI {

// Query i sees key j if key j is valid and, with `causal`, j <= i + ahead. bias [heads, queries, keys] is added to the
// scaled scores, where minus infinity hides a key; bias_head_stride 0 shares one [queries, keys] among the heads.
template <class T>
struct attention_geometry {
  index heads = 1, queries = 0, keys = 0, head_width = 0, value_width = 0;
  T scale = 1;
  bool causal = false;
  const T* bias = nullptr;
  index bias_head_stride = 0;
  index ahead = 0;

  // Keys before the first that `causal` hides from a query.
  constexpr index seen_by(index query) const {
    return causal && query + 1 + ahead < keys ? query + 1 + ahead : keys;
  }
};

constexpr index window_count(index size, index kernel, index stride, index padding, index dilation = 1) {
  const index room = size + 2 * padding - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

// Samples are [channels, height, width] and [filters, out_height, out_width]; weights packed [filters, channels *
// kernel_height * kernel_width], with groups one packed matrix [filters / groups, channels / groups * ...] each.
struct convolution_geometry {
  index channels = 1, height = 1, width = 1, filters = 1, kernel_height = 1, kernel_width = 1;
  index stride_height = 1, stride_width = 1, padding_height = 0, padding_width = 0;
  index dilation_height = 1, dilation_width = 1, groups = 1;
  index more_below = 0, more_right = 0;  // padding at these two ends beyond that at the others

  constexpr index out_height() const {
    return window_count(height + more_below, kernel_height, stride_height, padding_height, dilation_height);
  }
  constexpr index out_width() const {
    return window_count(width + more_right, kernel_width, stride_width, padding_width, dilation_width);
  }
  // Weights of one filter.
  constexpr index taps() const { return channels / groups * kernel_height * kernel_width; }
  // Elements of the packed weights of all groups.
  constexpr index weights() const { return groups * packed_size(filters / groups, taps()); }
};

// Windows over each channel of a [channels, height, width] sample. Padding never wins a maximum; a mean divides by the
// whole window, or with count_padding = false by its places inside the picture.
struct pool_geometry {
  index channels = 1, height = 1, width = 1, kernel_height = 1, kernel_width = 1;
  index stride_height = 1, stride_width = 1, padding_height = 0, padding_width = 0;
  bool count_padding = true;

  constexpr index out_height() const { return window_count(height, kernel_height, stride_height, padding_height); }
  constexpr index out_width() const { return window_count(width, kernel_width, stride_width, padding_width); }
};

}  // namespace tectum
