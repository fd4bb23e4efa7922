// The other micro-kernel: dot products of R rows of A with N rows of B, for few rows, where packing would not pay.
#pragma once

#include <tectum/kernels/simd.hpp>
#include <tectum/tensor/view.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace native_parts {

// C(r, i) = alpha sum_k A(r, k) B(i, k), plus C with `accumulate`. A is contiguous in k; of B, k lies in runs of 32:
// b + i * b_lane + k / 32 * b_block + k % 32.
template <class T>
struct dot_task {
  const T* a;
  index a_row;
  const T* b;
  index b_lane, b_block;
  T* c;
  index c_row, columns, k;
  T alpha = 1;
  bool accumulate = false;
};

// a and b hold W / 2Q groups of 2Q lanes each: all of them, in order, each folded by f to Q lanes.
template <int Q, class F, class T, int W, int... I>
TECTUM_INLINE simd<T, W> fold(simd<T, W> a, simd<T, W> b, F f, std::integer_sequence<int, I...>) noexcept {
  return f(simd<T, W>::from(__builtin_shufflevector(a.v, b.v, (I / Q * 2 * Q + I % Q)...)),
           simd<T, W>::from(__builtin_shufflevector(a.v, b.v, (I / Q * 2 * Q + I % Q + Q)...)));
}
// What f makes of all lanes of each of N vectors, N a power of two up to W, in the first N lanes of x[0]; Q: W / 2.
template <int N, int Q, class F, class T, int W>
TECTUM_INLINE void all_lanes(simd<T, W>* x, F f) noexcept {
  constexpr std::make_integer_sequence<int, W> lanes{};
  if constexpr (Q > 0) {
    if constexpr (N == 1) x[0] = fold<Q>(x[0], x[0], f, lanes);
#pragma GCC unroll 8
    for (int i = 0; i < N / 2; ++i) x[i] = fold<Q>(x[2 * i], x[2 * i + 1], f, lanes);
    all_lanes<(N > 1 ? N / 2 : 1), Q / 2>(x, f);
  }
}

// R * N is a power of two.
template <class T, int R, int N>
[[gnu::noinline]] void dot_tile(const dot_task<T>& t, index column) noexcept TECTUM_NONBLOCKING {
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  constexpr int together = R * N < W ? R * N : W;
  V s[R * N];
#pragma GCC unroll 16
  for (int i = 0; i < R * N; ++i) s[i] = V(T(0));
  const T* block = t.b + column * t.b_lane;
  const index b_lane = t.b_lane, a_row = t.a_row;
  index k = 0;
  for (; k + W <= t.k; k += W) {
    const T* b = block + k / panel_width * t.b_block + k % panel_width;
    const T* a = t.a + k;
    V bs[N];
#pragma GCC unroll 16
    for (int i = 0; i < N; ++i) bs[i] = V::load(b + i * b_lane);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const V x = V::load(a + r * a_row);
#pragma GCC unroll 16
      for (int i = 0; i < N; ++i) s[r * N + i] = fma(x, bs[i], s[r * N + i]);
    }
  }
  if (k < t.k) {
    const index n = t.k - k;
    const T* b = block + k / panel_width * t.b_block + k % panel_width;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const V x = V::load_partial(t.a + k + r * a_row, n);
#pragma GCC unroll 16
      for (int i = 0; i < N; ++i) s[r * N + i] = fma(x, V::load_partial(b + i * b_lane, n), s[r * N + i]);
    }
  }
  alignas(64) T sums[R * N < W ? W : R * N];
#pragma GCC unroll 16
  for (int i = 0; i < R * N; i += together) {
    all_lanes<together, W / 2>(s + i, [](V a, V b) { return a + b; });
    (s[i] * V(t.alpha)).store(sums + i);
  }
  using row = simd<T, N>;
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
    T* c = t.c + r * t.c_row + column;
    const row sum = row::load(sums + r * N);
    (t.accumulate ? row::load(c) + sum : sum).store(c);
  }
}

template <class T, int R>
void dot_rows(const dot_task<T>& t) noexcept TECTUM_NONBLOCKING {
  constexpr int N = native_registers == 32 ? (R <= 2 ? 8 : 4) : 8 / R;
  index column = 0;
  for (; column + N <= t.columns; column += N) dot_tile<T, R, N>(t, column);
  for (; column < t.columns; ++column) dot_tile<T, R, 1>(t, column);
}

// Any number of rows, four, two and one at a time.
template <class T>
void dot_products(dot_task<T> t, index rows) noexcept TECTUM_NONBLOCKING {
  while (rows > 0) {
    const index r = rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
    if (r == 4) dot_rows<T, 4>(t);
    else if (r == 2) dot_rows<T, 2>(t);
    else dot_rows<T, 1>(t);
    rows -= r;
    t.a += r * t.a_row;
    t.c += r * t.c_row;
  }
}

}  // namespace native_parts
}  // namespace tectum
TECTUM_PRECISE_END
