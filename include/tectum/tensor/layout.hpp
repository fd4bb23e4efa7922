// Where the elements of somebody's tensor lie: a pointer, extents and strides, samples first.
#pragma once

#include <tectum/tensor/view.hpp>

namespace tectum::inline TECTUM_ABI {

inline constexpr int max_rank = 6;

// Strides are in elements and may be of any sign; the stride of an axis of extent 1 means nothing.
template <class Scalar>
struct tensor_layout {
  Scalar* data = nullptr;
  int rank = 0;
  index extent[max_rank] = {};
  index stride[max_rank] = {};

  constexpr index size() const {
    index n = 1;
    for (int i = 0; i < rank; ++i) n *= extent[i];
    return n;
  }
  // Whether the elements of the axes from `first` on lie one after the other, the last axis fastest.
  constexpr bool contiguous_from(int first) const {
    index next = 1;
    for (int i = rank - 1; i >= first; --i) {
      if (extent[i] != 1 && stride[i] != next) return false;
      next *= extent[i];
    }
    return true;
  }
  constexpr bool sample_contiguous() const { return contiguous_from(1); }
  constexpr bool contiguous() const { return contiguous_from(0); }

  constexpr operator tensor_layout<const Scalar>() const
    requires(!std::is_const_v<Scalar>)
  {
    return as<const Scalar>();
  }
  template <class Other>
  constexpr tensor_layout<Other> as() const {
    tensor_layout<Other> other{data, rank, {}, {}};
    // Only what is used: a vector load of what was just stored in pieces would stall.
    for (int i = 0; i < rank; ++i) {
      other.extent[i] = extent[i];
      other.stride[i] = stride[i];
    }
    return other;
  }
};

// An extent in a braced list: takes any integer type without a narrowing error.
struct dimension {
  index value = 0;
  template <class I>
    requires std::is_integral_v<I>
  constexpr dimension(I extent) : value(static_cast<index>(extent)) {}
  constexpr operator index() const { return value; }
};

// Elements one after the other, the last axis fastest (C) ...
template <class Scalar, class Extent>
constexpr tensor_layout<Scalar> row_major_layout(Scalar* data, const Extent* extents, int rank) {
  tensor_layout<Scalar> layout{data, rank, {}, {}};
  index stride = 1;
  for (int i = rank - 1; i >= 0; --i) {
    layout.extent[i] = static_cast<index>(extents[i]);
    layout.stride[i] = stride;
    stride *= layout.extent[i];
  }
  return layout;
}
// ... or the first axis fastest (Fortran): `row_major_layout(x.data, {x.rows, x.columns})`.
template <class Scalar, class Extent>
constexpr tensor_layout<Scalar> column_major_layout(Scalar* data, const Extent* extents, int rank) {
  tensor_layout<Scalar> layout{data, rank, {}, {}};
  index stride = 1;
  for (int i = 0; i < rank; ++i) {
    layout.extent[i] = static_cast<index>(extents[i]);
    layout.stride[i] = stride;
    stride *= layout.extent[i];
  }
  return layout;
}
template <class Scalar, int N>
constexpr tensor_layout<Scalar> row_major_layout(Scalar* data, const dimension (&extents)[N]) {
  static_assert(N <= max_rank, "tectum: a tensor has at most six axes");
  return row_major_layout(data, extents, N);
}
template <class Scalar, int N>
constexpr tensor_layout<Scalar> column_major_layout(Scalar* data, const dimension (&extents)[N]) {
  static_assert(N <= max_rank, "tectum: a tensor has at most six axes");
  return column_major_layout(data, extents, N);
}

}  // namespace tectum
