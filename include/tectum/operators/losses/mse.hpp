// Mean squared error.
#pragma once

#include <tectum/operators/losses/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// Mean of (a - b)² over the batch and all elements; tokens and samples that are missing in either do not count, and
// where nothing is left the loss is 0. Gradients flow to both inputs.
//   [...], [...] -> one loss a batch
struct mse {
  static constexpr const char* name = "mse";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool is_loss = true, separate_masks = true;

  constexpr shape infer(shape a, shape b) const {
    return detail::elementwise_loss(a, b, "mse: ids are not numbers to compare; use tt::cross_entropy",
                                    "mse: an input is a loss already", "mse: both inputs must have the same shape");
  }
  // How many elements count.
  constexpr extents saved(shape, shape) const { return {.fixed = 1}; }
  constexpr extents scratch(shape a, shape) const { return {.per_sample = a.size()}; }
  constexpr long long multiply_adds(shape, shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, out<C> y) const noexcept {
    detail::elementwise_loss_forward(c, a, b, y, [](auto d) { return d * d; });
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    detail::elementwise_loss_backward(c, a, b, dy, da, db, [](auto d) { return d + d; });
  }
};

}  // namespace tectum
