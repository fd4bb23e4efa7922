// Values held between two bounds.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = min(max(x, low), high). The gradient is 0 where x lies outside; on the bounds it goes through.
//   low, high: any numbers, low not above high.   [...] -> [...]
// Each element is by itself: padding and absence go through.
struct clamp {
  double low, high;

  static constexpr const char* name = "clamp";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("clamp: ids are not numbers to compute with; put an embedding before it");
    if (!(low <= high)) return wrong("clamp: low must not be above high");
    return x;
  }
  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const T least = static_cast<T>(low), most = static_cast<T>(high);
    C::kernels::map(
        y.as_samples(),
        [=](auto a) {
          using V = decltype(a);
          return select(a < V(least), V(least), select(a > V(most), V(most), a));
        },
        x.as_samples());
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const T least = static_cast<T>(low), most = static_cast<T>(high);
    detail::each_valid_rows(x, [&](index first, index count) {
      C::kernels::map_add(
          detail::rows_of(dx.as_rows(), first, count),
          [=](auto d, auto a) {
            using V = decltype(a);
            return select((a < V(least)) | (a > V(most)), V(T(0)), d);
          },
          detail::rows_of(dy.as_rows(), first, count), detail::rows_of(x.as_rows(), first, count));
    });
  }
};

}  // namespace tectum
