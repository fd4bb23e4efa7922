// Low-rank bilinear pooling: a product of projections.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y = P (a(W0 x0 + b0) * a(W1 x1 + b1) * ...) + b, the products element by element (MLB: Kim et al. 2017, with tanh;
// here for any number of modalities). An absent modality's factor is 1; where all are absent only the bias b is left.
//   rank: width of the joint space; features: width of the result; act (tanh): identity, relu, tanh, sigmoid, elu or
//   leaky_relu; bias (true): of all products.
//   [n0], [n1], ... -> [features]; weight.0 [rank, n0], bias.0, weight.1, ..., output_weight [features, rank],
//   output_bias
struct mlb {
  int rank, features;
  activation act = activation::tanh;
  bool bias = true;

  static constexpr const char* name = "mlb";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool takes_epilogue = true, strided_output = true;

  constexpr shape infer(range<shape> x) const {
    if (rank < 1 || features < 1) return wrong("mlb: rank and features must be 1 or more", rank, features);
    if (!has_gradient_from_output(act))
      return wrong("mlb: act must be identity, relu, tanh, sigmoid, elu or leaky_relu");
    for (const shape& s : x)
      if (s.kind != kind::features)
        return wrong("mlb: every input must be one vector a sample; pool or flatten it first");
    return features_of(features);
  }
  constexpr auto parameters(range<shape> x) const {
    parameter_list all;
    for (int k = 0; k < x.size(); ++k)
      all.add(weight_matrix("weight", rank, x[k].width()).numbered(k))
          .add_if(bias, bias_of("bias", rank, x[k].width()).numbered(k));
    return all.add(weight_matrix("output_weight", features, rank)).add_if(bias, bias_of("output_bias", features, rank));
  }
  // Every factor: [modalities, samples, rank].
  constexpr extents saved(range<shape> x) const { return {.per_sample = 1LL * x.size() * rank}; }
  // The product, its gradient, and an input with zeros where it is absent.
  constexpr extents scratch(range<shape> x) const {
    long long selected = 0;
    for (const shape& s : x)
      if (detail::selected_size(s) > selected) selected = detail::selected_size(s);
    return {.fixed = transposed_panel_size(rank > features ? rank : features, rank),
            .per_sample = 2LL * rank + selected};
  }
  constexpr long long multiply_adds(range<shape> x) const {
    long long n = 1LL * features * rank;
    for (const shape& s : x) n += 1LL * rank * s.width();
    return n;
  }

  template <class C>
  void forward(C& c, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    const int each = bias ? 2 : 1, last = each * xs.size();
    for (int k = 0; k < xs.size(); ++k) {
      const matrix<T> f = factor(c, k, y.samples);
      C::kernels::product(xs[k].as_rows(), c.weight(each * k), {bias ? c.values(each * k + 1) : nullptr, act}, f);
      if (xs[k].mask)
        for (index b = 0; b < y.samples; ++b)
          if (!xs[k].present(b)) C::kernels::fill(matrix<T>{f.row(b), 1, rank, rank}, T(1));
    }
    C::kernels::product(joint(c, xs, y.samples), c.weight(last), c.finish(bias ? c.values(last + 1) : nullptr),
                        y.as_rows());
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const int each = bias ? 2 : 1, last = each * xs.size();
    const index samples = dy.samples;
    if (c.gradients) {
      C::kernels::product_weight_gradient(dy.as_rows(), joint(c, xs, samples), c.weight_gradient(last));
      if (bias) C::kernels::add_column_sums(dy.as_rows(), c.gradient(last + 1));
    }
    const matrix<T> d{c.scratch(), samples, rank, rank}, dz{d.data + samples * rank, samples, rank, rank};
    C::kernels::fill(dz, T(0));
    C::kernels::product_input_gradient(dy.as_rows(), c.weight(last), dz, c.scratch_fixed());
    for (int k = 0; k < xs.size(); ++k) {
      if (!c.gradients && !dxs[k]) continue;
      // The factor's gradient: all other factors, times the activation's own derivative.
      C::kernels::map(
          d, [a = act](auto g, auto f) { return g * activation_gradient_from_output(a, f); }, matrix<const T>(dz),
          matrix<const T>(factor(c, k, samples)));
      for (int j = 0; j < xs.size(); ++j)
        if (j != k) C::kernels::map(d, times, matrix<const T>(d), matrix<const T>(factor(c, j, samples)));
      if (xs[k].mask)
        for (index b = 0; b < samples; ++b)
          if (!xs[k].present(b)) C::kernels::fill(matrix<T>{d.row(b), 1, rank, rank}, T(0));
      if (c.gradients) {
        C::kernels::product_weight_gradient(d,
                                            detail::selected_rows<typename C::kernels>(xs[k], dz.data + samples * rank),
                                            c.weight_gradient(each * k));
        if (bias) C::kernels::add_column_sums(d, c.gradient(each * k + 1));
      }
      if (dxs[k]) C::kernels::product_input_gradient(d, c.weight(each * k), dxs[k].as_rows(), c.scratch_fixed());
    }
  }

 private:
  static constexpr auto times = [](auto a, auto b) { return a * b; };

  template <class C>
  matrix<typename C::scalar> factor(C& c, int k, index samples) const noexcept {
    return {c.saved() + k * samples * rank, samples, rank, rank};
  }
  // The product of all factors, in scratch; zeros where every modality is absent.
  template <class C>
  matrix<const typename C::scalar> joint(C& c, inputs<C> xs, index samples) const noexcept {
    using T = typename C::scalar;
    const matrix<T> z{c.scratch(), samples, rank, rank};
    C::kernels::copy(factor(c, 0, samples), z);
    for (int k = 1; k < xs.size(); ++k)
      C::kernels::map(z, times, matrix<const T>(z), matrix<const T>(factor(c, k, samples)));
    if (detail::any_masked(xs))
      for (index b = 0; b < samples; ++b) {
        bool any = false;
        for (const in<C>& x : xs) any = any || x.present(b);
        if (!any) C::kernels::fill(matrix<T>{z.row(b), 1, rank, rank}, T(0));
      }
    return z;
  }
};

}  // namespace tectum
