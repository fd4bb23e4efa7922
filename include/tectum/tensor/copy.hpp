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
void copy_line(index n, const char* from, index from_stride, char* target,
               index to_stride) noexcept TECTUM_NONBLOCKING {
  To* const to = reinterpret_cast<To*>(target);
  if (from_stride == 1 && to_stride == 1) {
    if constexpr (std::is_same_v<From, To>) std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(To));
    else
      for (index i = 0; i < n; ++i) to[i] = static_cast<To>(load<From>(from, i));
    return;
  }
  for (index i = 0; i < n; ++i) to[i * to_stride] = static_cast<To>(load<From>(from, i * from_stride));
}

// What a copy knows of the two scalars: their sizes and how a line is converted. The walk below is compiled once.
struct conversion {
  void (*line)(index n, const char* from, index from_stride, char* to, index to_stride) noexcept TECTUM_NONBLOCKING;
  index from_size, to_size;
};
template <class From, class To>
inline constexpr conversion converted{copy_line<From, To>, index{sizeof(From)}, index{sizeof(To)}};

// The same with the scalar known at run time. A bool is read as its byte.
template <class To>
conversion conversion_to(scalar_type from) noexcept {
  switch (from) {
    case scalar_type::boolean:
    case scalar_type::uint8: return converted<std::uint8_t, To>;
    case scalar_type::int16: return converted<std::int16_t, To>;
    case scalar_type::int32: return converted<std::int32_t, To>;
    case scalar_type::uint32: return converted<std::uint32_t, To>;
    case scalar_type::int64: return converted<std::int64_t, To>;
    case scalar_type::uint64: return converted<std::uint64_t, To>;
    case scalar_type::float32: return converted<float, To>;
    case scalar_type::float64: return converted<double, To>;
    case scalar_type::unknown: break;
  }
  return {nullptr, 0, 0};
}

// A copy of bits, whatever the scalar of so many bytes means.
inline conversion bits_of(index bytes) noexcept {
  switch (bytes) {
    case 1: return converted<std::uint8_t, std::uint8_t>;
    case 2: return converted<std::int16_t, std::int16_t>;
    case 4: return converted<std::int32_t, std::int32_t>;
    case 8: return converted<std::int64_t, std::int64_t>;
    default: return {nullptr, 0, 0};
  }
}

// Copies n elements of axis `axis` for every place of the axes [first, last).
inline void copy_lines(const conversion& c, const block& b, int first, int last, int axis, index n, const char* from,
                       char* to) noexcept {
  index at[max_rank] = {};
  for (;;) {
    c.line(n, from, b.from[axis], to, b.to[axis]);
    int i = last - 1;
    for (; i >= first; --i) {
      from += b.from[i] * c.from_size;
      to += b.to[i] * c.to_size;
      if (++at[i] < b.extent[i]) break;
      from -= b.extent[i] * b.from[i] * c.from_size;
      to -= b.extent[i] * b.to[i] * c.to_size;
      at[i] = 0;
    }
    if (i < first) return;
  }
}

inline void copy_block(const conversion& c, const block& b, const char* from, void* target) noexcept {
  char* const to = static_cast<char*>(target);
  if (b.empty || c.line == nullptr) return;
  if (b.rank == 0) return c.line(1, from, 1, to, 1);
  const int inner = b.rank - 1;
  if (inner > 0 && (b.from[0] == 1 || b.to[0] == 1)) {
    // One of the two is column-major: a tile of its first axis at a time, so that a cache line is used whole.
    constexpr index tile = 16;
    for (index start = 0; start < b.extent[0]; start += tile) {
      const index n = b.extent[0] - start < tile ? b.extent[0] - start : tile;
      copy_lines(c, b, 1, b.rank, 0, n, from + start * b.from[0] * c.from_size, to + start * b.to[0] * c.to_size);
    }
    return;
  }
  copy_lines(c, b, 0, inner, inner, b.extent[inner], from, to);
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
