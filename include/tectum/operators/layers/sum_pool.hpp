// A sequence in one row: the sum of its valid tokens.
#pragma once

#include <tectum/operators/layers/mean_pool.hpp>

namespace tectum::inline TECTUM_ABI {

// The sum of the valid tokens; of none, zeros.   [length, n] -> [n]
inline constexpr struct sum_pool_operator {
  static constexpr const char* name = "sum_pool";
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) { return detail::one_row_of(x, "sum_pool: the input must be a sequence"); }
  template <class C>
  static void forward(C&, in<C> x, out<C> y) noexcept {
    for (index b = 0; b < x.samples; ++b) detail::sum_valid_tokens<C>(x, b, detail::row_of(y.sample(b), y.width()));
  }
  template <class C>
  static void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) noexcept {
    using T = typename C::scalar;
    for (index b = 0; dx && b < x.samples; ++b)
      detail::each_valid_run(x, b, [&](index begin, index count) {
        C::kernels::add(matrix<const T>{dy.sample(b), count, dy.width(), 0},
                        detail::rows_of(dx.sample_rows(b), begin, count));
      });
  }
} sum_pool;

}  // namespace tectum
