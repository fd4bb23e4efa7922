// Cosine embedding loss.
#pragma once

#include <tectum/operators/losses/reduction.hpp>

namespace tectum::inline TECTUM_ABI {

// 1 - cos(a, b) where the target is 1 or more, max(0, cos(a, b) - margin) where it is -1 or less, else 0, over the last
// axis; 1e-12 is added to both squared lengths.
//   margin (0): how similar what should differ may be, in [-1, 1];
//   reduction (mean): mean, sum, batch_mean (the sum divided by the samples) or none (a value a row);
//   [d], [d] and the target [1], or [length, d], [length, d] and [length, 1] -> one loss a batch; none: as the target
// Tokens and samples that are missing in any do not count. Gradients flow to a and b; that of the target is 0.
struct cosine_embedding {
  double margin = 0;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "cosine_embedding";
  static constexpr int arity = 3;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape a, shape b, shape target) const {
    if (!(margin >= -1 && margin <= 1)) return wrong("cosine_embedding: margin must be in [-1, 1]");
    if (a.kind != kind::features && a.kind != kind::sequence)
      return wrong("cosine_embedding: the inputs must be features or sequences");
    if (a.kind != b.kind || !a.same_extents(b))
      return wrong("cosine_embedding: the first two inputs must have the same shape");
    if (target.kind != a.kind || target.width() != 1 || target.rows() != a.rows())
      return wrong("cosine_embedding: the target must be one number a row");
    const shape all[] = {a, b, target};
    return detail::reduced(reduction, a.with_width(1), {all, 3});
  }
  constexpr extents saved(shape, shape, shape) const { return {.fixed = 1}; }

  template <class C>
  void forward(C& c, in<C> a, in<C> b, in<C> target, out<C> y) const noexcept {
    using T = typename C::scalar;
    const in<C> all[] = {a, b, target};
    const auto value = [&](index s, index t, T&) {
      const T cosine = angle(c, a, b, s, t).cosine, wanted = target.sample(s)[t];
      return wanted >= T(1) ? T(1) - cosine : wanted <= T(-1) ? math::max(cosine - least(c), T(0)) : T(0);
    };
    detail::reduce_places(
        c, reduction, a.samples, a.length(), y,
        [&](index s, index t) { return detail::valid_in_all(inputs<C>{all, 3}, s, t); }, value);
  }
  template <class C>
  void backward(C& c, in<C> a, in<C> b, in<C> target, in<C>, in<C> dy, out<C> da, out<C> db, out<C>) const noexcept {
    using T = typename C::scalar;
    const in<C> all[] = {a, b, target};
    const auto add = [&](index s, index t, T g) {
      const auto [cosine, both, left, right] = angle(c, a, b, s, t);
      const T wanted = target.sample(s)[t];
      const T slope = wanted >= T(1) ? -g : wanted <= T(-1) && cosine >= least(c) ? g : T(0);
      const index n = a.width();
      const auto pull = [&](out<C> dx, in<C> own, in<C> other, T length) {
        if (!dx) return;
        C::kernels::map_add(
            matrix<T>{dx.sample(s) + t * n, 1, n, n},
            [u = slope / both, v = slope * cosine / length](auto x, auto z) {
              using V = decltype(x);
              return V(u) * z - V(v) * x;
            },
            matrix<const T>{own.sample(s) + t * n, 1, n, n}, matrix<const T>{other.sample(s) + t * n, 1, n, n});
      };
      pull(da, a, b, left);
      pull(db, b, a, right);
    };
    detail::spread_places(
        c, reduction, a.samples, a.length(), dy,
        [&](index s, index t) { return detail::valid_in_all(inputs<C>{all, 3}, s, t); }, add);
  }

 private:
  template <class C>
  typename C::scalar least(C&) const noexcept {
    return static_cast<typename C::scalar>(margin);
  }
  // The cosine, the product of the lengths, and both squared.
  template <class T>
  struct angle_between {
    T cosine, both, left, right;
  };
  template <class C>
  static auto angle(C&, in<C> a, in<C> b, index s, index t) noexcept {
    using T = typename C::scalar;
    const index n = a.width();
    const T *const u = a.sample(s) + t * n, *const v = b.sample(s) + t * n;
    const T left = C::kernels::dot(n, u, u) + T(1e-12), right = C::kernels::dot(n, v, v) + T(1e-12);
    const T both = math::sqrt(left) * math::sqrt(right);
    return angle_between<T>{C::kernels::dot(n, u, v) / both, both, left, right};
  }
};

}  // namespace tectum
