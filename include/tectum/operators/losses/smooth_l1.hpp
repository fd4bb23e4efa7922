// Smooth absolute error.
#pragma once

#include <tectum/operators/losses/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// d² / (2 beta) where |d| < beta and |d| - beta / 2 elsewhere, d = a - b, element by element (Girshick 2015).
//   beta (1): where the square ends and the straight line begins, 0 or more; with 0 it is tt::l1;
//   reduction (mean): mean, sum, batch_mean (the sum divided by the samples) or none (a value an element);
//   [...], [...] -> one loss a batch; none: [...]
// Tokens and samples that are missing in either do not count. Gradients flow to both inputs.
struct smooth_l1 {
  double beta = 1;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "smooth_l1";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape a, shape b) const {
    if (!(beta >= 0)) return wrong("smooth_l1: beta must be 0 or more");
    const shape both[] = {a, b};
    return detail::elementwise_loss(
        reduction, {both, 2}, "smooth_l1: ids are not numbers to compare; use tt::cross_entropy",
        "smooth_l1: an input is a loss already", "smooth_l1: both inputs must have the same shape");
  }
  constexpr extents saved(shape, shape) const { return detail::elementwise_loss_saved(); }
  constexpr extents scratch(shape a, shape) const { return detail::elementwise_loss_scratch(reduction, a); }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, out<C> y) const noexcept {
    detail::difference_loss_forward(c, reduction, a, b, y, [limit = beta](auto d) {
      using V = decltype(d);
      using T = typename C::scalar;
      const V size = math::abs(d), bound = V(static_cast<T>(limit)), half = V(0.5f);
      const V slope = V(limit > 0 ? T(1) / static_cast<T>(limit) : T(0));
      return select(size < bound, half * d * d * slope, size - half * bound);
    });
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    detail::difference_loss_backward(c, reduction, a, b, dy, da, db, [limit = beta](auto d) {
      using V = decltype(d);
      using T = typename C::scalar;
      const V size = math::abs(d), bound = V(static_cast<T>(limit));
      const V slope = V(limit > 0 ? T(1) / static_cast<T>(limit) : T(0));
      return select(size < bound, d * slope, select(d < V(0), V(-1), select(d > V(0), V(1), V(0))));
    });
  }
};

}  // namespace tectum
