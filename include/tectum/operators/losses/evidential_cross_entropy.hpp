// The loss of a classifier that says how sure it is: the expected cross-entropy under a Dirichlet distribution.
#pragma once

#include <tectum/kernels/gamma.hpp>
#include <tectum/operators/losses/scores.hpp>

namespace tectum::inline TECTUM_ABI {

namespace detail {

// Terms of Dirichlet distributions, of a parameter x and by l = log x: large ones overflow, and in differences of large
// terms nothing would be left. Always in double.
struct dirichlet_terms {
  double digamma, slope;  // and its derivative by l
  double bent, bend;      // (x - 1) digamma(x) - log_gamma(x) - x, and its derivative by l

  explicit dirichlet_terms(double l) noexcept {
    if (l < 2.303) {  // x < 10
      const double x = math::exp(l), second = math::trigamma(x);
      digamma = math::digamma(x);
      slope = x * second;
      bent = (x - 1) * digamma - math::log_gamma(x) - x;
      bend = x * ((x - 1) * second - 1);
      return;
    }
    const double r = math::exp(-l), z = r * r;
    const double first = z * math::detail::gamma_polynomial(z, math::detail::digamma_series);
    const double second = r * math::detail::gamma_polynomial(z, math::detail::trigamma_series);
    digamma = l - 0.5 * r - first;
    slope = 1 + 0.5 * r + r * second;
    // (x - 1) first, with x first = r times the polynomial.
    const double rest = r * math::detail::gamma_polynomial(z, math::detail::digamma_series) - first;
    bent = -0.5 * l - 0.5 - 0.918938533204672741780 + 0.5 * r - rest -
           r * math::detail::gamma_polynomial(z, math::detail::log_gamma_series);
    bend = -0.5 - 0.5 * r + (1 - r) * second;
  }
};

}  // namespace detail

// digamma(S) - digamma(alpha_k) of the Dirichlet parameters alpha, S their sum, and the class k that is right, plus
// kl_weight times the Kullback-Leibler divergence to the uniform distribution of those parameters with alpha_k set to 1
// (Sensoy et al. 2018; TMC: Han et al. 2021). The scores x are the logarithms of alpha, as tt::dempster_shafer makes
// them; below 0, where there would be less than no evidence, they count as 0.
//   kl_weight (1): 0 or more; annealed (false): a buffer "annealing" [1] that kl_weight is multiplied by, 1 until the
//   user sets it, from 0 to 1 over the first epochs as published; reduction (mean): mean, sum, batch_mean (the sum
//   divided by the samples) or none (a value a place);
//   [classes] and a category, [length, classes] and tokens [length] -> one loss a batch; none: [1], [length, 1]
// Places that are missing in either do not count, nor does the id that the target's input declares with `ignore`.
struct evidential_cross_entropy {
  double kl_weight = 1;
  bool annealed = false;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "evidential_cross_entropy";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape scores, shape target) const {
    if (!target.holds_ids()) return wrong("evidential_cross_entropy: the second input must be a category, or tokens");
    if (scores.kind != kind::features && scores.kind != kind::sequence)
      return wrong("evidential_cross_entropy: the scores must be features, or a sequence of them");
    if ((scores.kind == kind::features) != (target.kind == kind::category))
      return wrong("evidential_cross_entropy: the target of features is a category, of a sequence it is tokens");
    const detail::class_layout layout(scores);
    if (layout.places != target.size())
      return wrong("evidential_cross_entropy: there must be one target a place", layout.places, target.size());
    if (layout.classes != target.limit)
      return wrong("evidential_cross_entropy: there must be one score a class", layout.classes, target.limit);
    if (target.ignored >= target.limit)
      return wrong("evidential_cross_entropy: the ignored id must be negative or one of the classes", target.ignored);
    if (!(kl_weight >= 0)) return wrong("evidential_cross_entropy: kl_weight must be 0 or more");
    const shape both[] = {scores, target};
    return detail::reduced(reduction, detail::values_of_places(scores), {both, 2});
  }
  constexpr auto parameters(shape, shape) const {
    return parameter_list().add_if(annealed, vector_of("annealing", 1, role::buffer).initialised(initial::ones));
  }
  constexpr extents saved(shape, shape) const { return {.fixed = 1}; }

  template <class C>
  void forward(C& c, in<C> scores, token_ids target, out<C> y) const noexcept {
    using T = typename C::scalar;
    const detail::class_layout layout(scores.shape());
    const index n = layout.classes;
    const double weight = weight_of(c), log_uniform = math::log_gamma(static_cast<double>(n));
    const auto value = [&](index b, index p, T&) {
      const T* const x = layout.at(scores, b, p);
      const index k = target.sample(b)[p];
      double loss = detail::dirichlet_terms(log_sum(n, x, -1)).digamma - detail::dirichlet_terms(at(x, k)).digamma;
      if (weight == 0) return static_cast<T>(loss);
      const detail::dirichlet_terms sum(log_sum(n, x, k));
      double divergence = static_cast<double>(n - 1) * sum.digamma - sum.bent - log_uniform;
      for (index j = 0; j < n; ++j) divergence += detail::dirichlet_terms(j == k ? 0 : at(x, j)).bent;
      return static_cast<T>(loss + weight * divergence);
    };
    detail::reduce_places(c, reduction, scores.samples, layout.places, y, detail::counted(scores, target), value);
  }
  template <class C>
  void backward(C& c, in<C> scores, token_ids target, in<C>, in<C> dy, out<C> dx, out<C>) const noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const detail::class_layout layout(scores.shape());
    const index n = layout.classes;
    const double weight = weight_of(c);
    const auto add = [&](index b, index p, T g) {
      const T* const x = layout.at(scores, b, p);
      T* const d = layout.at(dx, b, p);
      const index k = target.sample(b)[p];
      const double log_all = log_sum(n, x, -1), log_others = log_sum(n, x, k);
      const detail::dirichlet_terms all(log_all), others(log_others);
      const double pull = others.bend - static_cast<double>(n - 1) * others.slope;
      for (index j = 0; j < n; ++j) {
        if (x[j] < T(0)) continue;
        const detail::dirichlet_terms own(at(x, j));
        double slope = math::exp(at(x, j) - log_all) * all.slope;
        if (j == k) slope -= own.slope;
        else if (weight != 0) slope += weight * (own.bend - math::exp(at(x, j) - log_others) * pull);
        d[j] += static_cast<T>(slope) * g;
      }
    };
    detail::spread_places(c, reduction, scores.samples, layout.places, dy, detail::counted(scores, target), add);
  }

 private:
  template <class C>
  double weight_of(C& c) const noexcept {
    return annealed ? kl_weight * static_cast<double>(c.values(0)[0]) : kl_weight;
  }
  template <class T>
  static double at(const T* x, index j) noexcept {
    return x[j] < T(0) ? 0.0 : static_cast<double>(x[j]);
  }
  // log of the sum of alpha, of which that of class `one` is 1.
  template <class T>
  static double log_sum(index n, const T* x, index one) noexcept {
    double most = 0, sum = 0;
    for (index j = 0; j < n; ++j) most = math::max(most, j == one ? 0.0 : at(x, j));
    for (index j = 0; j < n; ++j) sum += math::exp((j == one ? 0.0 : at(x, j)) - most);
    return most + math::log(sum);
  }
};

}  // namespace tectum
