// The sum of the modalities' class scores, each weighed by how sure it is.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y = sum over k of c_k x_k, c_k = log(sum of exp(x_k)) / temperature, the negative energy of each modality's scores
// (QMF: Zhang et al. 2023).
//   temperature (10): more than 0; detached (true): whether the weights count as constants in the backward pass, as
//   published.
//   [classes], [classes], ... -> [classes]
// An absent modality is left out; where all are absent y is 0. Weights do not sum to 1 and may be negative.
struct energy_weighted_sum {
  double temperature = 10;
  bool detached = true;

  static constexpr const char* name = "energy_weighted_sum";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    if (!(temperature > 0)) return wrong("energy_weighted_sum: temperature must be more than 0");
    for (const shape& s : x)
      if (s.kind != kind::features)
        return wrong("energy_weighted_sum: every input must be one vector of class scores a sample");
    return detail::elementwise_shape(x, "energy_weighted_sum: ids are not scores; put an embedding before it",
                                     "energy_weighted_sum: all modalities must score the same classes",
                                     "energy_weighted_sum: scores are one vector a sample");
  }
  // The shares of the classes in one sample's energy.
  constexpr extents scratch(range<shape> x) const { return {.fixed = detached ? 0 : x[0].size()}; }
  constexpr long long multiply_adds(range<shape> x) const { return 1LL * x.size() * x[0].size(); }

  template <class C>
  void forward(C&, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    C::kernels::fill(y.as_samples(), T(0));
    for (const in<C>& x : xs)
      for (index b = 0; b < y.samples; ++b)
        if (x.present(b)) C::kernels::scale_add(weight<C>(x, b), row(x, b), row(y, b));
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const index n = dy.width();
    for (int k = 0; k < xs.size(); ++k)
      for (index b = 0; dxs[k] && b < dy.samples; ++b) {
        if (!xs[k].present(b)) continue;
        C::kernels::scale_add(weight<C>(xs[k], b), row(dy, b), row(dxs[k], b));
        if (detached) continue;
        const matrix<T> share{c.scratch_fixed(), 1, n, n};
        C::kernels::softmax(n, xs[k].sample(b), nullptr, share.data);
        C::kernels::scale_add(C::kernels::dot(n, dy.sample(b), xs[k].sample(b)) / static_cast<T>(temperature),
                              matrix<const T>(share), row(dxs[k], b));
      }
  }

 private:
  template <class C>
  typename C::scalar weight(const in<C>& x, index b) const noexcept {
    return C::kernels::log_sum_exp(x.width(), x.sample(b)) / static_cast<typename C::scalar>(temperature);
  }
  template <class T>
  static matrix<T> row(const view<T>& x, index b) noexcept {
    return {x.sample(b), 1, x.width(), x.width()};
  }
};

}  // namespace tectum
