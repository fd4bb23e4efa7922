// How little is known: what a Dirichlet distribution leaves to no class.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = C / sum of exp(x), the vacuity (uncertainty mass, doubt) of a Dirichlet distribution over C classes, given the
// logarithms x of its parameters as tt::dempster_shafer makes them (Sensoy et al. 2018): 1 without evidence, near 0
// with much.
//   [..., classes] -> [..., 1]: features or a sequence
// Each token is by itself: padding and absence go through.
inline constexpr struct vacuity_operator {
  static constexpr const char* name = "vacuity";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::both;

  static constexpr shape infer(shape x) {
    if (x.kind != kind::features && x.kind != kind::sequence)
      return wrong("vacuity: the parameters must be features, or a sequence of them");
    shape y = x;
    y.extent[x.rank - 1] = 1;
    return y;
  }
  // Expected probabilities of one token.
  static constexpr extents scratch(shape x) { return {.fixed = x.width()}; }
  static constexpr long long multiply_adds(shape) { return 0; }

  template <class C>
  static void forward(C&, in<C> x, out<C> y) noexcept {
    using T = typename C::scalar;
    const matrix<const T> from = x.as_rows();
    const matrix<T> to = y.as_rows();
    const T all = math::log(static_cast<T>(from.columns));
    for (index r = 0; r < from.rows; ++r)
      to(r, 0) = math::exp(all - C::kernels::log_sum_exp(from.columns, from.row(r)));
  }
  template <class C>
  static void backward(C& c, in<C> x, in<C> y, in<C> dy, out<C> dx) noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const matrix<const T> from = x.as_rows(), u = y.as_rows(), d = dy.as_rows();
    const matrix<T> to = dx.as_rows(), share = detail::row_of(c.scratch_fixed(), from.columns);
    detail::each_valid_rows(x, [&](index first, index count) {
      for (index r = first; r < first + count; ++r) {
        C::kernels::softmax(from.columns, from.row(r), nullptr, share.data);
        C::kernels::scale_add(-d(r, 0) * u(r, 0), matrix<const T>(share), detail::rows_of(to, r, 1));
      }
    });
  }
} vacuity;

}  // namespace tectum
