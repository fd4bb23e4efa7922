// Margin ranking loss.
#pragma once

#include <tectum/operators/losses/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// max(0, margin - t (a - b)), element by element: a should be above b by the margin where t is 1, below it where t is
// -1 (Herbrich et al. 2000).
//   margin (0): how far apart they should be;
//   reduction (mean): mean, sum, batch_mean (the sum divided by the samples) or none (a value an element);
//   [...], [...], [...] -> one loss a batch; none: [...]
// Tokens and samples that are missing in any do not count. Gradients flow to all three inputs.
struct margin_ranking {
  double margin = 0;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "margin_ranking";
  static constexpr int arity = 3;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape a, shape b, shape target) const {
    const shape all[] = {a, b, target};
    return detail::elementwise_loss(reduction, {all, 3}, "margin_ranking: ids are not numbers to compare",
                                    "margin_ranking: an input is a loss already",
                                    "margin_ranking: all three inputs must have the same shape");
  }
  constexpr extents saved(shape, shape, shape) const { return detail::elementwise_loss_saved(); }
  constexpr extents scratch(shape a, shape, shape) const { return detail::elementwise_loss_scratch(reduction, a); }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, in<C> target, out<C> y) const noexcept {
    using T = typename C::scalar;
    const in<C> all[] = {a, b, target};
    detail::elementwise_loss_forward(c, reduction, inputs<C>{all, 3}, y, [&](auto values, auto part) {
      C::kernels::map(
          values,
          [m = static_cast<T>(margin)](auto u, auto v, auto t) {
            using V = decltype(t);
            return math::max(V(m) - t * (u - v), V(0));
          },
          part(a), part(b), part(target));
    });
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C> target, in<C>, in<C> dy, out<C> da, out<C> db,
                out<C> dtarget) const noexcept {
    using T = typename C::scalar;
    const in<C> all[] = {a, b, target};
    const auto where_active = [m = static_cast<T>(margin)](auto u, auto v, auto t, auto slope) {
      using V = decltype(t);
      return select(V(m) - t * (u - v) < V(0), V(0), slope);
    };
    detail::elementwise_loss_backward(c, reduction, inputs<C>{all, 3}, dy, [&](const auto& g, auto part) {
      const auto add = [&](out<C> dx, auto slope) {
        g.add(
            part, dx, [=](auto u, auto v, auto t) { return where_active(u, v, t, slope(u, v, t)); }, part(a), part(b),
            part(target));
      };
      add(da, [](auto, auto, auto t) { return -t; });
      add(db, [](auto, auto, auto t) { return t; });
      add(dtarget, [](auto u, auto v, auto) { return v - u; });
    });
  }
};

}  // namespace tectum
