// Softmax as a layer.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = exp(x) / sum of exp(x) over the last axis.   [..., n] -> [..., n]
// A classifier needs none before cross_entropy, which takes scores.
inline constexpr struct softmax_operator {
  static constexpr const char* name = "softmax";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::output;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) {
    if (x.holds_ids()) return wrong("softmax: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("softmax: a loss is one number");
    return x;
  }
  template <class C>
  static void forward(C&, in<C> x, out<C> y) noexcept {
    using T = typename C::scalar;
    const matrix<const T> from = x.as_rows();
    const matrix<T> to = y.as_rows();
    for (index r = 0; r < from.rows; ++r) C::kernels::softmax(from.columns, from.row(r), nullptr, to.row(r));
  }
  template <class C>
  static void backward(C&, in<C> x, in<C> y, in<C> dy, out<C> dx) noexcept {
    if (!dx) return;
    detail::each_valid_rows(x, [&](index begin, index count) {
      for (index r = begin; r < begin + count; ++r)
        C::kernels::softmax_gradient(y.width(), y.as_rows().row(r), dy.as_rows().row(r), dx.as_rows().row(r));
    });
  }
} softmax;

}  // namespace tectum
