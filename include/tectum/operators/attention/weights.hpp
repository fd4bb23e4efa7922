// What attention does with single keys: which are valid, probabilities as a result, gradients that come through them.
#pragma once

#include <tectum/kernels/geometry.hpp>
#include <tectum/kernels/strided.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// A byte a key of sample b, those of `extra` keys that are always valid first; null where all are valid.
template <class T>
const std::uint8_t* valid_key_bytes(const view<T>& k, const view<T>& v, index b, index extra, std::uint8_t* bytes) {
  if (!k.mask && !v.mask) return nullptr;
  bool all = true;
  for (index j = 0; j < extra; ++j) bytes[j] = 1;
  for (index j = 0; j < k.length(); ++j) {
    const bool valid = k.valid(b, j) && v.valid(b, j);
    bytes[extra + j] = valid;
    all = all && valid;
  }
  return all ? nullptr : bytes;
}

// How the weights of one sample lie: [queries, keys], the mean over the heads, or [heads, queries, keys]. The extra
// keys are its last columns, and the first of the probabilities.
struct weight_columns {
  index heads, queries, keys, extra;
  bool average;

  // f(row of the weights, row of the probabilities, columns) for both parts of each row of head h.
  template <class T, class P, class F>
  void each(T* weights, P* probabilities, index h, F f) const {
    const index given = keys - extra;
    T* const to = weights + (average ? 0 : h * queries * keys);
    P* const from = probabilities + h * queries * keys;
    f(matrix<T>{to, queries, given, keys}, matrix<P>{from + extra, queries, given, keys});
    if (extra > 0) f(matrix<T>{to + given, queries, extra, keys}, matrix<P>{from, queries, extra, keys});
  }
};

template <class Kernels, class T>
void write_weights(const weight_columns& w, const T* probabilities, std::type_identity_t<T>* weights) {
  const T share = w.average ? T(1) / static_cast<T>(w.heads) : T(1);
  for (index h = 0; h < w.heads; ++h)
    w.each(weights, probabilities, h, [&](const matrix<T>& to, const matrix<const T>& from) {
      if (h == 0 || !w.average) Kernels::fill(to, T(0));
      Kernels::scale_add(share, from, to);
    });
}

// The gradients of attention where the probabilities have one too, with kernels for single steps. Queries that do not
// count have zeros in dy, and counts(i) is false. scratch: twice the probabilities.
template <class Kernels, class T, class Counts>
void attention_gradient_through_weights(const attention_geometry<T>& g, const weight_columns& w, const_matrix<T> q,
                                        const_matrix<T> k, const_matrix<T> v, const T* probabilities,
                                        const_matrix<T> dy, const T* dweights, Counts counts, matrix<T> dq,
                                        matrix<T> dk, matrix<T> dv, maybe<T> dbias, T* scratch) {
  const index scores = g.queries * g.keys, all = g.heads * scores, d = g.head_width, e = g.value_width;
  T *const dp = scratch, *const ds = scratch + all;
  const T share = w.average ? T(1) / static_cast<T>(g.heads) : T(1);
  Kernels::batched_product(g.heads, g.queries, g.keys, e, strided<const T>{dy.data, e, dy.stride, 1},
                           strided<const T>{v.data, e, 1, v.stride}, strided<T>{dp, scores, g.keys, 1}, T(1), false);
  Kernels::fill(matrix<T>{ds, 1, all, all}, T(0));
  for (index h = 0; h < g.heads; ++h) {
    w.each(dweights, dp, h, [&](const matrix<const T>& from, const matrix<T>& to) {
      for (index i = 0; i < g.queries; ++i)
        if (counts(i))
          Kernels::scale_add(share, matrix<const T>{from.row(i), 1, from.columns, 0},
                             matrix<T>{to.row(i), 1, to.columns, 0});
    });
    for (index i = 0; i < g.queries; ++i) {
      const index at = h * scores + i * g.keys;
      if (counts(i)) Kernels::softmax_gradient(g.keys, probabilities + at, dp + at, ds + at);
    }
    if (dbias)
      Kernels::add(matrix<const T>{ds + h * scores, 1, scores, 0},
                   matrix<T>{dbias + h * g.bias_head_stride, 1, scores, 0});
  }
  const strided<const T> rows{ds, scores, g.keys, 1}, turned{ds, scores, 1, g.keys};
  if (dq.data)
    Kernels::batched_product(g.heads, g.queries, d, g.keys, rows, strided<const T>{k.data, d, k.stride, 1},
                             strided<T>{dq.data, d, dq.stride, 1}, g.scale, true);
  if (dk.data)
    Kernels::batched_product(g.heads, g.keys, d, g.queries, turned, strided<const T>{q.data, d, q.stride, 1},
                             strided<T>{dk.data, d, dk.stride, 1}, g.scale, true);
  if (dv.data)
    Kernels::batched_product(g.heads, g.keys, e, g.queries, strided<const T>{probabilities, scores, 1, g.keys},
                             strided<const T>{dy.data, e, dy.stride, 1}, strided<T>{dv.data, e, dv.stride, 1}, T(1),
                             true);
}

}  // namespace detail
}  // namespace tectum
