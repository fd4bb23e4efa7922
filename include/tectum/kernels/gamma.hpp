// The logarithm of the gamma function and its derivatives, for arguments above 0, scalars and simd lanes. Steps of
// f(x + 1) from f(x) up to 10, Stirling's series from there on. Errors are a few units in the last place of the largest
// term, so that around zeros (1 and 2, 1.46...) they are small beside 1 instead of beside the result.
#pragma once

#include <tectum/kernels/math.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace math {
namespace detail {

inline constexpr int gamma_steps = 10;  // from 0 to where the series holds

// Sums of Bernoulli numbers B_2k over 2k, over 2k (2k - 1), and themselves, with powers of 1 / x^2: highest first.
inline constexpr double digamma_series[] = {1.0 / 12,  -691.0 / 32760, 1.0 / 132, -1.0 / 240,
                                            1.0 / 252, -1.0 / 120,     1.0 / 12};
inline constexpr double log_gamma_series[] = {1.0 / 156,  -691.0 / 360360, 1.0 / 1188, -1.0 / 1680,
                                              1.0 / 1260, -1.0 / 360,      1.0 / 12};
inline constexpr double trigamma_series[] = {7.0 / 6, -691.0 / 2730, 5.0 / 66, -1.0 / 30, 1.0 / 42, -1.0 / 30, 1.0 / 6};

template <class V, int N>
TECTUM_INLINE V gamma_polynomial(V x, const double (&c)[N]) noexcept {
  using T = element_of_t<V>;
  V sum = V(static_cast<T>(c[0]));
#pragma GCC unroll 8
  for (int i = 1; i < N; ++i) sum = fma(sum, x, V(static_cast<T>(c[i])));
  return sum;
}

}  // namespace detail

// The derivative of log_gamma.
template <lanes_or_scalar V>
TECTUM_INLINE V digamma(V x) noexcept {
  using T = element_of_t<V>;
  const V one = V(T(1)), limit = V(T(detail::gamma_steps));
  V y = x, steps = V(T(0));
  for (int i = 0; i < detail::gamma_steps; ++i) {
    const auto small = y < limit;
    steps = steps + select(small, one / y, V(T(0)));
    y = y + select(small, one, V(T(0)));
  }
  const V r = one / y, z = r * r;
  const V log = fma(r, V(T(-0.5)), math::log(y));
  return fma(-z, detail::gamma_polynomial(z, detail::digamma_series), log) - steps;
}

// The second derivative of log_gamma.
template <lanes_or_scalar V>
TECTUM_INLINE V trigamma(V x) noexcept {
  using T = element_of_t<V>;
  const V one = V(T(1)), limit = V(T(detail::gamma_steps));
  V y = x, steps = V(T(0));
  for (int i = 0; i < detail::gamma_steps; ++i) {
    const auto small = y < limit;
    steps = steps + select(small, one / (y * y), V(T(0)));
    y = y + select(small, one, V(T(0)));
  }
  const V r = one / y, z = r * r;
  const V cube = r * z;
  return steps + fma(cube, detail::gamma_polynomial(z, detail::trigamma_series), fma(z, V(T(0.5)), r));
}

// log of the gamma function.
template <lanes_or_scalar V>
TECTUM_INLINE V log_gamma(V x) noexcept {
  using T = element_of_t<V>;
  const V one = V(T(1)), limit = V(T(detail::gamma_steps));
  V y = x, steps = one;
  for (int i = 0; i < detail::gamma_steps; ++i) {
    const auto small = y < limit;
    steps = steps * select(small, y, one);
    y = y + select(small, one, V(T(0)));
  }
  const V r = one / y, half_log_two_pi = V(T(0.918938533204672741780));
  const V stirling = fma(r, detail::gamma_polynomial(r * r, detail::log_gamma_series), half_log_two_pi);
  return fma(y - V(T(0.5)), math::log(y), -y) + stirling - math::log(steps);
}

}  // namespace math
}  // namespace tectum
TECTUM_PRECISE_END
