// Kullback-Leibler divergence.
#pragma once

#include <tectum/operators/losses/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// t (log t - x), element by element, of log probabilities x and target probabilities t; 0 log 0 is 0 (Kullback, Leibler
// 1951).
//   log_target (false): the targets are log probabilities too: exp(t) (t - x);
//   reduction (mean): mean over all elements, sum, batch_mean (the divergence of distributions, a mean over samples) or
//   none (a value an element);
//   [...], [...] -> one loss a batch; none: [...]
// Tokens and samples that are missing in either do not count. Gradients flow to both inputs; where a target is 0 its
// own gradient is that of -t x.
struct kl_divergence {
  bool log_target = false;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "kl_divergence";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape x, shape target) const {
    const shape both[] = {x, target};
    return detail::elementwise_loss(
        reduction, {both, 2}, "kl_divergence: ids are not probabilities; use tt::cross_entropy",
        "kl_divergence: an input is a loss already", "kl_divergence: both inputs must have the same shape");
  }
  constexpr extents saved(shape, shape) const { return detail::elementwise_loss_saved(); }
  constexpr extents scratch(shape x, shape) const { return detail::elementwise_loss_scratch(reduction, x); }

  template <class C>
  void forward(C& c, in<C> x, in<C> target, out<C> y) const noexcept {
    const in<C> both[] = {x, target};
    detail::elementwise_loss_forward(c, reduction, inputs<C>{both, 2}, y, [&](auto values, auto part) {
      if (log_target) {
        C::kernels::map(values, [](auto a, auto t) { return math::exp(t) * (t - a); }, part(x), part(target));
      } else {
        C::kernels::map(
            values,
            [](auto a, auto t) {
              using V = decltype(t);
              return select(t == V(0), V(0), t * math::log(t)) - t * a;
            },
            part(x), part(target));
      }
    });
  }
  template <class C>
  void backward(C& c, in<C> x, in<C> target, in<C>, in<C> dy, out<C> dx, out<C> dtarget) const noexcept {
    const in<C> both[] = {x, target};
    detail::elementwise_loss_backward(c, reduction, inputs<C>{both, 2}, dy, [&](const auto& g, auto part) {
      if (log_target) {
        g.add(part, dx, [](auto t) { return -math::exp(t); }, part(target));
        g.add(
            part, dtarget, [](auto a, auto t) { return math::exp(t) * (t - a + decltype(t)(1)); }, part(x),
            part(target));
      } else {
        g.add(part, dx, [](auto t) { return -t; }, part(target));
        g.add(
            part, dtarget,
            [](auto a, auto t) {
              using V = decltype(t);
              return select(t == V(0), V(0), math::log(t) + V(1)) - a;
            },
            part(x), part(target));
      }
    });
  }
};

}  // namespace tectum
