// Attention of one sample in the native engine: a head at a time, on the general product.
#pragma once

#include <tectum/kernels/geometry.hpp>
#include <tectum/kernels/native/few_keys.hpp>
#include <tectum/kernels/native/product.hpp>
#include <tectum/kernels/native/rows.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace native_parts {

struct attention_kernels {
  // Keys that some query may see.
  template <class T>
  static constexpr index seen_keys(const attention_geometry<T>& g) noexcept {
    return g.seen_by(g.queries - 1);
  }
  template <class T>
  static void attention(const attention_geometry<T>& g, const_matrix<T> q, const_matrix<T> k, const_matrix<T> v,
                        const std::uint8_t* key_valid, matrix<T> y, T* probabilities) noexcept TECTUM_NONBLOCKING {
    const index seen = seen_keys(g);
    for (index h = 0; h < g.heads; ++h) {
      T* p = probabilities + h * g.queries * g.keys;
      const index at = h * g.head_width, out = h * g.value_width;
      const T* bias = g.bias ? g.bias + h * g.bias_head_stride : nullptr;
      if (few_keys<T>::serve(g))
        few_keys<T>::probabilities(g, q.data + at, q.stride, k.data + at, k.stride, bias, key_valid, p);
      else
        many_keys(g, {q.data + at, q.rows, g.head_width, q.stride}, {k.data + at, k.rows, g.head_width, k.stride}, bias,
                  key_valid, p);
      general_product(g.queries, g.value_width, seen, p, g.keys, index{1}, v.data + out, v.stride, index{1},
                      y.data + out, y.stride, T(1), false, key_valid);
    }
  }

  // One head: scores by the general product, then the softmax of each row.
  template <class T>
  static void many_keys(const attention_geometry<T>& g, const_matrix<T> q, const_matrix<T> k, const T* bias,
                        const std::uint8_t* key_valid, T* p) noexcept TECTUM_NONBLOCKING {
    const index seen = seen_keys(g);
    general_product(g.queries, seen, g.head_width, q.data, q.stride, index{1}, k.data, index{1}, k.stride, p, g.keys,
                    g.scale, false);
    for (index i = 0; i < g.queries; ++i) {
      const index n = g.seen_by(i);
      T* row = p + i * g.keys;
      if (bias) rows::add<T>({bias + i * g.keys, 1, n, n}, {row, 1, n, n});
      rows::softmax(n, row, key_valid, row);
      rows::fill<T>({row + n, 1, g.keys - n, g.keys - n}, T(0));
    }
  }

  template <class T>
  static constexpr index attention_gradient_scratch(const attention_geometry<T>& g) noexcept {
    return g.queries * g.keys;
  }
  template <class T>
  static void attention_gradient(const attention_geometry<T>& g, const_matrix<T> q, const_matrix<T> k,
                                 const_matrix<T> v, const std::uint8_t* key_valid, const T* probabilities,
                                 const_matrix<T> dy, matrix<T> dq, matrix<T> dk, matrix<T> dv, maybe<T> dbias,
                                 T* scratch) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_width<T>;
    using V = simd<T, W>;
    const index seen = seen_keys(g), keys = g.keys;
    for (index h = 0; h < g.heads; ++h) {
      const T* p = probabilities + h * g.queries * keys;
      T* ds = scratch;
      const index at = h * g.head_width, out = h * g.value_width;
      if (dq.data || dk.data || dbias) {
        general_product(g.queries, seen, g.value_width, dy.data + out, dy.stride, index{1}, v.data + out, index{1},
                        v.stride, ds, keys, T(1), false);
        for (index i = 0; i < g.queries; ++i) {
          const index n = g.seen_by(i);
          const T* row = p + i * keys;
          T* d = ds + i * keys;
          if (key_valid)  // what came of an invalid key's values may be NaN
            for (index j = 0; j < n; j += W)
              rows::put_back(d + j,
                             select(mask_from_bytes<T, W>(key_valid + j, n - j), rows::lanes<T>(d + j, n - j), V(T(0))),
                             n - j);
          const T s = rows::dot<T>(n, row, d);
          rows::map(
              matrix<T>{d, 1, n, n}, [=](auto a, auto b) { return a * (b - decltype(b)(s)); },
              matrix<const T>{row, 1, n, n}, matrix<T>{d, 1, n, n});
          rows::fill<T>({d + n, 1, keys - n, keys - n}, T(0));
          if (dbias) rows::add<T>({d, 1, n, n}, {dbias + h * g.bias_head_stride + i * keys, 1, n, n});
        }
        if (dq.data)
          general_product(g.queries, g.head_width, seen, ds, keys, index{1}, k.data + at, k.stride, index{1},
                          dq.data + at, dq.stride, g.scale, true, key_valid);
        if (dk.data)
          general_product(seen, g.head_width, g.queries, ds, index{1}, keys, q.data + at, q.stride, index{1},
                          dk.data + at, dk.stride, g.scale, true);
      }
      if (dv.data)
        general_product(seen, g.value_width, g.queries, p, index{1}, keys, dy.data + out, dy.stride, index{1},
                        dv.data + out, dv.stride, T(1), true);
    }
  }
};

}  // namespace native_parts
}  // namespace tectum
TECTUM_PRECISE_END
