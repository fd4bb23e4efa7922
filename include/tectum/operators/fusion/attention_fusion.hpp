// Modalities weighed by attention of the sample to them.
#pragma once

#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// y = sum of a_k (W_k x_k + b_k), with one weight a modality, a = softmax(A [x0, x1, ...] + c) (the attention fusion of
// TorchMultimodal, 2022).
//   features (0): width of the result, 0 for that of the narrowest input.
//   [n0], [n1], ... -> [features]; weight.0 [features, n0], bias.0, weight.1, ..., attention_weight [inputs, n0 + n1 +
//   ...], attention_bias
// An absent modality is zeros in what the attention sees, its weight is 0 and the others sum to 1; where all are absent
// y is 0.
struct attention_fusion {
  int features = 0;

  static constexpr const char* name = "attention_fusion";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    if (features < 0) return wrong("attention_fusion: features must be 1 or more, or 0 for the narrowest", features);
    for (const shape& s : x)
      if (s.kind != kind::features)
        return wrong("attention_fusion: every input must be one vector a sample; pool or flatten it first");
    return features_of(out(x));
  }
  constexpr auto parameters(range<shape> x) const {
    parameter_list all;
    for (int k = 0; k < x.size(); ++k)
      all.add(weight_matrix("weight", out(x), x[k].width()).numbered(k))
          .add(bias_of("bias", out(x), x[k].width()).numbered(k));
    return all.add(weight_matrix("attention_weight", x.size(), joined(x)))
        .add(bias_of("attention_bias", x.size(), joined(x)));
  }
  // All inputs in one row, their projections, the weights.
  constexpr extents saved(range<shape> x) const { return {.per_sample = joined(x) + 1LL * x.size() * (out(x) + 1)}; }
  // Gradients of the row, of the weights and of the scores, of a projection.
  constexpr extents scratch(range<shape> x) const {
    return {.fixed = transposed_panel_size(out(x) > x.size() ? out(x) : x.size(), 1),
            .per_sample = joined(x) + 2LL * x.size() + out(x)};
  }
  constexpr long long multiply_adds(range<shape> x) const {
    return 1LL * joined(x) * (out(x) + x.size()) + 1LL * out(x) * x.size();
  }

  template <class C>
  void forward(C& c, inputs<C> xs, tectum::out<C> y) const noexcept {
    using T = typename C::scalar;
    const int n = xs.size();
    const places<C> p(c, xs, y.samples, y.width());
    for (int k = 0, column = 0; k < n; ++k) {
      const matrix<T> to = detail::columns_of(p.row, column, xs[k].width());
      if (xs[k].mask) C::kernels::fill(to, T(0));
      detail::each_present_run(xs[k], [&](index begin, index end) {
        C::kernels::copy(detail::rows_of(xs[k].as_rows(), begin, end - begin), detail::rows_of(to, begin, end - begin));
      });
      C::kernels::product(matrix<const T>(to), c.weight(2 * k), {c.values(2 * k + 1)}, p.projected(k));
      column += static_cast<int>(xs[k].width());
    }
    C::kernels::product(matrix<const T>(p.row), c.weight(2 * n), {c.values(2 * n + 1)}, p.weights);
    const matrix<T> to = y.as_rows();
    C::kernels::fill(to, T(0));
    for (index b = 0; b < y.samples; ++b) {
      std::uint8_t there[most_inputs]{};
      for (int k = 0; k < n; ++k) there[k] = xs[k].present(b) ? 1 : 0;
      C::kernels::softmax(n, static_cast<const T*>(p.weights.row(b)), there, p.weights.row(b));
      for (int k = 0; k < n; ++k)
        if (there[k])
          C::kernels::scale_add(p.weights(b, k), matrix<const T>(detail::rows_of(p.projected(k), b, 1)),
                                detail::rows_of(to, b, 1));
    }
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const int n = xs.size();
    const index samples = dy.samples, width = dy.width();
    const places<C> p(c, xs, samples, width);
    const matrix<T> d_row{c.scratch(), samples, p.row.columns, p.row.columns};
    const matrix<T> d_weights{d_row.data + samples * d_row.stride, samples, n, n};
    const matrix<T> d_scores{d_weights.data + samples * n, samples, n, n};
    const matrix<T> d{d_scores.data + samples * n, samples, width, width};
    C::kernels::fill(d_scores, T(0));
    for (index b = 0; b < samples; ++b) {
      for (int k = 0; k < n; ++k)
        d_weights(b, k) = xs[k].present(b)
                              ? C::kernels::dot(width, dy.sample(b), static_cast<const T*>(p.projected(k).row(b)))
                              : T(0);
      C::kernels::softmax_gradient(n, static_cast<const T*>(p.weights.row(b)), static_cast<const T*>(d_weights.row(b)),
                                   d_scores.row(b));
    }
    if (c.gradients) {
      C::kernels::product_weight_gradient(matrix<const T>(d_scores), matrix<const T>(p.row), c.weight_gradient(2 * n));
      C::kernels::add_column_sums(matrix<const T>(d_scores), c.gradient(2 * n + 1));
    }
    C::kernels::fill(d_row, T(0));
    C::kernels::product_input_gradient(matrix<const T>(d_scores), c.weight(2 * n), d_row, c.scratch_fixed());
    for (int k = 0, column = 0; k < n; ++k) {
      const matrix<const T> x = detail::columns_of(p.row, column, xs[k].width());
      const matrix<T> through = detail::columns_of(d_row, column, xs[k].width());
      column += static_cast<int>(xs[k].width());
      if (!c.gradients && !dxs[k]) continue;
      C::kernels::fill(d, T(0));
      for (index b = 0; b < samples; ++b)
        if (xs[k].present(b))
          C::kernels::scale_add(p.weights(b, k), detail::rows_of(dy.as_rows(), b, 1), detail::rows_of(d, b, 1));
      if (c.gradients) {
        C::kernels::product_weight_gradient(matrix<const T>(d), x, c.weight_gradient(2 * k));
        C::kernels::add_column_sums(matrix<const T>(d), c.gradient(2 * k + 1));
      }
      if (!dxs[k]) continue;
      C::kernels::product_input_gradient(matrix<const T>(d), c.weight(2 * k), dxs[k].as_rows(), c.scratch_fixed());
      detail::each_present_run(xs[k], [&](index begin, index end) {
        C::kernels::add(matrix<const T>(detail::rows_of(through, begin, end - begin)),
                        detail::rows_of(dxs[k].as_rows(), begin, end - begin));
      });
    }
  }

 private:
  static constexpr int joined(range<shape> x) {
    int n = 0;
    for (const shape& s : x) n += s.width();
    return n;
  }
  constexpr int out(range<shape> x) const {
    if (features > 0) return features;
    int n = x[0].width();
    for (const shape& s : x)
      if (s.width() < n) n = s.width();
    return n;
  }
  // Where forward leaves what backward reads.
  template <class C>
  struct places {
    using T = typename C::scalar;
    matrix<T> row, weights;
    T* projections;
    index width;
    places(C& c, inputs<C> xs, index samples, index features) : width(features) {
      index all = 0;
      for (const in<C>& x : xs) all += x.width();
      row = {c.saved(), samples, all, all};
      weights = {c.saved() + samples * all, samples, xs.size(), xs.size()};
      projections = weights.data + samples * xs.size();
    }
    matrix<T> projected(int k) const { return {projections + k * row.rows * width, row.rows, width, width}; }
  };
};

}  // namespace tectum
