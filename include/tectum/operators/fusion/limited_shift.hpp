// A shift that is not longer than what it shifts.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x + a h with a = min(beta |x| / (|h| + epsilon), 1) for each token, |.| the length of a vector (the shift of MAG:
// Rahman et al. 2020).
//   beta (1): how long a shift may be, in lengths of x, greater than 0; epsilon (1e-6): 0 or more.
//   x [..., n], h [..., n] -> [..., n]: features or sequences of one shape
// Where h is 0, padded or absent, y is x; the length of a vector of zeros has gradient 0. The result is masked as x is.
struct limited_shift {
  double beta = 1, epsilon = 1e-6;

  static constexpr const char* name = "limited_shift";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;

  constexpr shape infer(shape x, shape h) const {
    if (x.kind != kind::features && x.kind != kind::sequence)
      return wrong("limited_shift: the inputs must be features or sequences");
    if (x.kind != h.kind || !x.same_extents(h)) return wrong("limited_shift: both inputs must have the same shape");
    if (h.padded && !x.padded)
      return wrong("limited_shift: the shift of a sequence that is not padded may not be padded");
    if (!(beta > 0)) return wrong("limited_shift: beta must be greater than 0");
    if (!(epsilon >= 0)) return wrong("limited_shift: epsilon must be 0 or more");
    return x;
  }
  constexpr long long multiply_adds(shape x, shape) const { return 3LL * x.size(); }

  template <class C>
  void forward(C&, in<C> x, in<C> h, out<C> y) const noexcept {
    using T = typename C::scalar;
    each_token(x, [&](index b, index t) {
      const matrix<const T> from = detail::rows_of(x.sample_rows(b), t, 1);
      const matrix<T> to = detail::rows_of(y.sample_rows(b), t, 1);
      C::kernels::copy(from, to);
      if (!h.valid(b, t)) return;
      const lengths<T> l(*this, from.data, h.sample(b) + t * h.width(), h.width());
      C::kernels::scale_add(math::min(l.ratio, T(1)), detail::rows_of(h.sample_rows(b), t, 1), to);
    });
    for (index b = 0; x.mask && b < x.samples; ++b)
      for (index t = 0; t < x.length(); ++t)
        if (!x.valid(b, t)) C::kernels::fill(detail::rows_of(y.sample_rows(b), t, 1), T(0));
  }
  template <class C>
  void backward(C&, in<C> x, in<C> h, in<C>, in<C> dy, out<C> dx, out<C> dh) const noexcept {
    using T = typename C::scalar;
    each_token(x, [&](index b, index t) {
      const auto row = [&](const auto& v) { return detail::rows_of(v.sample_rows(b), t, 1); };
      const matrix<const T> d = row(dy), from = row(x), shift = row(h);
      if (dx) C::kernels::add(d, row(dx));
      if (!h.valid(b, t)) return;
      const lengths<T> l(*this, from.data, shift.data, d.columns);
      if (dh) C::kernels::scale_add(math::min(l.ratio, T(1)), d, row(dh));
      if (!(l.ratio < T(1))) return;
      const T pull = C::kernels::dot(d.columns, d.data, shift.data) * l.ratio;
      if (dx && l.own > T(0)) C::kernels::scale_add(pull / l.own / l.own, from, row(dx));
      if (dh && l.shift > T(0)) C::kernels::scale_add(-pull / l.divisor / l.shift, shift, row(dh));
    });
  }

 private:
  // Of one token: the lengths of x and h, and how much of h x allows. A shift of zeros counts as one of length 1.
  template <class T>
  struct lengths {
    T own, shift, divisor, ratio;
    lengths(const limited_shift& o, const T* x, const T* h, index n) noexcept
        : own(length_of(x, n)),
          shift(length_of(h, n)),
          divisor((shift > T(0) ? shift : T(1)) + static_cast<T>(o.epsilon)),
          ratio(static_cast<T>(o.beta) * own / divisor) {}
    // Of numbers divided by the largest, whose squares do not overflow.
    static T length_of(const T* v, index n) noexcept {
      T most = 0, sum = 0;
      for (index i = 0; i < n; ++i) most = math::max(most, math::abs(v[i]));
      if (!(most > T(0))) return most;
      for (index i = 0; i < n; ++i) sum += v[i] / most * (v[i] / most);
      return most * math::sqrt(sum);
    }
  };
  template <class X, class F>
  static void each_token(const X& x, F f) noexcept {
    for (index b = 0; b < x.samples; ++b)
      detail::each_valid_run(x, b, [&](index begin, index count) {
        for (index t = begin; t < begin + count; ++t) f(b, t);
      });
  }
};

}  // namespace tectum
