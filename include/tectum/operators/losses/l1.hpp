// Mean absolute error.
#pragma once

#include <tectum/operators/losses/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// Mean of |a - b| over the batch and all elements; tokens and samples that are missing in either do not count, and
// where nothing is left the loss is 0. Gradients flow to both inputs.
//   [...], [...] -> one loss a batch
struct l1 {
  static constexpr const char* name = "l1";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool is_loss = true, separate_masks = true;

  constexpr shape infer(shape a, shape b) const {
    return detail::elementwise_loss(a, b, "l1: ids are not numbers to compare; use tt::cross_entropy",
                                    "l1: an input is a loss already", "l1: both inputs must have the same shape");
  }
  // How many elements count.
  constexpr extents saved(shape, shape) const { return {.fixed = 1}; }
  constexpr extents scratch(shape a, shape) const { return {.per_sample = a.size()}; }
  constexpr long long multiply_adds(shape, shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, out<C> y) const noexcept {
    detail::elementwise_loss_forward(c, a, b, y, [](auto d) { return select(d < decltype(d)(0), -d, d); });
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    detail::elementwise_loss_backward(c, a, b, dy, da, db, [](auto d) {
      using V = decltype(d);
      return select(d < V(0), V(-1), select(d > V(0), V(1), V(0)));
    });
  }
};

}  // namespace tectum
