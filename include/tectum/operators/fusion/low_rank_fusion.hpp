// Low-rank multimodal fusion: tensor fusion and a linear layer on it, with the weight as a sum of products.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y_k = sum over r of w_r ([1; x0] W0_r)_k ([1; x1] W1_r)_k ... + b_k (LMF: Liu, Shen et al. 2018). An absent modality
// counts as a zero vector, so that the constant's row of its factor is left.
//   rank: terms of the sum; features: width of the result.
//   [n0], [n1], ... -> [features]; factor.0 [rank, n0 + 1, features] (row 0 belongs to the constant 1), factor.1, ...,
//   fusion_weights [rank], fusion_bias [features]
struct low_rank_fusion {
  int rank, features;

  static constexpr const char* name = "low_rank_fusion";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    if (rank < 1 || features < 1) return wrong("low_rank_fusion: rank and features must be 1 or more", rank, features);
    for (const shape& s : x)
      if (s.kind != kind::features)
        return wrong("low_rank_fusion: every input must be one vector a sample; pool or flatten it first");
    return features_of(features);
  }
  // Initial values as published: xavier_normal on three axes, whose fans count the last axis on both sides.
  constexpr auto parameters(range<shape> x) const {
    parameter_list all;
    for (int k = 0; k < x.size(); ++k) {
      const int n = x[k].width() + 1;
      parameter p = weight_matrices("factor", rank, features, n).numbered(k).initialised(initial::xavier_normal);
      p.extent[1] = n;
      p.extent[2] = features;
      p.out_step = 1;
      p.in_step = features;
      p.fan_in = n * features;
      p.fan_out = rank * features;
      all.add(p);
    }
    parameter weights = vector_of("fusion_weights", rank, role::weight).initialised(initial::xavier_normal);
    weights.fan_out = 1;
    return all.add(weights).add(vector_of("fusion_bias", features));
  }
  // Every factor of every term: [modalities, samples, rank, features].
  constexpr extents saved(range<shape> x) const { return {.per_sample = 1LL * x.size() * rank * features}; }
  // The products or a factor's gradient, and [1; x] or its gradient.
  constexpr extents scratch(range<shape> x) const {
    int widest = 0;
    for (const shape& s : x)
      if (s.width() > widest) widest = s.width();
    return {.fixed = transposed_panel_size(rank * features, widest + 1),
            .per_sample = 1LL * rank * features + widest + 1};
  }
  constexpr long long multiply_adds(range<shape> x) const {
    long long n = 1LL * rank * features;
    for (const shape& s : x) n += 1LL * rank * features * (s.width() + 1);
    return n;
  }

  template <class C>
  void forward(C& c, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    const int n = xs.size();
    for (int k = 0; k < n; ++k) {
      const matrix<const T> x = with_constant<C>(c, xs[k]);
      const matrix<T> f = factor(c, k, y.samples);
      for (int r = 0; r < together(); ++r) C::kernels::product(x, weights(c.weight(k, r)), {}, part(f, r));
    }
    const matrix<const T> all = products(c, n, y.samples);
    const matrix<const T> b{c.values(n + 1), y.samples, features, 0};
    for (int r = 0; r < rank; ++r) {
      const T w = c.values(n)[r];
      const auto add = [=](auto base, auto p) { return fma(decltype(p)(w), p, base); };
      C::kernels::map(y.as_rows(), add, r == 0 ? b : matrix<const T>(y.as_rows()), term(all, r));
    }
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const int n = xs.size();
    const index samples = dy.samples;
    if (c.gradients) {
      const matrix<const T> all = products(c, n, samples);
      T* const dw = c.gradient(n);
      for (index b = 0; b < samples; ++b)
        for (int r = 0; r < rank; ++r) dw[r] += C::kernels::dot(features, dy.sample(b), all.row(b) + r * features);
      C::kernels::add_column_sums(dy.as_rows(), c.gradient(n + 1));
    }
    for (int k = 0; k < n; ++k) {
      if (!c.gradients && !dxs[k]) continue;
      const matrix<T> d = room(c, samples);
      for (int r = 0; r < rank; ++r) {
        const T w = c.values(n)[r];
        C::kernels::map(
            matrix<T>{d.data + r * features, samples, features, d.stride}, [=](auto g) { return decltype(g)(w) * g; },
            dy.as_rows());
      }
      for (int j = 0; j < n; ++j)
        if (j != k) C::kernels::map(d, times, matrix<const T>(d), matrix<const T>(factor(c, j, samples)));
      if (c.gradients) {
        const matrix<const T> x = with_constant<C>(c, xs[k]);
        for (int r = 0; r < together(); ++r)
          C::kernels::product_weight_gradient(part(d, r), x, weights(c.weight_gradient(k, r)));
      }
      if (dxs[k]) {
        const index width = xs[k].width();
        const matrix<T> dx{d.data + samples * d.stride, samples, width + 1, width + 1};
        C::kernels::fill(dx, T(0));
        for (int r = 0; r < together(); ++r)
          C::kernels::product_input_gradient(part(d, r), weights(c.weight(k, r)), dx, c.scratch_fixed());
        detail::each_present_run(xs[k], [&](index begin, index end) {
          C::kernels::add(matrix<const T>{dx.row(begin) + 1, end - begin, width, dx.stride},
                          matrix<T>{dxs[k].sample(begin), end - begin, width, dxs[k].stride});
        });
      }
    }
  }

 private:
  static constexpr auto times = [](auto a, auto b) { return a * b; };

  // Whole panels: the matrices of all terms lie one behind the other and are one wide matrix.
  constexpr bool one_product() const { return features % panel_width == 0; }
  constexpr int together() const { return one_product() ? 1 : rank; }
  template <class T>
  packed<T> weights(packed<T> w) const noexcept {
    if (one_product()) w.out *= rank;
    return w;
  }
  template <class T>
  matrix<T> part(matrix<T> m, int r) const noexcept {
    return one_product() ? m : matrix<T>{m.data + r * features, m.rows, features, m.stride};
  }
  template <class T>
  matrix<T> term(matrix<T> m, int r) const noexcept {
    return {m.data + r * features, m.rows, features, m.stride};
  }

  template <class C>
  matrix<typename C::scalar> factor(C& c, int k, index samples) const noexcept {
    const index width = index{rank} * features;
    return {c.saved() + k * samples * width, samples, width, width};
  }
  template <class C>
  matrix<typename C::scalar> room(C& c, index samples) const noexcept {
    const index width = index{rank} * features;
    return {c.scratch(), samples, width, width};
  }
  // [1; x], with zeros in the place of what is absent, behind the room of the products.
  template <class C>
  matrix<const typename C::scalar> with_constant(C& c, in<C> x) const noexcept {
    using T = typename C::scalar;
    const index n = x.width();
    const matrix<T> to{c.scratch() + x.samples * rank * features, x.samples, n + 1, n + 1};
    for (index b = 0; b < x.samples; ++b) *to.row(b) = T(1);
    if (x.mask) C::kernels::fill(matrix<T>{to.data + 1, x.samples, n, n + 1}, T(0));
    detail::each_present_run(x, [&](index begin, index end) {
      C::kernels::copy(matrix<const T>{x.sample(begin), end - begin, n, x.stride},
                       matrix<T>{to.row(begin) + 1, end - begin, n, n + 1});
    });
    return to;
  }
  template <class C>
  matrix<const typename C::scalar> products(C& c, int n, index samples) const noexcept {
    using T = typename C::scalar;
    const matrix<T> all = room(c, samples);
    C::kernels::copy(factor(c, 0, samples), all);
    for (int k = 1; k < n; ++k)
      C::kernels::map(all, times, matrix<const T>(all), matrix<const T>(factor(c, k, samples)));
    return all;
  }
};

}  // namespace tectum
