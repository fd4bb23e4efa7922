// Products of the native engine: with packed weights, their two gradients, and batches of strided matrices.
#pragma once

#include <tectum/kernels/epilogue.hpp>
#include <tectum/kernels/native/dot.hpp>
#include <tectum/kernels/native/elementwise.hpp>
#include <tectum/kernels/native/pack.hpp>
#include <tectum/kernels/native/tile.hpp>
#include <tectum/kernels/strided.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace native_parts {

template <class T>
[[gnu::noinline]] void activate_block(activation act, T* y, index rows, index columns,
                                      index stride) noexcept TECTUM_NONBLOCKING {
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  for (index r = 0; r < rows; ++r)
    for (index c = 0; c < columns; c += W) {
      T* at = y + r * stride + c;
      const index n = columns - c;
      if (n >= W) activate(act, V::load(at)).store(at);
      else activate(act, V::load_partial(at, n)).store_partial(at, n);
    }
}

// C = alpha A B (+ C), A and B with any strides, C's rows contiguous. Rows k of B that are not valid count as zero.
template <class T>
void general_product(index m, index n, index k, const T* a, index a_row, index a_k, const T* b, index b_row,
                     index b_column, T* c, index c_row, T alpha, bool accumulate,
                     const std::uint8_t* valid = nullptr) noexcept TECTUM_NONBLOCKING {
  if (m <= 0 || n <= 0) return;
  if (b_row == 1 && a_k == 1 && m <= 3 && !valid) {
    dot_products<T>({a, a_row, b, b_column, panel_width, c, c_row, n, k, alpha, accumulate}, m);
    return;
  }
  alignas(64) T block[block_rows<T> * panel_width];
  for (index j = 0; j < n; j += panel_width) {
    const index lanes = n - j < panel_width ? n - j : panel_width;
    index l = 0;
    do {
      const index rows = k - l < block_rows<T> ? k - l : block_rows<T>;
      const T* from = b + l * b_row + j * b_column;
      tile_task<T> t{a + l * a_k, a_row, a_k, block, panel_width, 0, c + j, c_row, lanes, rows, alpha};
      t.accumulate = accumulate || l > 0;
      if (b_column == 1 && lanes == panel_width && m <= 4 && !valid) {
        t.b = from;
        t.b_k = b_row;
      } else if (b_column == 1) {
        pack_rows(from, b_row, lanes, rows, block, valid ? valid + l : nullptr);
      } else if (b_row == 1) {
        pack_transposed(from, b_column, lanes, rows, block);
        for (index i = 0; valid && i < rows; ++i)
          if (!valid[l + i])
            for (index lane = 0; lane < panel_width; ++lane) block[i * panel_width + lane] = T(0);
      } else {
        for (index i = 0; i < rows; ++i)
          for (index lane = 0; lane < panel_width; ++lane)
            block[i * panel_width + lane] =
                lane < lanes && (!valid || valid[l + i]) ? from[i * b_row + lane * b_column] : T(0);
      }
      tile_panels(t, m);
      l += rows;
    } while (l < k);
  }
}

struct products {
  template <class T>
  static void product(const_matrix<T> x, const_packed<T> w, std::type_identity_t<epilogue<T>> e,
                      matrix<T> y) noexcept TECTUM_NONBLOCKING {
    constexpr index most = 1024;  // k at a time: a panel's part stays in the first caches while the rows pass
    const index step = x.rows <= 4 ? (w.in > 0 ? w.in : 1) : most;
    index k = 0;
    do {
      const index size = w.in - k < step ? w.in - k : step;
      const bool last = k + size >= w.in;
      tile_task<T> t{x.data + k, x.stride, 1,   w.data + k * panel_width, panel_width, w.in * panel_width, y.data,
                     y.stride,   w.out,    size};
      t.accumulate = e.accumulate || k > 0;
      t.bias = last ? e.bias : nullptr;
      t.relu = last && e.act == activation::relu;
      if (x.rows > 4 && last && e.act != activation::relu && e.act != activation::identity) {
        // A panel at a time, so that the activation finds its values in the first cache.
        for (index o = 0; o < w.out; o += panel_width) {
          tile_task<T> one = t;
          one.b += o * w.in;
          one.c += o;
          one.columns = w.out - o < panel_width ? w.out - o : panel_width;
          if (one.bias) one.bias += o;
          tile_panels(one, x.rows);
          activate_block(e.act, one.c, x.rows, one.columns, y.stride);
        }
      } else {
        tile_panels(t, x.rows);
        if (last && e.act != activation::relu && e.act != activation::identity)
          activate_block(e.act, y.data, x.rows, w.out, y.stride);
      }
      k += size;
    } while (k < w.in);
  }

