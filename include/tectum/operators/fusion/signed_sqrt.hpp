// The signed square root.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = sign(x) sqrt |x| (Perronnin et al. 2010, there "power normalisation"). Where x is 0 its gradient is 0.
//   [...] -> [...]
// Each element is by itself: padding and absence go through.
inline constexpr struct signed_sqrt_operator {
  static constexpr const char* name = "signed_sqrt";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::output;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) {
    if (x.holds_ids()) return wrong("signed_sqrt: ids are not numbers to compute with; put an embedding before it");
    return x;
  }
  template <class V>
  static V root(V x) noexcept {
    using T = element_of_t<V>;
    const V r = math::sqrt(math::abs(x));
    return select(x < V(T(0)), -r, r);
  }
  // dy / dx, told from y.
  template <class V>
  static V slope(V y) noexcept {
    using T = element_of_t<V>;
    const V zero = V(T(0)), none = math::abs(y);
    return select(none > zero, V(T(0.5)) / select(none > zero, none, V(T(1))), zero);
  }
  template <class C>
  static void forward(C&, in<C> x, out<C> y) noexcept {
    C::kernels::map(y.as_samples(), [](auto a) { return root(a); }, x.as_samples());
  }
  template <class C>
  static void backward(C&, in<C> x, in<C> y, in<C> dy, out<C> dx) noexcept {
    if (!dx) return;
    detail::each_valid_rows(x, [&](index first, index count) {
      C::kernels::map_add(
          detail::rows_of(dx.as_rows(), first, count), [](auto d, auto a) { return d * slope(a); },
          detail::rows_of(dy.as_rows(), first, count), detail::rows_of(y.as_rows(), first, count));
    });
  }
} signed_sqrt;

}  // namespace tectum
