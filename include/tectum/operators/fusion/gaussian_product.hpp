// The product of experts, each of them a Gaussian.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// The Gaussian that the product of N Gaussians is proportional to, element by element: its variance is 1 / sum of T_k,
// its mean sum of T_k mean_k times that, with T_k = 1 / (variance_k + epsilon) (Hinton 2002; MVAE: Wu and Goodman
// 2018).
//   log_variance (true): whether logarithms of variances come in and go out; prior (true): whether the standard normal
//   distribution is one of the experts; epsilon (1e-8): added to every variance.
//   mean0 [...], variance0 [...], mean1 [...], variance1 [...], ... -> mean [...] and variance [...]: values of one
//   shape, padded sequences with one mask
// An expert of whose two inputs one is absent is left out; where none is left the result is standard normal.
struct gaussian_product {
  bool log_variance = true, prior = true;
  double epsilon = 1e-8;

  static constexpr const char* name = "gaussian_product";
  static constexpr int arity = any_number, results = 2;
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::both;
  static constexpr bool strided_output = true;

  constexpr shapes infer(range<shape> x) const {
    if (x.size() % 2 != 0) {
      const shape odd = wrong("gaussian_product: the inputs are a mean and a variance of each expert", x.size());
      return {odd, odd};
    }
    if (!(epsilon >= 0)) {
      const shape negative = wrong("gaussian_product: epsilon must be 0 or more");
      return {negative, negative};
    }
    const shape y = detail::elementwise_shape(
        x, "gaussian_product: ids are not numbers to compute with; put an embedding before it",
        "gaussian_product: all inputs must have the same shape",
        "gaussian_product: either all sequences are padded or none is");
    return {y, y};
  }
  // Zeros, in the place of a gradient that nobody has.
  constexpr extents scratch(range<shape> x) const { return {.fixed = x[0].size()}; }
  constexpr long long multiply_adds(range<shape>) const { return 0; }

  template <class C>
  void forward(C&, inputs<C> xs, out<C> mean, out<C> variance) const noexcept {
    using T = typename C::scalar;
    const bool logs = log_variance;
    const T more = static_cast<T>(epsilon);
    detail::each_part(xs, mean.samples, [&](auto part, auto valid) {
      const matrix<T> sum = part(mean), precision = part(variance);
      C::kernels::fill(sum, T(0));
      C::kernels::fill(precision, prior || !any(xs, valid) ? T(1) / (T(1) + (prior ? more : T(0))) : T(0));
      for (int k = 0; k < xs.size(); k += 2) {
        if (!valid(k) || !valid(k + 1)) continue;
        C::kernels::map_add(
            sum, [=](auto m, auto v) { return m * precision_of(logs, more, v); }, part(xs[k]), part(xs[k + 1]));
        C::kernels::map_add(precision, [=](auto v) { return precision_of(logs, more, v); }, part(xs[k + 1]));
      }
      C::kernels::map(sum, [](auto s, auto t) { return s / t; }, matrix<const T>(sum), matrix<const T>(precision));
      C::kernels::map(
          precision, [logs](auto t) { return logs ? -math::log(t) : decltype(t)(T(1)) / t; },
          matrix<const T>(precision));
    });
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C> mean, in<C> variance, in<C> d_mean, in<C> d_variance,
                outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    if (!d_mean && !d_variance) return;
    const bool logs = log_variance;
    const T more = static_cast<T>(epsilon);
    C::kernels::fill(matrix<T>{c.scratch_fixed(), 1, mean.size(), mean.size()}, T(0));
    detail::each_part(xs, mean.samples, [&](auto part, auto valid) {
      const matrix<const T> m = part(mean), v = part(variance);
      const matrix<const T> zeros{c.scratch_fixed(), m.rows, m.columns, 0};
      const matrix<const T> dm = d_mean ? part(d_mean) : zeros, dv = d_variance ? part(d_variance) : zeros;
      for (int k = 0; k < xs.size(); k += 2) {
        if (!valid(k) || !valid(k + 1)) continue;
        const matrix<const T> own = part(xs[k + 1]);
        if (dxs[k])
          C::kernels::map_add(
              part(dxs[k]),
              [=](auto d, auto var, auto mine) {
                return d * (logs ? math::exp(var) : var) * precision_of(logs, more, mine);
              },
              dm, v, own);
        if (dxs[k + 1])
          C::kernels::map_add(
              part(dxs[k + 1]),
              [=](auto d, auto e, auto middle, auto var, auto mu, auto mine) {
                using V = decltype(d);
                const V joint = logs ? math::exp(var) : var, t = precision_of(logs, more, mine);
                // Of the sum of precisions; then of one, through 1 / (variance + epsilon).
                const V slope = joint * (d * (mu - middle) - (logs ? e : e * joint));
                if (!logs) return -slope * t * t;
                const V own_variance = math::exp(mine);
                return -slope * t * select(own_variance < V(T(1)), own_variance * t, V(T(1)) - V(more) * t);
              },
              dm, dv, m, v, part(xs[k]), own);
      }
    });
  }

 private:
  template <class T, class V>
  TECTUM_INLINE static V precision_of(bool logs, T more, V variance) noexcept {
    return V(T(1)) / ((logs ? math::exp(variance) : variance) + V(more));
  }
  template <class Inputs, class Valid>
  static bool any(const Inputs& xs, const Valid& valid) noexcept {
    for (int k = 0; k < xs.size(); k += 2)
      if (valid(k) && valid(k + 1)) return true;
    return false;
  }
};

}  // namespace tectum
