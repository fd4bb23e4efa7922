// Dempster's rule for what every modality believes about the classes.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// How scores become evidence, which is never negative: softplus, log(1 + exp(x)); rectified, max(x, 0); exponential,
// exp(x).
enum class evidence : unsigned char { softplus, rectified, exponential };

namespace detail {

// log(1 + e / C), the weight of the evidence e that a score is, and its slope.
template <class V>
TECTUM_INLINE V evidence_weight(evidence how, V x, V classes) noexcept {
  using T = element_of_t<V>;
  switch (how) {
    case evidence::rectified: return math::log1p(math::max(x, V(T(0))) / classes);
    case evidence::exponential: return math::softplus(x - math::log(classes));
    default: return math::log1p(math::softplus(x) / classes);
  }
}
template <class V>
TECTUM_INLINE V evidence_weight_slope(evidence how, V x, V classes) noexcept {
  using T = element_of_t<V>;
  switch (how) {
    case evidence::rectified: return select(x > V(T(0)), V(T(1)) / (classes + math::max(x, V(T(0)))), V(T(0)));
    case evidence::exponential: return math::sigmoid(x - math::log(classes));
    default: return math::sigmoid(x) / (classes + math::softplus(x));
  }
}

}  // namespace detail

// The logarithms of the Dirichlet parameters alpha of all modalities' evidence e, combined by Dempster's rule for C
// classes and the whole set of them, alpha_j = 1 + C (product over m of (1 + e_mj / C) - 1) (TMC: Han et al. 2021).
// Belief e_j / S and vacuity C / S, S = sum of alpha, sum to 1. Their tt::softmax is the expected probabilities alpha /
// S, tt::vacuity of them is the doubt C / S; tt::evidential_cross_entropy and tt::cross_entropy train them.
//   evidence (softplus): what makes evidence of scores; softplus, rectified or exponential.
//   [classes], [classes], ... -> [classes], or sequences [length, classes]: scores of one shape, padded sequences with
//   one mask
// This is the paper's pairwise rule folded over the modalities: in products of 1 + e / C the conflict between them
// cancels, so nothing is divided by 1 - conflict. An absent modality is left out, as is one without evidence (vacuity
// 1, the neutral element); where all are absent y is 0: every alpha is 1.
struct dempster_shafer {
  tectum::evidence evidence = tectum::evidence::softplus;

  static constexpr const char* name = "dempster_shafer";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    for (const shape& s : x)
      if (s.kind != kind::features && s.kind != kind::sequence)
        return wrong("dempster_shafer: the scores must be features, or a sequence of them");
    return detail::elementwise_shape(x, "dempster_shafer: ids are not scores; put an embedding before it",
                                     "dempster_shafer: all modalities must score the same classes",
                                     "dempster_shafer: either all sequences are padded or none is");
  }
  // The weights of all evidence, then their gradient.
  constexpr extents scratch(range<shape> x) const { return {.per_sample = x[0].size()}; }
  constexpr long long multiply_adds(range<shape>) const { return 0; }

  template <class C>
  void forward(C&, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    const T classes = static_cast<T>(y.width());
    detail::each_part(xs, y.samples, [&](auto part, auto valid) {
      const matrix<T> to = part(y);
      add_weights<C>(xs, part, valid, classes, to);
      C::kernels::map(
          to,
          [classes](auto w) {
            using V = decltype(w);
            const V n = V(classes), one = V(T(1));
            const V near = math::log1p(n * math::expm1(math::min(w, one)));
            const V far = w + math::log(n) + math::log1p((one / n - one) * math::exp(-math::max(w, one)));
            return select(w < one, near, far);
          },
          matrix<const T>(to));
    });
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const T classes = static_cast<T>(dy.width());
    const auto how = evidence;
    const view<T> room{c.scratch(), dy.samples, dy.size(), dy.of};
    detail::each_part(xs, dy.samples, [&](auto part, auto valid) {
      const matrix<T> d = part(room);
      add_weights<C>(xs, part, valid, classes, d);
      C::kernels::map(
          d,
          [classes](auto w, auto g) {
            using V = decltype(w);
            const V one = V(T(1));
            return g / (one / V(classes) + (one / V(classes) - one) * math::expm1(-w));
          },
          matrix<const T>(d), part(dy));
      for (int k = 0; k < xs.size(); ++k)
        if (dxs[k] && valid(k))
          C::kernels::map_add(
              part(dxs[k]),
              [=](auto g, auto x) { return g * detail::evidence_weight_slope(how, x, decltype(x)(classes)); },
              matrix<const T>(d), part(xs[k]));
    });
  }

 private:
  template <class C, class Part, class Valid>
  void add_weights(inputs<C> xs, Part part, Valid valid, typename C::scalar classes,
                   matrix<typename C::scalar> to) const noexcept {
    C::kernels::fill(to, 0);
    for (int k = 0; k < xs.size(); ++k)
      if (valid(k))
        C::kernels::map_add(
            to, [=, how = evidence](auto x) { return detail::evidence_weight(how, x, decltype(x)(classes)); },
            part(xs[k]));
  }
};

}  // namespace tectum
