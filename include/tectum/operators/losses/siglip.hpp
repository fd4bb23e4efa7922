// The pairwise sigmoid loss of SigLIP.
#pragma once

#include <tectum/operators/losses/pairs.hpp>

namespace tectum::inline TECTUM_ABI {

// -log sigmoid(z (s <a, b> + bias)) summed over all b for each a, where z is 1 for the pairs of the batch and -1 for
// all others and s = exp(logit_scale) (Zhai et al. 2023).
//   normalize (false): bring the features to length 1 first;
//   learned_scale (true): "logit_scale" is a parameter, else a constant;
//   logit_scale (log 10): the constant, or the parameter's initial value;
//   scale_is_log (true): s = exp(logit_scale); false: s = logit_scale;
//   learned_bias (true): "logit_bias" is a parameter, else a constant;
//   logit_bias (-10): the constant, or the parameter's initial value;
//   reduction (mean): mean over the a, sum, batch_mean (the same as mean) or none (a value an a);
//   [d], [d] -> one loss a batch; none: [1]
// Where either sample is absent the pair is left out, as a row and as a column.
struct siglip {
  bool normalize = false, learned_scale = true;
  double logit_scale = 2.3025850929940457;
  bool scale_is_log = true, learned_bias = true;
  double logit_bias = -10;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "siglip";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;

  constexpr shape infer(shape a, shape b) const {
    return detail::pair_loss(reduction, a, b, "siglip: both inputs must be features",
                             "siglip: both inputs must have the same width");
  }
  constexpr auto parameters(shape, shape) const {
    return detail::pair_parameters(learned_scale, logit_scale, learned_bias, logit_bias);
  }
  constexpr extents saved(shape a, shape) const { return detail::pair_saved(a); }
  constexpr extents scratch(shape a, shape) const { return detail::pair_scratch(a); }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, out<C> y) const noexcept {
    using T = typename C::scalar;
    const detail::pairs<C> p(c, a, b, normalize);
    const index n = p.count;
    const T scale = multiplier(c), bias = shift(c);
    p.compare();
    C::kernels::map(
        matrix<T>{p.room, n, n, n}, [=](auto s) { return math::softplus(decltype(s)(scale) * s + decltype(s)(bias)); },
        matrix<const T>{p.similarity, n, n, n});
    for (index i = 0; i < n; ++i) {
      p.room[i * n + i] = math::softplus(-(scale * p.similarity[i * n + i] + bias));
      p.value[i] = C::kernels::sum(n, p.room + i * n);
    }
    index i = 0;
    detail::reduce_places(c, reduction, a.samples, 1, y, p.counts(), [&](index, index, T&) { return p.value[i++]; });
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    using T = typename C::scalar;
    const detail::pairs<C> p(c, a, b, normalize);
    const index n = p.count;
    if (n == 0) return;
    const T scale = multiplier(c), bias = shift(c);
    index i = 0;
    detail::spread_places(c, reduction, a.samples, 1, dy, p.counts(), [&](index, index, T g) {
      C::kernels::map(
          matrix<T>{p.room + i * n, 1, n, n},
          [=](auto s) {
            using V = decltype(s);
            return V(g) * math::sigmoid(V(scale) * s + V(bias));
          },
          matrix<const T>{p.similarity + i * n, 1, n, n});
      p.room[i * n + i] = -g * math::sigmoid(-(scale * p.similarity[i * n + i] + bias));
      ++i;
    });
    p.spread(c, scale, learned_scale ? c.gradient(0) : nullptr, scale_is_log ? scale : T(1),
             learned_bias ? c.gradient(learned_scale) : nullptr, da, db);
  }

 private:
  template <class C>
  typename C::scalar multiplier(C& c) const noexcept {
    using T = typename C::scalar;
    const T stored = learned_scale ? *c.values(0) : static_cast<T>(logit_scale);
    return scale_is_log ? math::exp(stored) : stored;
  }
  template <class C>
  typename C::scalar shift(C& c) const noexcept {
    return learned_bias ? *c.values(learned_scale) : static_cast<typename C::scalar>(logit_bias);
  }
};

}  // namespace tectum
