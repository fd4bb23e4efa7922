// Vectors of length 1.
#pragma once

#include <tectum/operators/layers/axis.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x / max(norm of x, epsilon), the norm (sum of |x|^p)^(1/p) taken along one axis.
//   p (2): power of the norm, greater than 0; axis (-1): of a sample, counted from the front or, below 0, from the end;
//   epsilon (1e-12): what a smaller norm is replaced by, greater than 0.   [...] -> [...]
// Along the tokens the padded ones do not count; along the other axes each token is by itself. Where x is 0 the norm's
// own gradient is 0.
struct normalize {
  double p = 2;
  int axis = -1;
  double epsilon = 1e-12;

  static constexpr const char* name = "normalize";
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::output;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("normalize: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("normalize: a loss is one number");
    if (!detail::has_axis(x, axis)) return wrong("normalize: a sample does not have that axis", axis, x.rank);
    if (!(p > 0 && p < 1e6)) return wrong("normalize: p must be greater than 0 and finite");
    if (!(epsilon > 0)) return wrong("normalize: epsilon must be greater than 0");
    return x;
  }
  // The norms.
  constexpr extents saved(shape x) const {
    const detail::axis_layout a = detail::along(x, axis);
    return {.per_sample = a.outer * a.inner};
  }
  constexpr extents scratch(shape x) const {
    const detail::axis_layout a = detail::along(x, axis);
    return {.fixed = a.inner + a.steps};
  }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const detail::axis_layout a = detail::along(x.shape(), axis);
    T* norm = c.saved();
    const T least = static_cast<T>(epsilon);
    detail::each_block(x, a, [&](index b, index begin, auto valid) {
      const T* const from = x.sample(b) + begin;
      T* const to = y.sample(b) + begin;
      if (a.in_rows()) {
        *norm = of_row<C>(a.steps, from, c.scratch_fixed());
        const T divisor = math::max(*norm, least);
        C::kernels::map(
            detail::row_of(to, a.steps), [=](auto v) { return v / decltype(v)(divisor); },
            detail::row_of(from, a.steps));
      } else {
        of_columns<C>(from, a, valid, norm, c.scratch_fixed());
        for (index s = 0; s < a.steps; ++s)
          if (valid(s))
            C::kernels::fused_update(
                a.inner,
                [=](auto& e, const auto& v, const auto& n) {
                  using V = std::remove_cvref_t<decltype(e)>;
                  e = v / math::max(n, V(least));
                },
                to + s * a.inner, from + s * a.inner, static_cast<const T*>(norm));
          else C::kernels::fill(detail::row_of(to + s * a.inner, a.inner), T(0));
      }
      norm += a.inner;
    });
  }

  // With y = x / n: dx += (dy - (sum of dy y) sign(y) |y|^(p - 1)) / n, or dy / epsilon where n is below it.
  template <class C>
  void backward(C& c, in<C> x, in<C> y, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const detail::axis_layout a = detail::along(x.shape(), axis);
    const T* norm = c.saved();
    const T least = static_cast<T>(epsilon), q = static_cast<T>(p);
    T* const sum = c.scratch_fixed();
    const auto slope = [=](auto d, auto e, auto total, auto n) {
      using V = decltype(d);
      const V direction = select(e == V(T(0)), V(T(0)), math::with_sign_of(power(math::abs(e), q - T(1)), e));
      return select(n < V(least), d / V(least), (d - total * direction) / n);
    };
    detail::each_block(x, a, [&](index b, index begin, auto valid) {
      const T *const value = y.sample(b) + begin, *const upper = dy.sample(b) + begin;
      T* const to = dx.sample(b) + begin;
      if (a.in_rows()) {
        if (valid(0)) {
          const T total = C::kernels::dot(a.steps, value, upper), n = *norm;
          C::kernels::map_add(
              detail::row_of(to, a.steps),
              [=](auto d, auto e) {
                using V = decltype(d);
                return slope(d, e, V(total), V(n));
              },
              detail::row_of(upper, a.steps), detail::row_of(value, a.steps));
        }
      } else {
        C::kernels::fill(detail::row_of(sum, a.inner), T(0));
        for (index s = 0; s < a.steps; ++s)
          if (valid(s))
            C::kernels::fused_update(
                a.inner, [](auto& total, const auto& e, const auto& d) { total = total + e * d; }, sum,
                value + s * a.inner, upper + s * a.inner);
        for (index s = 0; s < a.steps; ++s)
          if (valid(s))
            C::kernels::fused_update(
                a.inner,
                [=](auto& g, const auto& d, const auto& e, const auto& total, const auto& n) {
                  using V = std::remove_cvref_t<decltype(g)>;
                  g = g + slope(V(d), V(e), V(total), V(n));
                },
                to + s * a.inner, upper + s * a.inner, value + s * a.inner, static_cast<const T*>(sum), norm);
      }
      norm += a.inner;
    });
  }

 private:
  // v^q for v >= 0; whole powers up to 2 without a logarithm.
  template <class V, class T>
  static V power(V v, T q) noexcept {
    if (q == T(0)) return V(T(1));
    if (q == T(1)) return v;
    if (q == T(2)) return v * v;
    return select(v == V(T(0)), V(T(0)), math::exp(V(q) * math::log(v)));
  }
  // The p-th root of a sum of powers of numbers up to 1.
  template <class V, class T>
  static V root(V sum, T q) noexcept {
    return q == T(1) ? sum : q == T(2) ? math::sqrt(sum) : power(sum, T(1) / q);
  }
  // Powers of what has been divided by the largest cannot overflow; squares of ordinary numbers do not.
  constexpr bool scaled() const { return p != 1 && p != 2; }

  template <class C, class T = typename C::scalar>
  T of_row(index n, const T* x, T* room) const noexcept {
    if (p == 2) return math::sqrt(C::kernels::dot(n, x, x));
    C::kernels::map(detail::row_of(room, n), [](auto v) { return math::abs(v); }, detail::row_of(x, n));
    const T* const size = room;
    const T most = scaled() ? C::kernels::maximum(n, size) : T(1), q = static_cast<T>(p);
    if (most == T(0)) return T(0);
    if (scaled())
      C::kernels::map(
          detail::row_of(room, n), [=](auto v) { return power(v / decltype(v)(most), q); }, detail::row_of(size, n));
    return most * root(C::kernels::sum(n, size), q);
  }
  template <class C, class Valid, class T = typename C::scalar>
  void of_columns(const T* x, const detail::axis_layout& a, Valid valid, T* norm, T* most) const noexcept {
    const T q = static_cast<T>(p);
    C::kernels::fill(detail::row_of(norm, a.inner), T(0));
    C::kernels::fill(detail::row_of(most, a.inner), scaled() ? T(0) : T(1));
    for (index s = 0; scaled() && s < a.steps; ++s)
      if (valid(s))
        C::kernels::fused_update(
            a.inner, [](auto& m, const auto& v) { m = math::max(m, math::abs(v)); }, most, x + s * a.inner);
    C::kernels::fused_update(
        a.inner,
        [](auto& m) {
          using V = std::remove_cvref_t<decltype(m)>;
          m = select(m == V(T(0)), V(T(1)), m);
        },
        most);
    for (index s = 0; s < a.steps; ++s)
      if (valid(s))
        C::kernels::fused_update(
            a.inner, [=](auto& n, const auto& v, const auto& m) { n = n + power(math::abs(v) / m, q); }, norm,
            x + s * a.inner, static_cast<const T*>(most));
    C::kernels::fused_update(
        a.inner, [=](auto& n, const auto& m) { n = m * root(n, q); }, norm, static_cast<const T*>(most));
  }
};

}  // namespace tectum
