// Layer normalisation.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis (Ba et al. 2016), variance over n.
//   epsilon (1e-5); affine (true): with learned weight and bias, ones and zeros at first.   [..., n] -> [..., n]
struct layer_norm {
  float epsilon = 1e-5f;
  bool affine = true;

  static constexpr const char* name = "layer_norm";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("layer_norm: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("layer_norm: a loss has nothing to normalise");
    if (!(epsilon > 0)) return wrong("layer_norm: epsilon must be greater than 0");
    return x;
  }
  constexpr auto parameters(shape x) const {
    return parameter_list()
        .add_if(affine, vector_of("weight", x.width(), role::scale).initialised(initial::ones))
        .add_if(affine, vector_of("bias", x.width()));
  }
  // Mean and inverse deviation of each row.
  constexpr extents saved(shape x) const { return {.per_sample = 2LL * x.rows()}; }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const matrix<const T> rows = x.as_rows();
    C::kernels::normalize_rows(rows, static_cast<T>(epsilon), affine ? c.values(0) : nullptr,
                               affine ? c.values(1) : nullptr, y.as_rows(), c.saved(), c.saved() + rows.rows);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const matrix<const T> rows = x.as_rows();
    T* const scale_gradient = affine ? c.gradient(0) : nullptr;
    T* const shift_gradient = affine ? c.gradient(1) : nullptr;
    detail::each_valid_rows(x, [&](index begin, index count) {
      C::kernels::normalize_rows_gradient(
          detail::rows_of(rows, begin, count), c.saved() + begin, c.saved() + rows.rows + begin,
          affine ? c.values(0) : nullptr, detail::rows_of(dy.as_rows(), begin, count),
          dx ? detail::rows_of(dx.as_rows(), begin, count) : matrix<T>{}, scale_gradient, shift_gradient);
    });
  }
};

}  // namespace tectum
