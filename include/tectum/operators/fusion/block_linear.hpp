// A linear layer of each chunk of a vector.
#pragma once

#include <tectum/operators/fusion/chunks.hpp>
#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y_c = x_c W_cᵀ + b_c for each chunk c of x, rank times as wide: the merging layers of BLOCK (Ben-Younes et al.
// 2019).
//   chunks: of ceil(n / chunks), the last one shorter; rank: width of a chunk of the result, in chunks of x.
//   [..., n] -> [..., rank n]; weight [chunks, rank size, size], bias [chunks, rank size]; where the last chunks
//   are shorter, theirs are last_weight and last_bias
// Each token is by itself.
struct block_linear {
  int chunks, rank;

  static constexpr const char* name = "block_linear";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("block_linear: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("block_linear: a loss has no features");
    if (rank < 1) return wrong("block_linear: rank must be 1 or more", rank);
    if (!cut(x).is_right()) return wrong("block_linear: chunks must be 1 to the width", chunks, x.width());
    return x.with_width(rank * x.width());
  }
  constexpr auto parameters(shape x) const {
    const detail::chunking c = cut(x);
    const bool rest = c.rest_count() > 0 && c.rest() > 0;
    return parameter_list(weight_matrices("weight", c.count(), rank * c.size(), c.size()),
                          biases("bias", c.count(), c.size()))
        .add_if(rest, weight_matrices("last_weight", c.rest_count(), rank * c.rest(), c.rest()))
        .add_if(rest, biases("last_bias", c.rest_count(), c.rest()));
  }
  constexpr extents scratch(shape x) const {
    return {.fixed = transposed_panel_size(rank * cut(x).size(), cut(x).size())};
  }
  constexpr long long multiply_adds(shape x) const {
    long long n = 0;
    for (int k = 0; k < chunks; ++k) n += 1LL * rank * cut(x).size_of(k) * cut(x).size_of(k);
    return n * x.rows();
  }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    each_chunk(x.shape(), [&](int first, int at, index begin, index n) {
      C::kernels::product(detail::columns_of(x.as_rows(), begin, n), c.weight(first, at),
                          {c.values(first + 1) + at * rank * n},
                          detail::columns_of(y.as_rows(), rank * begin, rank * n));
    });
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    each_chunk(x.shape(), [&](int first, int at, index begin, index n) {
      const auto d = detail::columns_of(dy.as_rows(), rank * begin, rank * n);
      if (c.gradients)
        detail::each_valid_rows(x, [&](index row, index count) {
          const auto part = detail::rows_of(d, row, count);
          C::kernels::product_weight_gradient(part,
                                              detail::columns_of(detail::rows_of(x.as_rows(), row, count), begin, n),
                                              c.weight_gradient(first, at));
          C::kernels::add_column_sums(part, c.gradient(first + 1) + at * rank * n);
        });
      if (dx)
        C::kernels::product_input_gradient(d, c.weight(first, at), detail::columns_of(dx.as_rows(), begin, n),
                                           c.scratch_fixed());
    });
  }

 private:
  constexpr detail::chunking cut(const shape& x) const { return {x.width(), chunks}; }
  constexpr parameter biases(const char* called, int count, int size) const {
    parameter p = bias_of(called, rank * size, size);
    p.rank = 2;
    p.extent[0] = count;
    p.extent[1] = rank * size;
    return p;
  }
  // f(its weight's parameter, its place in there, first column, columns) for each chunk.
  template <class F>
  void each_chunk(const shape& x, F f) const noexcept {
    const detail::chunking c = cut(x);
    for (int k = 0; k < chunks; ++k) {
      const bool last = k >= c.count();
      if (c.size_of(k) > 0) f(last ? 2 : 0, last ? k - c.count() : k, index{c.begin_of(k)}, index{c.size_of(k)});
    }
  }
};

}  // namespace tectum
