// The full bilinear form of two vectors, and the multilinear one of more.
#pragma once

#include <tectum/operators/fusion/outer.hpp>

namespace tectum::inline TECTUM_ABI {

// y_k = x0ᵀ W_k x1 + b_k (Tenenbaum and Freeman 2000; torch.nn.Bilinear), of more vectors the multilinear form
// y_k = sum of W_kij.. x0_i x1_j .. + b_k. An absent modality counts as a zero vector, so that only the bias is left.
//   features: width of the result; bias (true).
//   [n0], [n1], ... -> [features]: 2 to 8 vectors, n0 n1 .. at most 2^24; weight [features, n0, n1], of three vectors
//   [features, n0, n1, n2], of more [features, n0 n1 ..]
// Costs n0 n1 .. elements of scratch a sample.
struct bilinear {
  int features;
  bool bias = true;

  static constexpr const char* name = "bilinear";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool takes_epilogue = true, strided_output = true;

  constexpr shape infer(range<shape> x) const {
    if (features < 1) return wrong("bilinear: features must be 1 or more", features);
    if (x.size() < 2 || x.size() > detail::factors<int>::most)
      return wrong("bilinear: expected 2 to 8 inputs", x.size());
    long long size = 1;
    for (const shape& s : x) {
      if (s.kind != kind::features)
        return wrong("bilinear: every input must be one vector a sample; pool or flatten it first");
      size *= s.width();
      if (size > (1 << 24))
        return wrong("bilinear: the outer product has more than 2^24 elements; use tt::mlb or tt::low_rank_fusion",
                     size);
    }
    return features_of(features);
  }
  constexpr auto parameters(range<shape> x) const {
    parameter w = weight_matrix("weight", features, static_cast<int>(products(x)));
    if (x.size() <= 3) {
      w.rank = 1 + x.size();
      for (int k = 0; k < x.size(); ++k) w.extent[1 + k] = x[k].width();
    }
    w.fan_in = x[0].width();
    return parameter_list(w).add_if(bias, bias_of("bias", features, x[0].width()));
  }
  constexpr extents scratch(range<shape> x) const {
    return {.fixed = transposed_panel_size(features, products(x)), .per_sample = room(x)};
  }
  constexpr long long multiply_adds(range<shape> x) const { return features * products(x) + room(x); }

  template <class C>
  void forward(C& c, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    const matrix<const T> all = detail::outer_products<typename C::kernels>(xs, detail::factors_of(xs), c.scratch());
    C::kernels::product(all, c.weight(0), c.finish(bias ? c.values(1) : nullptr), y.as_rows());
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const auto x = detail::factors_of(xs);
    const matrix<T> d = detail::outer_products<typename C::kernels>(xs, x, c.scratch());
    if (c.gradients) {
      C::kernels::product_weight_gradient(dy.as_rows(), matrix<const T>(d), c.weight_gradient(0));
      if (bias) C::kernels::add_column_sums(dy.as_rows(), c.gradient(1));
    }
    if (!detail::any_wanted(dxs)) return;
    C::kernels::fill(d, T(0));
    C::kernels::product_input_gradient(dy.as_rows(), c.weight(0), d, c.scratch_fixed());
    detail::outer_gradients<typename C::kernels>(xs, x, d, detail::factors_of(dxs));
  }

 private:
  static constexpr long long products(range<shape> x) {
    long long n = 1;
    for (const shape& s : x) n *= s.width();
    return n;
  }
  static constexpr long long room(range<shape> x) {
    return detail::outer_room(x.size(), [&](int k) { return x[k].width(); });
  }
};

}  // namespace tectum
