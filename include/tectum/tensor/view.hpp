// Views: where data lies, never who owns it. A view is a batch of samples; a matrix is what kernels see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tectum/architecture/shape.hpp>
#include <type_traits>

namespace tectum::inline TECTUM_ABI {

using index = std::ptrdiff_t;

// Row-major matrix: rows of `columns` contiguous elements, `stride` elements from row to row.
template <class T>
struct matrix {
  T* data = nullptr;
  index rows = 0, columns = 0, stride = 0;

  constexpr T* row(index r) const { return data + r * stride; }
  constexpr T& operator()(index r, index c) const { return data[r * stride + c]; }
  constexpr operator matrix<const T>() const
    requires(!std::is_const_v<T>)
  {
    return {data, rows, columns, stride};
  }
};

// A weight matrix [out, in], kept for good in panels of 32 outputs: element (o, i) lies at
// ((o / 32) * in + i) * 32 + o % 32. Places beyond `out` in the last panel are zero.
constexpr index panel_width = 32;
constexpr index panels_of(index out) { return (out + panel_width - 1) / panel_width; }
constexpr index packed_size(index out, index in) { return panels_of(out) * in * panel_width; }

template <class T>
struct packed {
  T* data = nullptr;
  index out = 0, in = 0;

  constexpr T& operator()(index o, index i) const {
    return data[((o / panel_width) * in + i) * panel_width + o % panel_width];
  }
  constexpr T* panel(index p) const { return data + p * in * panel_width; }
  constexpr operator packed<const T>() const
    requires(!std::is_const_v<T>)
  {
    return {data, out, in};
  }
};

// A batch of samples of one shape: sample b begins at data + b * stride, its elements contiguous in the order of the
// shape's extents. An empty view (no data) means: not wanted. `mask`, where the shape has one, holds a byte for each
// token of each sample (padded) or one a sample (optional); 1 is valid.
template <class T>
struct view {
  T* data = nullptr;
  index samples = 0, stride = 0;
  const tectum::shape* of = nullptr;
  const std::uint8_t* mask = nullptr;

  constexpr explicit operator bool() const { return data != nullptr; }
  constexpr const tectum::shape& shape() const { return *of; }
  constexpr index size() const { return of->size(); }
  constexpr index length() const { return of->length(); }
  constexpr index width() const { return of->width(); }
  constexpr T* sample(index b) const { return data + b * stride; }

  // All rows of all samples, one below the other: [samples * rows, width].
  constexpr matrix<T> as_rows() const {
    const index per_sample = of->rows();
    return {data, samples * per_sample, of->width(), per_sample == 1 ? stride : index{of->width()}};
  }
  // One row a sample: [samples, size].
  constexpr matrix<T> as_samples() const { return {data, samples, of->size(), stride}; }
  // One sample as a matrix of its rows: [rows, width].
  constexpr matrix<T> sample_rows(index b) const { return {sample(b), of->rows(), of->width(), of->width()}; }

  constexpr bool present(index b) const { return !mask || of->padded || mask[b] != 0; }
  constexpr bool valid(index b, index token) const {
    return !mask || (of->padded ? mask[b * of->length() + token] != 0 : mask[b] != 0);
  }
  constexpr operator view<const T>() const
    requires(!std::is_const_v<T>)
  {
    return {data, samples, stride, of, mask};
  }
};

}  // namespace tectum
