// The full bilinear form of two vectors.
#pragma once

#include <tectum/kernels/strided.hpp>
#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y_k = x0ᵀ W_k x1 + b_k (Tenenbaum and Freeman 2000; torch.nn.Bilinear). An absent modality counts as a zero vector,
// so that only the bias is left.
//   features: width of the result; bias (true).   [n0], [n1] -> [features]; weight [features, n0, n1]
// Costs n0 n1 elements of scratch a sample.
struct bilinear {
  int features;
  bool bias = true;

  static constexpr const char* name = "bilinear";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool takes_epilogue = true, strided_output = true;

  constexpr shape infer(shape a, shape b) const {
    if (features < 1) return wrong("bilinear: features must be 1 or more", features);
    if (a.kind != kind::features || b.kind != kind::features)
      return wrong("bilinear: both inputs must be one vector a sample; pool or flatten them first");
    if (1LL * a.width() * b.width() > (1 << 24))
      return wrong("bilinear: the outer product of the inputs is too large; use tt::mlb or tt::low_rank_fusion",
                   a.width(), b.width());
    return features_of(features);
  }
  constexpr auto parameters(shape a, shape b) const {
    const int n = a.width() * b.width();
    parameter w = weight_matrix("weight", features, n);
    w.rank = 3;
    w.extent[1] = a.width();
    w.extent[2] = b.width();
    w.fan_in = a.width();
    return parameter_list(w).add_if(bias, bias_of("bias", features, a.width()));
  }
  constexpr extents scratch(shape a, shape b) const {
    return {.fixed = transposed_panel_size(features, a.width() * b.width()), .per_sample = 1LL * a.width() * b.width()};
  }
  constexpr long long multiply_adds(shape a, shape b) const { return (features + 1LL) * a.width() * b.width(); }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, out<C> y) const noexcept {
    C::kernels::product(outer<C>(c, a, b), c.weight(0), c.finish(bias ? c.values(1) : nullptr), y.as_rows());
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    using T = typename C::scalar;
    if (c.gradients) {
      C::kernels::product_weight_gradient(dy.as_rows(), outer<C>(c, a, b), c.weight_gradient(0));
      if (bias) C::kernels::add_column_sums(dy.as_rows(), c.gradient(1));
    }
    if (!da && !db) return;
    const index n = a.width(), m = b.width();
    const matrix<T> d{c.scratch(), dy.samples, n * m, n * m};
    C::kernels::fill(d, T(0));
    C::kernels::product_input_gradient(dy.as_rows(), c.weight(0), d, c.scratch_fixed());
    for (index s = 0; s < dy.samples; ++s) {
      if (!a.present(s) || !b.present(s)) continue;
      const strided<const T> of_sample{d.row(s), 0, m, 1};
      if (da)
        C::kernels::batched_product(1, n, 1, m, of_sample, {b.sample(s), 0, 1, 1}, strided<T>{da.sample(s), 0, 1, 1}, 1,
                                    true);
      if (db)
        C::kernels::batched_product(1, 1, m, n, {a.sample(s), 0, 0, 1}, of_sample, strided<T>{db.sample(s), 0, 0, 1}, 1,
                                    true);
    }
  }

 private:
  // The outer products of all samples in scratch: [samples, n0 n1], zeros where either is absent.
  template <class C>
  static matrix<const typename C::scalar> outer(C& c, in<C> a, in<C> b) noexcept {
    using T = typename C::scalar;
    const index n = a.width(), m = b.width();
    const matrix<T> to{c.scratch(), a.samples, n * m, n * m};
    C::kernels::batched_product(a.samples, n, m, 1, {a.data, a.stride, 1, 0}, {b.data, b.stride, 0, 1},
                                strided<T>{to.data, to.stride, m, 1}, 1, false);
    for (index s = 0; s < a.samples; ++s)
      if (!a.present(s) || !b.present(s)) C::kernels::fill(matrix<T>{to.row(s), 1, n * m, n * m}, T(0));
    return to;
  }
};

}  // namespace tectum
