// Huber loss.
#pragma once

#include <tectum/operators/losses/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// Mean of d² / 2 where |d| <= delta and delta (|d| - delta / 2) elsewhere, with d = a - b (Huber 1964), over the
// batch and all elements; tokens and samples that are missing in either do not count, and where nothing is left the
// loss is 0. Gradients flow to both inputs.
//   delta (1): where the square ends and the straight line begins.
//   [...], [...] -> one loss a batch
struct huber {
  float delta = 1;

  static constexpr const char* name = "huber";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool is_loss = true, separate_masks = true;

  constexpr shape infer(shape a, shape b) const {
    if (!(delta > 0)) return wrong("huber: delta must be greater than 0");
    return detail::elementwise_loss(a, b, "huber: ids are not numbers to compare; use tt::cross_entropy",
                                    "huber: an input is a loss already", "huber: both inputs must have the same shape");
  }
  // How many elements count.
  constexpr extents saved(shape, shape) const { return {.fixed = 1}; }
  constexpr extents scratch(shape a, shape) const { return {.per_sample = a.size()}; }
  constexpr long long multiply_adds(shape, shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, out<C> y) const noexcept {
    detail::elementwise_loss_forward(c, a, b, y, [limit = delta](auto d) {
      using V = decltype(d);
      const V size = select(d < V(0), -d, d), bound = V(static_cast<typename C::scalar>(limit)), half = V(0.5f);
      return select(size < bound, half * d * d, bound * (size - half * bound));
    });
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    detail::elementwise_loss_backward(c, a, b, dy, da, db, [limit = delta](auto d) {
      using V = decltype(d);
      const V bound = V(static_cast<typename C::scalar>(limit));
      return select(d < -bound, -bound, select(d > bound, bound, d));
    });
  }
};

}  // namespace tectum
