// The symmetric contrastive loss of CLIP.
#pragma once

#include <tectum/operators/losses/pairs.hpp>
#include <tectum/operators/losses/scores.hpp>

namespace tectum::inline TECTUM_ABI {

// Half the cross-entropy of each a with all b plus half that of each b with all a, where the pairs of the batch are the
// right ones and the logits are s <a, b> + bias, s = exp(logit_scale) (van den Oord et al. 2018; Radford et al. 2021).
//   normalize (false): bring the features to length 1 first;
//   learned_scale (true): "logit_scale" is a parameter, else a constant;
//   logit_scale (log(1 / 0.07)): the constant, or the parameter's initial value;
//   scale_is_log (true): s = exp(logit_scale); false: s = logit_scale, which is then not clamped;
//   min_logit_scale (0), max_logit_scale (log 100): the logarithm is clamped to these before use, with the gradient it
//   has at the bound; infinities: not clamped;
//   learned_bias (false): "logit_bias" is a parameter, else a constant; it changes neither loss nor gradients;
//   logit_bias (0): the constant, or the parameter's initial value;
//   label_smoothing (0): the share of the target that is spread evenly over the batch, in [0, 1);
//   reduction (mean): mean over the pairs, sum, batch_mean (the same as mean) or none (a value a pair);
//   [d], [d] -> one loss a batch; none: [1]
// Where either sample is absent the pair is left out, as a row and as a column.
struct info_nce {
  bool normalize = false, learned_scale = true;
  double logit_scale = 2.6592600369327779;
  bool scale_is_log = true;
  double min_logit_scale = 0, max_logit_scale = 4.6051701859880914;
  bool learned_bias = false;
  double logit_bias = 0, label_smoothing = 0;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "info_nce";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;

  constexpr shape infer(shape a, shape b) const {
    if (!(label_smoothing >= 0 && label_smoothing < 1)) return wrong("info_nce: label_smoothing must be in [0, 1)");
    if (!(min_logit_scale <= max_logit_scale))
      return wrong("info_nce: min_logit_scale must not be greater than max_logit_scale");
    return detail::pair_loss(reduction, a, b, "info_nce: both inputs must be features",
                             "info_nce: both inputs must have the same width");
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
    const T smooth = static_cast<T>(label_smoothing), each = n > 0 ? smooth / T(n) : T(0);
    p.compare();
    for (const bool columns : {false, true}) {
      logits(p, scale, bias, columns);
      for (index i = 0; i < n; ++i) {
        T* const x = p.room + i * n;
        const T most = C::kernels::maximum(n, x), total = detail::shift_scores<typename C::kernels>(n, x, x);
        T value = (T(1) - smooth) * (total - x[i]);
        if (smooth > T(0))
          for (index j = 0; j < n; ++j) value += each * (total - x[j]);
        (columns ? p.column_most : p.row_most)[i] = most;
        (columns ? p.column_total : p.row_total)[i] = total;
        p.value[i] = T(0.5) * (columns ? p.value[i] * T(2) + value : value);
      }
    }
    index i = 0;
    detail::reduce_places(c, reduction, a.samples, 1, y, p.counts(), [&](index, index, T&) { return p.value[i++]; });
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    using T = typename C::scalar;
    const detail::pairs<C> p(c, a, b, normalize);
    const index n = p.count;
    if (n < 2) return;  // one pair has nothing to be told apart from
    const T scale = multiplier(c), bias = shift(c);
    const T smooth = static_cast<T>(label_smoothing), each = smooth / T(n);
    T* const g = c.scratch() + a.samples * p.width;
    index i = 0;
    detail::spread_places(c, reduction, a.samples, 1, dy, p.counts(), [&](index, index, T v) { g[i++] = v; });
    for (i = 0; i < n; ++i) {
      const auto row = [n](auto* x) { return matrix<std::remove_pointer_t<decltype(x)>>{x, 1, n, n}; };
      const T own = g[i], most = p.row_most[i], total = p.row_total[i];
      C::kernels::map(
          row(p.room + i * n),
          [=](auto s, auto column_most, auto column_total, auto other) {
            using V = decltype(s);
            const V x = V(scale) * s + V(bias);
            return V(T(0.5)) * (V(own) * (math::exp(x - V(most) - V(total)) - V(each)) +
                                other * (math::exp(x - column_most - column_total) - V(each)));
          },
          row(static_cast<const T*>(p.similarity + i * n)), row(static_cast<const T*>(p.column_most)),
          row(static_cast<const T*>(p.column_total)), row(static_cast<const T*>(g)));
      p.room[i * n + i] -= (T(1) - smooth) * own;
    }
    // What is added to all logits alike changes no softmax: the gradient of the bias is 0.
    p.spread(c, scale, learned_scale ? c.gradient(0) : nullptr, scale_is_log ? scale : T(1), nullptr, da, db);
  }

 private:
  template <class C>
  typename C::scalar multiplier(C& c) const noexcept {
    using T = typename C::scalar;
    const T stored = learned_scale ? *c.values(0) : static_cast<T>(logit_scale);
    if (!scale_is_log) return stored;
    const T low = static_cast<T>(min_logit_scale), high = static_cast<T>(max_logit_scale);
    return math::exp(stored < low ? low : stored > high ? high : stored);
  }
  template <class C>
  typename C::scalar shift(C& c) const noexcept {
    return learned_bias ? *c.values(learned_scale) : static_cast<typename C::scalar>(logit_bias);
  }
  // scale s + bias of all pairs, each a with all b or each b with all a.
  template <class C, class T>
  static void logits(const detail::pairs<C>& p, T scale, T bias, bool columns) noexcept {
    const index n = p.count;
    if (!columns)
      return C::kernels::map(
          matrix<T>{p.room, n, n, n}, [=](auto s) { return decltype(s)(scale) * s + decltype(s)(bias); },
          matrix<const T>{p.similarity, n, n, n});
    for (index i = 0; i < n; ++i)
      for (index j = 0; j < n; ++j) p.room[j * n + i] = scale * p.similarity[i * n + j] + bias;
  }
};

}  // namespace tectum
