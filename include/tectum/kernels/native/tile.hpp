// The one micro-kernel under every product: M rows by N vectors of C, all kept in registers while k runs.
#pragma once

#include <tectum/kernels/simd.hpp>
#include <tectum/tensor/view.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace native_parts {

// C (rows x columns) = alpha A B, plus C with `accumulate`, plus biases, then relu. A(r, k) = a[r * a_row + k * a_k].
// B is read in whole vectors: row k of column block p, 32 wide, lies at b + k * b_k + p * b_panel.
template <class T>
struct tile_task {
  const T* a;
  index a_row, a_k;
  const T* b;
  index b_k, b_panel;
  T* c;
  index c_row, columns, k;
  T alpha = 1;
  bool accumulate = false, relu = false;
  const T* bias = nullptr;      // one value a column
  const T* row_bias = nullptr;  // one value a row
};

// A tile of a product: as many rows and vectors as the registers hold beside B and one value of A.
template <class T>
struct tile_shape {
  static constexpr int width = native_width<T>;
  static constexpr int vectors = native_registers == 32 ? (native_bytes == 64 && sizeof(T) == 4 ? 2 : 4) : 2;
  static constexpr int rows = native_registers == 32 && vectors == 2 ? 12 : 6;
  static constexpr int columns = vectors * width;
  static constexpr int wide = native_registers == 32 ? 4 : 2;  // vectors for 2 to 4 rows
};

// Writes a tile with a ragged right edge from the buffer it was left in.
template <class T>
[[gnu::noinline]] inline void finish_ragged_tile(const T* tile, index rows, index stride,
                                                 const tile_task<T>& t) noexcept TECTUM_NONBLOCKING {
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  for (index r = 0; r < rows; ++r)
    for (index v = 0; v < t.columns; v += W) {
      const index n = t.columns - v < W ? t.columns - v : W;
      T* at = t.c + r * t.c_row + v;
      V x = V::load(tile + r * stride + v) * V(t.alpha);
      if (t.accumulate) x += V::load_partial(at, n);
      if (t.bias) x += V::load_partial(t.bias + v, n);
      if (t.row_bias) x += V(t.row_bias[r]);
      if (t.relu) x = select(x <= V(T(0)), V(T(0)), x);
      x.store_partial(at, n);
    }
}

template <class T, int M, int N>
[[gnu::noinline]] void tile(const tile_task<T>& t) noexcept TECTUM_NONBLOCKING {
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  V c[M][N];
#pragma GCC unroll 16
  for (int r = 0; r < M; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) c[r][v] = V(T(0));

  // A pointer for three rows: the other two are reached by scaled addressing.
  constexpr int pointers = (M + 2) / 3;
  const T* a[pointers];
#pragma GCC unroll 16
  for (int i = 0; i < pointers; ++i) a[i] = t.a + 3 * i * t.a_row;
  const index a_row = t.a_row, a_k = t.a_k, b_k = t.b_k, b_panel = t.b_panel;
  const T* b = t.b;
  for (index k = t.k; k > 0; --k) {
    V bs[N];
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) bs[v] = V::load(b + (v * W / panel_width) * b_panel + v * W % panel_width);
#pragma GCC unroll 16
    for (int r = 0; r < M; ++r) {
      const V x = V(a[r / 3][r % 3 * a_row]);
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) c[r][v] = fma(x, bs[v], c[r][v]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < pointers; ++i) a[i] += a_k;
    b += b_k;
  }

  if (t.columns < N * W) {
    T ragged[M * N * W];
#pragma GCC unroll 16
    for (int r = 0; r < M; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) c[r][v].store(ragged + (r * N + v) * W);
    finish_ragged_tile(ragged, M, N * W, t);
    return;
  }
  const V alpha = V(t.alpha), zero = V(T(0));
