// A full bilinear form of each chunk of two vectors, and the multilinear one of more.
#pragma once

#include <tectum/operators/fusion/chunks.hpp>
#include <tectum/operators/fusion/outer.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// y_ck = x0_cᵀ W_ck x1_c + b_ck for each chunk c: the core of block-term decompositions (Ben-Younes et al. 2019); of
// more vectors the multilinear form of each chunk, as tt::bilinear has it. An absent modality counts as a zero vector,
// so that only the bias is left.
//   chunks: of ceil(n / chunks), the last one shorter.
//   [n], [n], ... -> [n]: 2 to 8 vectors, the outer product of a chunk at most 2^20; weight [chunks, size, size, size],
//   of more than two vectors [chunks, size, size size ..], bias [chunks, size]; where the last chunks are shorter,
//   theirs are last_weight and last_bias
// Costs the outer product of a chunk in scratch for each sample.
struct block_bilinear {
  int chunks;

  static constexpr const char* name = "block_bilinear";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    if (x.size() < 2 || x.size() > detail::factors<int>::most)
      return wrong("block_bilinear: expected 2 to 8 inputs", x.size());
    for (const shape& s : x)
      if (s.kind != kind::features)
        return wrong("block_bilinear: every input must be one vector a sample; pool or flatten it first");
    for (const shape& s : x)
      if (s.width() != x[0].width())
        return wrong("block_bilinear: all inputs must have the same width", x[0].width(), s.width());
    if (!cut(x).is_right()) return wrong("block_bilinear: chunks must be 1 to the width", chunks, x[0].width());
    long long size = 1;
    for (int k = 0; k < x.size() && size <= (1 << 20); ++k) size *= cut(x).size();
    if (size > (1 << 20))
      return wrong("block_bilinear: the outer product of a chunk has more than 2^20 elements; take more chunks",
                   cut(x).size(), x.size());
    return features_of(x[0].width());
  }
  constexpr auto parameters(range<shape> x) const {
    const detail::chunking c = cut(x);
    const bool rest = c.rest_count() > 0 && c.rest() > 0;
    const int n = x.size();
    return parameter_list(cores("weight", c.count(), c.size(), n), biases("bias", c.count(), c.size()))
        .add_if(rest, cores("last_weight", c.rest_count(), c.rest(), n))
        .add_if(rest, biases("last_bias", c.rest_count(), c.rest()));
  }
  constexpr extents scratch(range<shape> x) const {
    const int n = cut(x).size();
    return {.fixed = transposed_panel_size(n, power(n, x.size())),
            .per_sample = detail::outer_room(x.size(), [n](int) { return n; })};
  }
  constexpr long long multiply_adds(range<shape> x) const {
    long long all = 0;
    for (int k = 0; k < chunks; ++k) {
      const int n = cut(x).size_of(k);
      all += n * power(n, x.size()) + detail::outer_room(x.size(), [n](int) { return n; });
    }
    return all;
  }

  template <class C>
  void forward(C& c, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    each_chunk(xs[0].width(), [&](int first, int at, index begin, index n) {
      const matrix<const T> all =
          detail::outer_products<typename C::kernels>(xs, detail::factors_of(xs, begin, n), c.scratch());
      C::kernels::product(all, c.weight(first, at), {c.values(first + 1) + at * n},
                          detail::columns_of(y.as_samples(), begin, n));
    });
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    each_chunk(xs[0].width(), [&](int first, int at, index begin, index n) {
      const matrix<const T> upper = detail::columns_of(dy.as_samples(), begin, n);
      const auto x = detail::factors_of(xs, begin, n);
      const matrix<T> d = detail::outer_products<typename C::kernels>(xs, x, c.scratch());
      if (c.gradients) {
        C::kernels::product_weight_gradient(upper, matrix<const T>(d), c.weight_gradient(first, at));
        C::kernels::add_column_sums(upper, c.gradient(first + 1) + at * n);
      }
      if (!detail::any_wanted(dxs)) return;
      C::kernels::fill(d, T(0));
      C::kernels::product_input_gradient(upper, c.weight(first, at), d, c.scratch_fixed());
      detail::outer_gradients<typename C::kernels>(xs, x, d, detail::factors_of(dxs, begin, n));
    });
  }

 private:
  static constexpr long long power(long long n, int exponent) {
    long long all = 1;
    for (int k = 0; k < exponent; ++k) all *= n;
    return all;
  }
  constexpr detail::chunking cut(range<shape> x) const { return {x[0].width(), chunks}; }
  static constexpr parameter cores(const char* called, int count, int size, int inputs) {
    parameter p = weight_matrices(called, count, size, static_cast<int>(power(size, inputs)));
    if (inputs == 2) {
      p.rank = 4;
      p.extent[2] = p.extent[3] = size;
    }
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
  void each_chunk(index width, F f) const noexcept {
    const detail::chunking c{static_cast<int>(width), chunks};
    for (int k = 0; k < chunks; ++k) {
      const bool last = k >= c.count();
      if (c.size_of(k) > 0) f(last ? 2 : 0, last ? k - c.count() : k, index{c.begin_of(k)}, index{c.size_of(k)});
    }
  }
};

}  // namespace tectum
