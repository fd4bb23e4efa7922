// Mean squared error.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// Mean of (a - b)² over the batch and all elements; tokens and samples that are missing in either do not count, and where
// nothing is left the loss is 0. Gradients flow to both inputs.
//   [...], [...] -> one loss a batch
struct mse {
  static constexpr const char* name = "mse";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool is_loss = true;

  constexpr shape infer(shape a, shape b) const {
    if (a.holds_ids() || b.holds_ids()) return wrong("mse: ids are not numbers to compare; use tt::cross_entropy");
    if (a.kind == kind::scalar) return wrong("mse: an input is a loss already");
    if (!a.same_extents(b)) return wrong("mse: both inputs must have the same shape");
    if (a.length() != b.length()) return wrong("mse: both inputs must have as many tokens", a.length(), b.length());
    return scalar_shape();
  }
  // How many elements count.
  constexpr extents saved(shape, shape) const { return {.fixed = 1}; }
  // One row of squares.
  constexpr extents scratch(shape a, shape) const { return {.fixed = a.size()}; }
  constexpr long long multiply_adds(shape, shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, out<C> y) const noexcept {
    using T = typename C::scalar;
    T total = 0, count = 0;
    each_pair<C>(a, b, [&](index s, index t) {
      const matrix<const T> u = detail::token_part(a, s, t), v = detail::token_part(b, s, t);
      const matrix<T> d{c.scratch_fixed(), 1, u.columns, u.columns};
      C::kernels::map(d, [](auto p, auto q) { return p - q; }, u, v);
      total += C::kernels::dot(d.columns, d.data, d.data);
      count += T(d.columns);
    });
    *c.saved_fixed() = count;
    *y.data = count > 0 ? total / count : T(0);
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    using T = typename C::scalar;
    const T scale = T(2) * *dy.data / *c.saved_fixed();
    each_pair<C>(a, b, [&](index s, index t) {
      const matrix<const T> u = detail::token_part(a, s, t), v = detail::token_part(b, s, t);
      const auto gradient = [=](auto p, auto q) { return decltype(p)(scale) * (p - q); };
      if (da) C::kernels::map_add(detail::token_part(da, s, t), gradient, u, v);
      if (db) C::kernels::map_add(detail::token_part(db, s, t), gradient, v, u);
    });
  }

 private:
  template <class C, class F>
  static void each_pair(in<C> a, in<C> b, F f) noexcept {
    for (index s = 0; s < a.samples; ++s)
      for (index t = 0; t < a.length(); ++t)
        if (a.valid(s, t) && b.valid(s, t)) f(s, t);
  }
};

}  // namespace tectum