#pragma GCC unroll 16
  for (int r = 0; r < M; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) c[r][v] *= alpha;
  if (t.accumulate) {
#pragma GCC unroll 16
    for (int r = 0; r < M; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) c[r][v] += V::load(t.c + r * t.c_row + v * W);
  }
  if (t.bias) {
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) {
      const V bias = V::load(t.bias + v * W);
#pragma GCC unroll 16
      for (int r = 0; r < M; ++r) c[r][v] += bias;
    }
  }
  if (t.row_bias) {
#pragma GCC unroll 16
    for (int r = 0; r < M; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) c[r][v] += V(t.row_bias[r]);
  }
  if (t.relu) {
#pragma GCC unroll 16
    for (int r = 0; r < M; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) c[r][v] = select(c[r][v] <= zero, zero, c[r][v]);
  }
#pragma GCC unroll 16
  for (int r = 0; r < M; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) c[r][v].store(t.c + r * t.c_row + v * W);
}

// Rows of the next tile when `left` remain: 12, 8, 6, 4, 3, 2 or 1, with no lonely row at the end of a long column.
template <class T>
constexpr int next_rows(index left) noexcept {
  constexpr signed char of_twelve[24] = {0, 1, 2, 3, 4, 3, 6, 4, 8, 6, 6, 8, 12, 6, 8, 12, 8, 8, 12, 8, 12, 12, 8, 12};
  constexpr signed char of_six[12] = {0, 1, 2, 3, 4, 3, 6, 4, 4, 6, 6, 4};
  if constexpr (tile_shape<T>::rows == 12) return left >= 24 ? 12 : of_twelve[left];
  else return left >= 12 ? 6 : of_six[left];
}

// One column of tiles, N vectors wide, `rows` high.
template <class T, int N>
void tile_column(tile_task<T> t, index rows) noexcept TECTUM_NONBLOCKING {
  while (rows > 0) {
    const int m = next_rows<T>(rows);
    switch (m) {
      case 1: tile<T, 1, N>(t); break;
      case 2: tile<T, 2, N>(t); break;
      case 3: tile<T, 3, N>(t); break;
      case 4: tile<T, 4, N>(t); break;
      case 6: tile<T, 6, N>(t); break;
      case 8:
        if constexpr (tile_shape<T>::rows == 12) tile<T, 8, N>(t);
        break;
      default:
        if constexpr (tile_shape<T>::rows == 12) tile<T, 12, N>(t);
    }
    rows -= m;
    t.a += m * t.a_row;
    t.c += m * t.c_row;
    if (t.row_bias) t.row_bias += m;
  }
}

// All columns of B's panels (t.b: the first), t.columns in all; each panel holds 32, those beyond zero or unused. What
// is left for one vector is not computed as two.
template <class T>
void tile_panels(const tile_task<T>& all, index rows) noexcept TECTUM_NONBLOCKING {
  using shape = tile_shape<T>;
  constexpr int W = shape::width;
  if (rows <= 0) return;
  index column = 0;
  const auto at = [&](index wide) {
    tile_task<T> t = all;
    t.b += column / panel_width * all.b_panel + column % panel_width;
    t.c += column;
    t.columns = all.columns - column < wide ? all.columns - column : wide;
    if (t.bias) t.bias += column;
    column += wide;
    return t;
  };
  if (rows == 1) {
    while (all.columns - column > 7 * W) tile<T, 1, 8>(at(8 * W));
    while (all.columns - column > 3 * W) tile<T, 1, 4>(at(4 * W));
  } else if (shape::wide > shape::vectors && rows <= 4) {
    while (all.columns - column > 3 * W) {
      if (rows == 2) tile<T, 2, 4>(at(4 * W));
      if (rows == 3) tile<T, 3, 4>(at(4 * W));
      if (rows == 4) tile<T, 4, 4>(at(4 * W));
    }
  }
  while (all.columns - column > W) tile_column<T, shape::vectors>(at(shape::columns), rows);
  if (column < all.columns) tile_column<T, 1>(at(W), rows);
}

}  // namespace native_parts
}  // namespace tectum
TECTUM_PRECISE_END
