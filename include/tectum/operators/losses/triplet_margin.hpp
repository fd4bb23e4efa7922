// Triplet margin loss.
#pragma once

#include <tectum/operators/losses/reduction.hpp>

namespace tectum::inline TECTUM_ABI {

// max(0, margin + |a - p| - |a - n|) of an anchor a, a positive p and a negative n, over the last axis (Balntas et al.
// 2016).
//   margin (1): how much farther the negative should be;
//   p (2): the norm of the distances, greater than 0; infinity: the largest difference;
//   swap (false): the negative is as far as it is from the anchor or from the positive, whichever is nearer;
//   epsilon (1e-6): added to every difference;
//   reduction (mean): mean, sum, batch_mean (the sum divided by the samples) or none (a value a row);
//   [d], [d], [d] or [length, d], three times -> one loss a batch; none: [1] or [length, 1]
// Tokens and samples that are missing in any do not count. Gradients flow to all three inputs.
struct triplet_margin {
  double margin = 1, p = 2;
  bool swap = false;
  double epsilon = 1e-6;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "triplet_margin";
  static constexpr int arity = 3;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape anchor, shape positive, shape negative) const {
    if (!(p > 0)) return wrong("triplet_margin: p must be greater than 0");
    if (anchor.kind != kind::features && anchor.kind != kind::sequence)
      return wrong("triplet_margin: the inputs must be features or sequences");
    const shape all[] = {anchor, positive, negative};
    for (const shape& s : all)
      if (s.kind != anchor.kind || !s.same_extents(anchor))
        return wrong("triplet_margin: all three inputs must have the same shape");
    return detail::reduced(reduction, anchor.with_width(1), {all, 3});
  }
  constexpr extents saved(shape, shape, shape) const { return {.fixed = 1}; }

  template <class C>
  void forward(C& c, in<C> anchor, in<C> positive, in<C> negative, out<C> y) const noexcept {
    using T = typename C::scalar;
    const in<C> all[] = {anchor, positive, negative};
    const auto value = [&](index b, index t, T&) { return math::max(distances<T>(all, b, t).excess, T(0)); };
    detail::reduce_places(
        c, reduction, anchor.samples, anchor.length(), y,
        [&](index b, index t) { return detail::valid_in_all(inputs<C>{all, 3}, b, t); }, value);
  }
  template <class C>
  void backward(C& c, in<C> anchor, in<C> positive, in<C> negative, in<C>, in<C> dy, out<C> danchor, out<C> dpositive,
                out<C> dnegative) const noexcept {
    using T = typename C::scalar;
    const in<C> all[] = {anchor, positive, negative};
    const out<C> gradients[] = {danchor, dpositive, dnegative};
    const auto add = [&](index b, index t, T g) {
      const three<T> d = distances<T>(all, b, t);
      if (d.excess < T(0)) return;
      const T nearer = !swap || d.far < d.swapped ? T(0) : d.far > d.swapped ? T(1) : T(0.5);
      spread(all, gradients, 0, 1, b, t, d.near, g);
      spread(all, gradients, 0, 2, b, t, d.far, (nearer - T(1)) * g);
      if (swap) spread(all, gradients, 1, 2, b, t, d.swapped, -nearer * g);
    };
    detail::spread_places(
        c, reduction, anchor.samples, anchor.length(), dy,
        [&](index b, index t) { return detail::valid_in_all(inputs<C>{all, 3}, b, t); }, add);
  }

 private:
  // From the anchor to the positive and the negative, and between these two; what is too much.
  template <class T>
  struct three {
    T near, far, swapped, excess;
  };
  static constexpr double largest = 1e300;

  template <class T>
  three<T> distances(const view<const T>* x, index b, index t) const noexcept {
    three<T> d{distance(x[0], x[1], b, t), distance(x[0], x[2], b, t), T(0), T(0)};
    d.swapped = swap ? distance(x[1], x[2], b, t) : d.far;
    d.excess = static_cast<T>(margin) + d.near - math::min(d.far, d.swapped);
    return d;
  }
  // base > 0 to any power.
  template <class T>
  static T power(T base, double exponent) noexcept {
    return math::exp(static_cast<T>(exponent) * math::log(base));
  }
  // Calls f(place, difference) along the last axis.
  template <class T, class F>
  void differences(const view<const T>& u, const view<const T>& v, index b, index t, F f) const noexcept {
    const index n = u.width();
    const T *const from = u.sample(b) + t * n, *const to = v.sample(b) + t * n;
    for (index i = 0; i < n; ++i) f(i, from[i] - to[i] + static_cast<T>(epsilon));
  }
  template <class T>
  T distance(const view<const T>& u, const view<const T>& v, index b, index t) const noexcept {
    T sum = 0, most = 0;
    differences(u, v, b, t, [&](index, T d) {
      most = math::max(math::abs(d), most);
      sum += p == 1 ? math::abs(d) : d * d;
    });
    if (p == 1) return sum;
    if (p == 2) return math::sqrt(sum);
    if (p > largest || most == T(0)) return most;
    sum = 0;
    differences(u, v, b, t, [&](index, T d) {
      if (d != T(0)) sum += power(math::abs(d) / most, p);
    });
    return most * power(sum, 1 / p);
  }
  // What a gradient g of the distance between inputs i and j means for both.
  template <class T>
  void spread(const view<const T>* x, const view<T>* dx, int i, int j, index b, index t, T length, T g) const noexcept {
    if (length == T(0) || g == T(0)) return;
    T shared = 1;
    if (p > largest) {
      shared = 0;
      differences(x[i], x[j], b, t, [&](index, T d) { shared += T(math::abs(d) == length); });
    }
    differences(x[i], x[j], b, t, [&](index k, T d) {
      if (d == T(0)) return;
      const T size = math::abs(d), sign = d < T(0) ? T(-1) : T(1);
      const T slope = p == 1        ? sign
                      : p == 2      ? d / length
                      : p > largest ? (size == length ? sign / shared : T(0))
                                    : sign * power(size / length, p - 1);
      const index at = t * x[0].width() + k;
      if (dx[i]) dx[i].sample(b)[at] += g * slope;
      if (dx[j]) dx[j].sample(b)[at] -= g * slope;
    });
  }
};

}  // namespace tectum
