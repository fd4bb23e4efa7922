// Copies of operands into 32-wide blocks [k][32], the form in which the micro-kernel reads its right side.
#pragma once

#include <tectum/kernels/simd.hpp>
#include <tectum/tensor/view.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace native_parts {

// Rows k of a block that lie on the stack at a time: 16 KiB.
template <class T>
inline constexpr index block_rows = 16384 / (panel_width * static_cast<index>(sizeof(T)));

template <class T, int W, int... I>
TECTUM_INLINE void zip(simd<T, W> a, simd<T, W> b, simd<T, W>& low, simd<T, W>& high,
                       std::integer_sequence<int, I...>) noexcept {
  low = simd<T, W>::from(__builtin_shufflevector(a.v, b.v, (I / 2 + (I % 2) * W)...));
  high = simd<T, W>::from(__builtin_shufflevector(a.v, b.v, (I / 2 + W / 2 + (I % 2) * W)...));
}
// log2(W) perfect shuffles.
template <class T, int W>
TECTUM_INLINE void transpose(simd<T, W> (&x)[W]) noexcept {
#pragma GCC unroll 4
  for (int step = 1; step < W; step *= 2) {
    simd<T, W> y[W];
#pragma GCC unroll 16
    for (int i = 0; i < W / 2; ++i)
      zip(x[i], x[i + W / 2], y[2 * i], y[2 * i + 1], std::make_integer_sequence<int, W>{});
#pragma GCC unroll 16
    for (int i = 0; i < W; ++i) x[i] = y[i];
  }
}

// to[k * wide + j] = from[j * lane_stride + k] for k < rows, j < lanes; 0 for the other j. wide: whole vectors.
template <class T>
[[gnu::noinline]] void pack_transposed(const T* from, index lane_stride, index lanes, index rows, T* to,
                                       index wide = panel_width) noexcept TECTUM_NONBLOCKING {
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  for (index j = 0; j < wide; j += W)
    for (index k = 0; k < rows; k += W) {
      const index n = rows - k < W ? rows - k : W;
      V x[W];
      if (n == W && j + W <= lanes) {
#pragma GCC unroll 16
        for (int i = 0; i < W; ++i) x[i] = V::load(from + (j + i) * lane_stride + k);
        transpose(x);
#pragma GCC unroll 16
        for (int i = 0; i < W; ++i) x[i].store(to + (k + i) * wide + j);
      } else {
#pragma GCC unroll 16
        for (int i = 0; i < W; ++i)
          x[i] = j + i < lanes ? V::load_partial(from + (j + i) * lane_stride + k, n) : V(T(0));
        transpose(x);
#pragma GCC unroll 16
        for (int i = 0; i < W; ++i)
          if (i < n) x[i].store(to + (k + i) * wide + j);
      }
    }
}

// to[k * 32 + j] = from[k * row_stride + j] for j < lanes; 0 for the other j, and for every row k that is not valid.
template <class T>
[[gnu::noinline]] void pack_rows(const T* from, index row_stride, index lanes, index rows, T* to,
                                 const std::uint8_t* valid = nullptr) noexcept TECTUM_NONBLOCKING {
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  const index used = (lanes + W - 1) / W * W;
  for (index k = 0; k < rows; ++k) {
    const bool wanted = !valid || valid[k];
    for (index j = 0; j < panel_width; j += W) {
      V x = V(T(0));
      if (wanted && j < used)
        x = lanes - j >= W ? V::load(from + k * row_stride + j) : V::load_partial(from + k * row_stride + j, lanes - j);
      x.store(to + k * panel_width + j);
    }
  }
}

}  // namespace native_parts
}  // namespace tectum
TECTUM_PRECISE_END
