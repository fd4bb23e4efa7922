// Negative log likelihood of normal distributions.
#pragma once

#include <tectum/operators/losses/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// (log v + (x - t)² / v) / 2, element by element, of expectations x, targets t and variances v (Nix, Weigend 1994).
//   full (false): add the constant log(2 pi) / 2;
//   epsilon (1e-6): variances are at least this; the gradient of a smaller one is taken at it;
//   reduction (mean): mean, sum, batch_mean (the sum divided by the samples) or none (a value an element);
//   [...], [...], [...] -> one loss a batch; none: [...]
// Tokens and samples that are missing in any do not count. Gradients flow to all three inputs.
struct gaussian_nll {
  bool full = false;
  double epsilon = 1e-6;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "gaussian_nll";
  static constexpr int arity = 3;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape x, shape target, shape variance) const {
    if (!(epsilon > 0)) return wrong("gaussian_nll: epsilon must be greater than 0");
    const shape all[] = {x, target, variance};
    return detail::elementwise_loss(
        reduction, {all, 3}, "gaussian_nll: ids are not numbers to compare; use tt::cross_entropy",
        "gaussian_nll: an input is a loss already", "gaussian_nll: all three inputs must have the same shape");
  }
  constexpr extents saved(shape, shape, shape) const { return detail::elementwise_loss_saved(); }
  constexpr extents scratch(shape x, shape, shape) const { return detail::elementwise_loss_scratch(reduction, x); }

  template <class C>
  void forward(C& c, in<C> x, in<C> target, in<C> variance, out<C> y) const noexcept {
    using T = typename C::scalar;
    const in<C> all[] = {x, target, variance};
    const T least = static_cast<T>(epsilon), constant = full ? T(0.91893853320467274178) : T(0);
    detail::elementwise_loss_forward(c, reduction, inputs<C>{all, 3}, y, [&](auto values, auto part) {
      C::kernels::map(
          values,
          [=](auto a, auto t, auto v) {
            using V = decltype(v);
            const V d = a - t, w = math::max(v, V(least));
            return V(T(0.5)) * (math::log(w) + d * d / w) + V(constant);
          },
          part(x), part(target), part(variance));
    });
  }
  template <class C>
  void backward(C& c, in<C> x, in<C> target, in<C> variance, in<C>, in<C> dy, out<C> dx, out<C> dtarget,
                out<C> dvariance) const noexcept {
    using T = typename C::scalar;
    const in<C> all[] = {x, target, variance};
    const T least = static_cast<T>(epsilon);
    const auto pull = [=](auto a, auto t, auto v) { return (a - t) / math::max(v, decltype(v)(least)); };
    detail::elementwise_loss_backward(c, reduction, inputs<C>{all, 3}, dy, [&](const auto& g, auto part) {
      g.add(part, dx, pull, part(x), part(target), part(variance));
      g.add(part, dtarget, pull, part(target), part(x), part(variance));
      g.add(
          part, dvariance,
          [=](auto a, auto t, auto v) {
            using V = decltype(v);
            const V w = math::max(v, V(least)), d = (a - t) / w;
            return V(T(0.5)) * (V(1) / w - d * d);
          },
          part(x), part(target), part(variance));
    });
  }
};

}  // namespace tectum
