// Huber loss.
#pragma once

#include <tectum/operators/losses/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// d² / 2 where |d| <= delta and delta (|d| - delta / 2) elsewhere, d = a - b, element by element (Huber 1964).
//   delta (1): where the square ends and the straight line begins, greater than 0;
//   reduction (mean): mean, sum, batch_mean (the sum divided by the samples) or none (a value an element);
//   [...], [...] -> one loss a batch; none: [...]
// Tokens and samples that are missing in either do not count. Gradients flow to both inputs.
struct huber {
  double delta = 1;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "huber";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape a, shape b) const {
    if (!(delta > 0)) return wrong("huber: delta must be greater than 0");
    const shape both[] = {a, b};
    return detail::elementwise_loss(reduction, {both, 2},
                                    "huber: ids are not numbers to compare; use tt::cross_entropy",
                                    "huber: an input is a loss already", "huber: both inputs must have the same shape");
  }
  constexpr extents saved(shape, shape) const { return detail::elementwise_loss_saved(); }
  constexpr extents scratch(shape a, shape) const { return detail::elementwise_loss_scratch(reduction, a); }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, out<C> y) const noexcept {
    detail::difference_loss_forward(c, reduction, a, b, y, [limit = delta](auto d) {
      using V = decltype(d);
      const V size = math::abs(d), bound = V(static_cast<typename C::scalar>(limit)), half = V(0.5f);
      return select(size < bound, half * d * d, bound * (size - half * bound));
    });
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    detail::difference_loss_backward(c, reduction, a, b, dy, da, db, [limit = delta](auto d) {
      using V = decltype(d);
      const V bound = V(static_cast<typename C::scalar>(limit));
      return select(d < -bound, -bound, select(d > bound, bound, d));
    });
  }
};

}  // namespace tectum
