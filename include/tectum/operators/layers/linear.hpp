// A linear layer on the last axis.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x Wᵀ + b for each row of x.
//   features: width of the result; bias (true).   [..., n] -> [..., features]
struct linear {
  int features;
  bool bias = true;

  static constexpr const char* name = "linear";
  static constexpr auto masks = tokenwise;
  static constexpr bool takes_epilogue = true, strided_output = true;

  constexpr shape infer(shape x) const {
    if (features < 1) return wrong("linear: features must be 1 or more", features);
    if (x.holds_ids()) return wrong("linear: ids are not numbers to compute with; put an embedding before it");
    return x.with_width(features);
  }
  constexpr auto parameters(shape x) const {
    return parameter_list(weight_matrix("weight", features, x.width()))
        .add_if(bias, bias_of("bias", features, x.width()));
  }
  constexpr extents scratch(shape x) const { return {.fixed = transposed_panel_size(features, x.width())}; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    C::kernels::product(x.as_rows(), c.weight(0), c.finish(bias ? c.values(1) : nullptr), y.as_rows());
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (c.gradients)
      detail::each_valid_rows(x, [&](index first, index count) {
        const auto d = detail::rows_of(dy.as_rows(), first, count);
        C::kernels::product_weight_gradient(d, detail::rows_of(x.as_rows(), first, count), c.weight_gradient(0));
        if (bias) C::kernels::add_column_sums(d, c.gradient(1));
      });
    if (dx) C::kernels::product_input_gradient(dy.as_rows(), c.weight(0), dx.as_rows(), c.scratch_fixed());
  }
};

}  // namespace tectum
