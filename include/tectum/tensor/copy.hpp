// One strided, converting copy: tensors are packed on the way in, and written in the caller's layout on the way out.
#pragma once

#include <cstring>
#include <tectum/tensor/traits.hpp>

namespace tectum::inline TECTUM_ABI::boundary {

// A nest of axes, outermost first. Axes that are one in both tensors are joined, so that most copies become one or
// two loops.
struct block {
  int rank = 0;
  bool empty = false;
  index extent[max_rank], from[max_rank], to[max_rank];

  void axis(index n, index from_stride, index to_stride) noexcept {
    if (n == 0) empty = true;
    if (n == 1) return;
    if (rank > 0 && from[rank - 1] == n * from_stride && to[rank - 1] == n * to_stride) {
      extent[rank - 1] *= n;
    } else {
      extent[rank++] = n;
    }
    from[rank - 1] = from_stride;
    to[rank - 1] = to_stride;
  }
};

// By memcpy: the caller's `long long` may be our `long`, and nothing promises that a byte buffer is aligned.
template <class From>
From load(const char* from, index at) noexcept {
  From value;
  std::memcpy(&value, from + at * index{sizeof(From)}, sizeof(From));
  return value;
}

template <class From, class To>
void copy_line(index n, const char* from, index from_stride, To* to, index to_stride) noexcept {
  if (from_stride == 1 && to_stride == 1) {
    if constexpr (std::is_same_v<From, To>) std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(To));
    else
      for (index i = 0; i < n; ++i) to[i] = static_cast<To>(load<From>(from, i));
    return;
  }
  for (index i = 0; i < n; ++i) to[i * to_stride] = static_cast<To>(load<From>(from, i * from_stride));
}

// Walks the axes [first, last) and calls body(offset in from, offset in to) for each place.
template <class Body>
void for_each_place(const block& b, int first, int last, Body body) noexcept {
  index at[max_rank] = {};
  index from = 0, to = 0;
  for (;;) {
    body(from, to);
    int axis = last - 1;
    for (; axis >= first; --axis) {
      from += b.from[axis];
      to += b.to[axis];
      if (++at[axis] < b.extent[axis]) break;
      from -= b.extent[axis] * b.from[axis];
      to -= b.extent[axis] * b.to[axis];
      at[axis] = 0;
    }
    if (axis < first) return;
  }
}

template <class From, class To>
void copy_block(const block& b, const char* from, To* to) noexcept {
  if (b.empty) return;
  if (b.rank == 0) {
    *to = static_cast<To>(load<From>(from, 0));
    return;
  }
  const int inner = b.rank - 1;
  if (inner > 0 && (b.from[0] == 1 || b.to[0] == 1)) {
    // One of the two is column-major: a tile of its first axis at a time, so that a cache line is used whole.
    constexpr index tile = 16;
    for (index start = 0; start < b.extent[0]; start += tile) {
      const index n = b.extent[0] - start < tile ? b.extent[0] - start : tile;
      const char* const source = from + start * b.from[0] * index{sizeof(From)};
      To* const target = to + start * b.to[0];
      for_each_place(b, 1, b.rank, [&](index f, index t) {
        copy_line<From>(n, source + f * index{sizeof(From)}, b.from[0], target + t, b.to[0]);
      });
    }
    return;
  }
  for_each_place(b, 0, inner, [&](index f, index t) {
    copy_line<From>(b.extent[inner], from + f * index{sizeof(From)}, b.from[inner], to + t, b.to[inner]);
  });
}

// The same with the scalar known at run time. A bool is read as its byte.
template <class To>
void copy_block(scalar_type type, const block& b, const char* from, To* to) noexcept {
  switch (type) {
    case scalar_type::boolean:
    case scalar_type::uint8: return copy_block<std::uint8_t>(b, from, to);
    case scalar_type::int16: return copy_block<std::int16_t>(b, from, to);
    case scalar_type::int32: return copy_block<std::int32_t>(b, from, to);
    case scalar_type::uint32: return copy_block<std::uint32_t>(b, from, to);
    case scalar_type::int64: return copy_block<std::int64_t>(b, from, to);
    case scalar_type::uint64: return copy_block<std::uint64_t>(b, from, to);
    case scalar_type::float32: return copy_block<float>(b, from, to);
    case scalar_type::float64: return copy_block<double>(b, from, to);
    case scalar_type::unknown: return;
  }
}

// One element of a tensor of integers; what does not fit becomes -1, which no check lets pass.
inline std::int64_t load_integer(scalar_type type, const void* data, index at) noexcept {
  const char* const from = static_cast<const char*>(data);
  switch (type) {
    case scalar_type::boolean:
    case scalar_type::uint8: return load<std::uint8_t>(from, at);
    case scalar_type::int16: return load<std::int16_t>(from, at);
    case scalar_type::int32: return load<std::int32_t>(from, at);
    case scalar_type::uint32: return load<std::uint32_t>(from, at);
    case scalar_type::int64: return load<std::int64_t>(from, at);
    case scalar_type::uint64: {
      const auto value = load<std::uint64_t>(from, at);
      return value >> 63 ? -1 : static_cast<std::int64_t>(value);
    }
    default: return -1;
  }
}

}  // namespace tectum
