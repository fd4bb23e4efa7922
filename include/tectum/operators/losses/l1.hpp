// Absolute error.
#pragma once

#include <tectum/operators/losses/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// |a - b|, element by element.
//   reduction (mean): mean, sum, batch_mean (the sum divided by the samples) or none (a value an element);
//   [...], [...] -> one loss a batch; none: [...]
// Tokens and samples that are missing in either do not count. Gradients flow to both inputs.
struct l1 {
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "l1";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape a, shape b) const {
    const shape both[] = {a, b};
    return detail::elementwise_loss(reduction, {both, 2}, "l1: ids are not numbers to compare; use tt::cross_entropy",
                                    "l1: an input is a loss already", "l1: both inputs must have the same shape");
  }
  constexpr extents saved(shape, shape) const { return detail::elementwise_loss_saved(); }
  constexpr extents scratch(shape a, shape) const { return detail::elementwise_loss_scratch(reduction, a); }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, out<C> y) const noexcept {
    detail::difference_loss_forward(c, reduction, a, b, y, [](auto d) { return math::abs(d); });
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    detail::difference_loss_backward(c, reduction, a, b, dy, da, db, [](auto d) {
      using V = decltype(d);
      return select(d < V(0), V(-1), select(d > V(0), V(1), V(0)));
    });
  }
};

}  // namespace tectum
