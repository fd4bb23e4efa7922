// A full bilinear form of each chunk of two vectors.
#pragma once

#include <tectum/kernels/strided.hpp>
#include <tectum/operators/fusion/chunks.hpp>
#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// y_ck = x0_cᵀ W_ck x1_c + b_ck for each chunk c: the core of block-term decompositions (Ben-Younes et al. 2019). An
// absent modality counts as a zero vector, so that only the bias is left.
//   chunks: of ceil(n / chunks), the last one shorter.
//   [n], [n] -> [n]; weight [chunks, size, size, size], bias [chunks, size]; where the last chunks are shorter, theirs
//   are last_weight and last_bias
// Costs the square of a chunk's size in scratch for each sample.
struct block_bilinear {
  int chunks;

  static constexpr const char* name = "block_bilinear";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape a, shape b) const {
    if (a.kind != kind::features || b.kind != kind::features)
      return wrong("block_bilinear: both inputs must be one vector a sample; pool or flatten them first");
    if (a.width() != b.width())
      return wrong("block_bilinear: both inputs must have the same width", a.width(), b.width());
    if (!cut(a).is_right()) return wrong("block_bilinear: chunks must be 1 to the width", chunks, a.width());
    if (cut(a).size() > 1024)
      return wrong("block_bilinear: a chunk has more than 1024 elements; take more chunks", cut(a).size());
    return features_of(a.width());
  }
  constexpr auto parameters(shape a, shape) const {
    const detail::chunking c = cut(a);
    const bool rest = c.rest_count() > 0 && c.rest() > 0;
    return parameter_list(cores("weight", c.count(), c.size()), biases("bias", c.count(), c.size()))
        .add_if(rest, cores("last_weight", c.rest_count(), c.rest()))
        .add_if(rest, biases("last_bias", c.rest_count(), c.rest()));
  }
  constexpr extents scratch(shape a, shape) const {
    const int n = cut(a).size();
    return {.fixed = transposed_panel_size(n, n * n), .per_sample = 1LL * n * n};
  }
  constexpr long long multiply_adds(shape a, shape) const {
    long long n = 0;
    for (int k = 0; k < chunks; ++k) n += (cut(a).size_of(k) + 1LL) * cut(a).size_of(k) * cut(a).size_of(k);
    return n;
  }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, out<C> y) const noexcept {
    each_chunk(a.shape(), [&](int first, int at, index begin, index n) {
      C::kernels::product(outer<C>(c, a, b, begin, n), c.weight(first, at), {c.values(first + 1) + at * n},
                          detail::columns_of(y.as_samples(), begin, n));
    });
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    using T = typename C::scalar;
    each_chunk(a.shape(), [&](int first, int at, index begin, index n) {
      const matrix<const T> upper = detail::columns_of(dy.as_samples(), begin, n);
      if (c.gradients) {
        C::kernels::product_weight_gradient(upper, outer<C>(c, a, b, begin, n), c.weight_gradient(first, at));
        C::kernels::add_column_sums(upper, c.gradient(first + 1) + at * n);
      }
      if (!da && !db) return;
      const matrix<T> d{c.scratch(), dy.samples, n * n, n * n};
      C::kernels::fill(d, T(0));
      C::kernels::product_input_gradient(upper, c.weight(first, at), d, c.scratch_fixed());
      for (index s = 0; s < dy.samples; ++s) {
        if (!a.present(s) || !b.present(s)) continue;
        const strided<const T> of_sample{d.row(s), 0, n, 1};
        if (da)
          C::kernels::batched_product(1, n, 1, n, of_sample, {b.sample(s) + begin, 0, 1, 1},
                                      strided<T>{da.sample(s) + begin, 0, 1, 1}, 1, true);
        if (db)
          C::kernels::batched_product(1, 1, n, n, {a.sample(s) + begin, 0, 0, 1}, of_sample,
                                      strided<T>{db.sample(s) + begin, 0, 0, 1}, 1, true);
      }
    });
  }

 private:
  constexpr detail::chunking cut(const shape& x) const { return {x.width(), chunks}; }
  static constexpr parameter cores(const char* called, int count, int size) {
    parameter p = weight_matrices(called, count, size, size * size);
    p.rank = 4;
    p.extent[2] = p.extent[3] = size;
    p.fan_in = size;
    return p;
  }
  static constexpr parameter biases(const char* called, int count, int size) {
    parameter p = bias_of(called, size, size);
    p.rank = 2;
    p.extent[0] = count;
    p.extent[1] = size;
    return p;
  }
  template <class F>
  void each_chunk(const shape& x, F f) const noexcept {
    const detail::chunking c = cut(x);
    for (int k = 0; k < chunks; ++k) {
      const bool last = k >= c.count();
      if (c.size_of(k) > 0) f(last ? 2 : 0, last ? k - c.count() : k, index{c.begin_of(k)}, index{c.size_of(k)});
    }
  }
  // The outer products of one chunk of all samples, in scratch; zeros where either is absent.
  template <class C>
  static matrix<const typename C::scalar> outer(C& c, in<C> a, in<C> b, index begin, index n) noexcept {
    using T = typename C::scalar;
    const matrix<T> to{c.scratch(), a.samples, n * n, n * n};
    C::kernels::batched_product(a.samples, n, n, 1, {a.data + begin, a.stride, 1, 0}, {b.data + begin, b.stride, 0, 1},
                                strided<T>{to.data, to.stride, n, 1}, 1, false);
    for (index s = 0; s < a.samples; ++s)
      if (!a.present(s) || !b.present(s)) C::kernels::fill(matrix<T>{to.row(s), 1, n * n, n * n}, T(0));
    return to;
  }
};

}  // namespace tectum
