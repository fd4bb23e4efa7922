// An operator of this program's own: probabilities as scores.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/operators/operator.hpp>

namespace fusion_bench {

// y = log(max(x, 1e-7)), of which the gradient below 1e-7 is 0. cross_entropy of it is that of x, scaled to sum 1.
//   [classes] -> [classes]
inline constexpr struct logarithm_operator {
  static constexpr const char* name = "logarithm";
  static constexpr auto masks = tectum::tokenwise;
  static constexpr float least = 1e-7f;

  static constexpr tectum::shape infer(tectum::shape x) {
    if (x.kind != tectum::kind::features) return tectum::wrong("logarithm: the input must be one vector a sample");
    return x;
  }
  template <class C>
  static void forward(C&, tectum::in<C> x, tectum::out<C> y) noexcept {
    C::kernels::map(
        y.as_samples(),
        [](auto p) { return tectum::math::log(tectum::select(p > decltype(p)(least), p, decltype(p)(least))); },
        x.as_samples());
  }
  template <class C>
  static void backward(C&, tectum::in<C> x, tectum::in<C>, tectum::in<C> dy, tectum::out<C> dx) noexcept {
    if (!dx) return;
    C::kernels::map_add(
        dx.as_samples(),
        [](auto d, auto p) {
          using V = decltype(p);
          return tectum::select(p > V(least), d / tectum::select(p > V(least), p, V(1)), V(0));
        },
        dy.as_samples(), x.as_samples());
  }
} logarithm;

}  // namespace fusion_bench
