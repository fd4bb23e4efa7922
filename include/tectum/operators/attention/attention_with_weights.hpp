// Multi-head attention that also gives its weights.
#pragma once

#include <tectum/operators/attention/core.hpp>

namespace tectum::inline TECTUM_ABI {

// tt::attention with the softmax's probabilities as a second result: tt::named(y, weights) = tt::fuse(
// tt::attention_with_weights{2}, queries, keys, values); a fourth input is added to the scores as in
// tt::biased_attention.
//   Options and parameters as tt::attention; average (true): the weights are the mean over the heads, false: each head
//   has its own.
//   queries [n, a] or [a], keys [m, k], values [m, v], added [n, m] or [heads, n, m] (may be left out)
//   -> [n, width] or [width], and [n, m'] or [m'], or with average = false a picture [heads, n, m'];
//   m' = m and one more for each of bias_kv and zero_attention, in this order, at the end
// Both results have gradients. Weights of keys that a query does not see are 0, as are all of a query that is padded;
// masks as tt::biased_attention.
struct attention_with_weights {
  int heads;
  bool causal = false, bias = true;
  int width = 0;
  bool out_bias = bias;
  int head_width = 0;
  bool bias_kv = false, zero_attention = false;
  int ahead = 0;
  bool one_key = false;
  bool average = true;

  static constexpr const char* name = "attention_with_weights";
  static constexpr int arity = any_number, results = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shapes infer(range<shape> x) const {
    if (x.size() != 3 && x.size() != 4)
      return wrong("attention_with_weights: the inputs are queries, keys and values, and scores to add if wanted",
                   x.size());
    shape y = core().infer(x.items);
    if (x.size() == 4) y = detail::added_scores_fit(core().o, y, x[0], x[1], x[3]);
    if (y.fault) return y;
    const int keys = x[1].length() + core().o.extra();
    if (average) return {y, x[0].with_width(keys)};
    shape each = picture_of(heads, x[0].length(), keys);
    each.optional = x[0].optional;
    return {y, each};
  }
  constexpr auto parameters(range<shape> x) const { return core().parameters(x.items); }
  constexpr extents saved(range<shape> x) const { return core().saved(x.items); }
  constexpr extents scratch(range<shape> x) const {
    return core().scratch(x.items, x.size() == 4 ? x.items + 3 : nullptr);
  }
  constexpr long long multiply_adds(range<shape> x) const { return core().multiply_adds(x.items); }

  template <class C>
  void forward(C& c, inputs<C> x, out<C> y, out<C> weights) const noexcept {
    core().forward(c, x.items, x.size() == 4 ? x[3] : in<C>{}, y, weights, average);
  }
  template <class C>
  void backward(C& c, inputs<C> x, in<C>, in<C>, in<C> dy, in<C> dweights, outputs<C> dx) const noexcept {
    const bool added = x.size() == 4;
    core().backward(c, x.items, added ? x[3] : in<C>{}, dy, dx.items, added ? dx[3] : out<C>{}, dweights, average);
  }

 private:
  constexpr detail::attention_core<3> core() const { return detail::core_of<3>(*this, true); }
};

}  // namespace tectum