  // Elements of scratch for any number of rows: a block of 32 inputs of all outputs.
  static constexpr index product_input_gradient_scratch(index out, index) noexcept {
    return panels_of(out) * panel_width * panel_width;
  }
  template <class T>
  static void product_input_gradient(const_matrix<T> dy, const_packed<T> w, matrix<T> dx,
                                     maybe<T> scratch) noexcept TECTUM_NONBLOCKING {
    // Turning a block costs about as much as eight rows of the product; dot products three operations each for the sum.
    if (dy.rows < 12 || dy.rows * 10 < w.out || !scratch) {
      for (index i = 0; i < w.in; i += 8) {  // all rows over the same few inputs, so that w is read once
        const index n = w.in - i < 8 ? w.in - i : 8;
        dot_products<T>({dy.data, dy.stride, w.data + i * panel_width, panel_width, w.in * panel_width, dx.data + i,
                         dx.stride, n, w.out, T(1), true},
                        dy.rows);
      }
      return;
    }
    for (index i = 0; i < w.in; i += panel_width) {
      const index n = w.in - i < panel_width ? w.in - i : panel_width;
      for (index p = 0; p < panels_of(w.out); ++p)
        pack_transposed(w.panel(p) + i * panel_width, panel_width, n, panel_width,
                        scratch + p * panel_width * panel_width);
      for (index o = 0; o < w.out; o += 1024) {
        const index size = w.out - o < 1024 ? w.out - o : 1024;
        tile_task<T> t{dy.data + o, dy.stride, 1,   scratch + o * panel_width, panel_width, 0, dx.data + i,
                       dx.stride,   n,         size};
        t.accumulate = true;
        tile_panels(t, dy.rows);
      }
    }
  }

  template <class T>
  static void product_weight_gradient(const_matrix<T> dy, const_matrix<T> x, packed<T> dw) noexcept TECTUM_NONBLOCKING {
    constexpr index stretch = 504;  // inputs whose columns of x stay in the second cache for all panels
    alignas(64) T block[block_rows<T> * panel_width];
    for (index i = 0; i < dw.in; i += stretch) {
      const index size = dw.in - i < stretch ? dw.in - i : stretch;
      for (index r = 0; r < dy.rows; r += block_rows<T>) {
        const index rows = dy.rows - r < block_rows<T> ? dy.rows - r : block_rows<T>;
        for (index p = 0; p < panels_of(dw.out); ++p) {
          const index o = p * panel_width, lanes = dw.out - o < panel_width ? dw.out - o : panel_width;
          pack_rows(dy.row(r) + o, dy.stride, lanes, rows, block);
          const index columns = lanes <= native_width<T> ? native_width<T> : panel_width;  // the others stay zero
          tile_task<T> t{x.row(r) + i, 1,       x.stride, block, panel_width, 0, dw.panel(p) + i * panel_width,
                         panel_width,  columns, rows};
          t.accumulate = true;
          tile_panels(t, size);
        }
      }
    }
  }

  template <class T>
  static void batched_product(index count, index m, index n, index k, const_strided<T> a, const_strided<T> b,
                              strided<T> c, std::type_identity_t<T> alpha,
                              bool accumulate) noexcept TECTUM_NONBLOCKING {
    for (index i = 0; i < count; ++i) {
      const T *left = a.data + i * a.batch, *right = b.data + i * b.batch;
      T* to = c.data + i * c.batch;
      if (k == 1 && c.column == 1 && b.column == 1) {  // an outer product
        for (index r = 0; r < m; ++r) {
          const T factor = alpha * left[r * a.row];
          const matrix<const T> from{right, 1, n, n};
          const matrix<T> row{to + r * c.row, 1, n, n};
          if (accumulate) elementwise::scale_add(factor, from, row);
          else elementwise::map(row, [factor](auto v) { return v * decltype(v)(factor); }, from);
        }
      } else if (n == 1 && a.column == 1 && b.row == 1) {  // dot products of rows and one vector
        for (index r = 0; r < m; ++r) {
          const T sum = alpha * elementwise::dot(k, left + r * a.row, right);
          T& at = to[r * c.row];
          at = accumulate ? at + sum : sum;
        }
      } else if (c.column == 1) {
        general_product(m, n, k, left, a.row, a.column, right, b.row, b.column, to, c.row, alpha, accumulate);
      } else if (c.row == 1) {
        general_product(n, m, k, right, b.column, b.row, left, a.column, a.row, to, c.column, alpha, accumulate);
      } else {
        for (index r = 0; r < m; ++r)
          for (index s = 0; s < n; ++s) {
            T sum{};
            for (index l = 0; l < k; ++l) sum += left[r * a.row + l * a.column] * right[l * b.row + s * b.column];
            T& at = to[r * c.row + s * c.column];
            at = accumulate ? at + alpha * sum : alpha * sum;
          }
      }
    }
  }
};

}  // namespace native_parts
}  // namespace tectum
TECTUM_PRECISE_END
