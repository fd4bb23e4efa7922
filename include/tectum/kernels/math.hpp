// Elementary functions, one formula for a scalar and for simd lanes, so that the tail of a row has the same bits as its
// body. NaN propagates; infinities, denormal results and arguments are right. Measured errors: docs/kernels.md.
#pragma once

#include <tectum/kernels/simd.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace math {

template <class V>
concept lanes_or_scalar = std::is_floating_point_v<element_of_t<V>>;

// What the formulas need to know of a floating type: its layout, and polynomials fitted for its precision, highest
// power first. exp: (e^r - 1 - r) / r^2 on |r| <= ln 2 / 2. log: sum of 2 s^2k / (2k + 1). erf: erf(x) / x in x^2 on
// [0, 1]. erfc: erfc(x) exp(x^2) in 2 / (2 + x) on x >= 1.
template <class T>
struct constants;
template <>
struct constants<float> {
  static constexpr int mantissa = 23, bias = 127;
  static constexpr bits_of<float> sign = 0x80000000u, infinity = 0x7f800000u, root_half = 0x3f3504f3u;
  static constexpr float digits = 8388608.0f, subnormal_scale = 33554432.0f, smallest_normal = 1.17549435e-38f;
  static constexpr int subnormal_shift = 25;
  static constexpr float ln2_high = 6.93145752e-01f, ln2_low = 1.42860677e-06f, log2_e = 1.44269504f;
  static constexpr float exp_low = -104.0f, exp_normal = -87.0f, exp_high = 89.0f, tanh_limit = 20.0f, erf_limit = 4.0f;
  static constexpr float exp[] = {1.392637600e-03f, 8.363333082e-03f, 4.166655346e-02f, 1.666657606e-01f, 0.5f};
  static constexpr float log[] = {0.18181818f, 0.22222222f, 0.28571429f, 0.4f, 0.66666667f};
  static constexpr float erf[] = {-9.667044571e-06f, 1.126595903e-04f, -8.484080406e-04f, 5.221031808e-03f,
                                  -2.686543073e-02f, 1.128378250e-01f, -3.761263847e-01f, 1.128379167e+00f};
  static constexpr float erfc[] = {-5.363042808e-02f, -5.706519996e-02f, 4.034950533e-01f, 1.014954124e-01f,
                                   3.307571337e-01f,  2.736343401e-01f,  6.051183910e-04f};
};
template <>
struct constants<double> {
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr bits_of<double> sign = 0x8000000000000000u, infinity = 0x7ff0000000000000u,
                                   root_half = 0x3fe6a09e667f3bcdu;
  static constexpr double digits = 4503599627370496.0, subnormal_scale = 18014398509481984.0,
                          smallest_normal = 2.2250738585072014e-308;
  static constexpr int subnormal_shift = 54;
  static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10,
                          log2_e = 1.44269504088896340736;
  static constexpr double exp_low = -746.0, exp_normal = -708.0, exp_high = 710.0, tanh_limit = 44.0, erf_limit = 6.0;
  static constexpr double exp[] = {2.0914882563485069500e-09,
                                   2.5105490906986695450e-08,
                                   2.7557273171941027719e-07,
                                   2.7557254740405415099e-06,
                                   2.4801587325920161742e-05,
                                   1.9841269875342142162e-04,
                                   1.3888888888883641505e-03,
                                   8.3333333333259855701e-03,
                                   4.1666666666666669835e-02,
                                   1.6666666666666671103e-01,
                                   0.5};
  static constexpr double log[] = {2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                   2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};
  static constexpr double erf[] = {5.9571761477489124939e-11,  -1.1372848856791674325e-09, 1.4659775274047435986e-08,
                                   -1.6350312701054695037e-07, 1.6461000484121368036e-06,  -1.4925595266831181565e-05,
                                   1.2055331111642710923e-04,  -8.5483269808337899052e-04, 5.2239776248180144673e-03,
                                   -2.6866170645076793248e-02, 1.1283791670954878666e-01,  -3.7612638903183748056e-01,
                                   1.1283791670955125738e+00};
  static constexpr double erfc[] = {6.4177099569977565351e-02,  -4.6415031005127023163e-01, 1.4993273861992587855e+00,
                                    -2.8084696200812490296e+00, 3.3141789939074117687e+00,  -2.5485795151627721857e+00,
                                    1.3907243547276612598e+00,  -6.7205878221902889897e-01, 1.9483233899524952566e-01,
                                    3.4778976688371437680e-02,  1.8531641297586197468e-01,  2.4562975816641905566e-01,
                                    2.8220514173766230087e-01,  2.8208857293202290197e-01,  1.6242284740077590569e-07};
};
template <class V>
using constants_of = constants<element_of_t<V>>;

using tectum::fma;
using tectum::select;

// c[0] x^(N-1) + ... + c[N-1].
template <class V, int N>
TECTUM_INLINE V polynomial(V x, const element_of_t<V> (&c)[N]) noexcept {
  V sum = V(c[0]);
#pragma GCC unroll 16
  for (int i = 1; i < N; ++i) sum = fma(sum, x, V(c[i]));
  return sum;
}

template <lanes_or_scalar V>
TECTUM_INLINE auto bits(V x) noexcept {
  return reinterpret<bits_of<element_of_t<V>>>(x);
}
// On bits, so that -ffast-math cannot fold it away: a bool for a scalar, a mask for lanes.
template <lanes_or_scalar V>
TECTUM_INLINE auto is_nan(V x) noexcept {
  using T = element_of_t<V>;
  using B = bits_of<T>;
  const auto b = bits(x) & decltype(bits(x))(static_cast<B>(~constants<T>::sign));
  return mask_for<T>(b > decltype(b)(constants<T>::infinity));
}
template <class T>
TECTUM_INLINE constexpr T infinity() noexcept {
  return reinterpret<T>(constants<T>::infinity);
}
// The lowest finite number: what a maximum over some places starts from where no infinity should come up.
template <class T>
TECTUM_INLINE constexpr T lowest() noexcept {
  return reinterpret<T>(static_cast<bits_of<T>>((constants<T>::infinity | constants<T>::sign) - 1));
}
// On bits, as is_nan.
template <class T>
TECTUM_INLINE bool is_infinite(T x) noexcept {
  return static_cast<bits_of<T>>(bits(x) << 1) == static_cast<bits_of<T>>(constants<T>::infinity << 1);
}
template <class T>
TECTUM_INLINE bool is_minus_infinity(T x) noexcept {
  return bits(x) == (constants<T>::infinity | constants<T>::sign);
}
template <lanes_or_scalar V>
TECTUM_INLINE V abs(V x) noexcept {
  using T = element_of_t<V>;
  return reinterpret<T>(bits(x) & decltype(bits(x))(static_cast<bits_of<T>>(~constants<T>::sign)));
}
// The magnitude of x with the sign of s; x must not be negative.
template <lanes_or_scalar V>
TECTUM_INLINE V with_sign_of(V x, V s) noexcept {
  using T = element_of_t<V>;
  return reinterpret<T>(bits(x) | (bits(s) & decltype(bits(s))(constants<T>::sign)));
}
// The larger and the smaller of two; NaN if either is.
template <lanes_or_scalar V>
TECTUM_INLINE V max(V a, std::type_identity_t<V> b) noexcept {
  return select(is_nan(a) | (a > b), a, V(b));
}
template <lanes_or_scalar V>
TECTUM_INLINE V min(V a, std::type_identity_t<V> b) noexcept {
  return select(is_nan(a) | (a < b), a, V(b));
}
template <lanes_or_scalar V>
TECTUM_INLINE V sqrt(V x) noexcept {
  if constexpr (std::is_same_v<V, float>) {
    return __builtin_sqrtf(x);
  } else if constexpr (std::is_same_v<V, double>) {
    return __builtin_sqrt(x);
  } else {
#if defined(__clang__)
    return V::from(__builtin_elementwise_sqrt(x.v));
#else
    // g++ does not make vector code of a loop of roots, for the sake of errno.
#if defined(__AVX512F__) && !defined(__clang__)
    if constexpr (sizeof(x.v) == 64 && sizeof(x.v[0]) == 4)
      return V::from(__builtin_ia32_sqrtps512_mask(x.v, x.v, -1, 4));
    else if constexpr (sizeof(x.v) == 64) return V::from(__builtin_ia32_sqrtpd512_mask(x.v, x.v, -1, 4));
    else
#endif
#if defined(__AVX__) && !defined(__clang__)
        if constexpr (sizeof(x.v) == 32 && sizeof(x.v[0]) == 4)
      return V::from(__builtin_ia32_sqrtps256(x.v));
    else if constexpr (sizeof(x.v) == 32) return V::from(__builtin_ia32_sqrtpd256(x.v));
    else
#endif
#if defined(__SSE2__) && !defined(__clang__)
        if constexpr (sizeof(x.v) == 16 && sizeof(x.v[0]) == 4)
      return V::from(__builtin_ia32_sqrtps(x.v));
    else if constexpr (sizeof(x.v) == 16) return V::from(__builtin_ia32_sqrtpd(x.v));
    else
#endif
      for (int i = 0; i < V::width; ++i) x.v[i] = math::sqrt(x.v[i]);
    return x;
#endif
  }
}

namespace detail {

// The nearest whole number of |x| < 2^31, by way of integers: adding and taking away 1.5 * 2^23 would be folded away
// under -ffast-math.
template <class V>
TECTUM_INLINE V nearest(V x) noexcept {
  using T = element_of_t<V>;
  const V half = select(x < V(T(0)), V(T(-0.5)), V(T(0.5)));
  return convert<T>(convert<std::int32_t>(x + half));
}
// 2^n for a whole n of the exponent's range.
template <class V>
TECTUM_INLINE V power_of_two(V n) noexcept {
  using C = constants_of<V>;
  using T = element_of_t<V>;
  return reinterpret<T>(bits(n + V(C::digits + T(C::bias))) << C::mantissa);
}

// x 2^n, where x and the result are normal numbers.
template <class V>
TECTUM_INLINE V times_power_of_two(V x, V n) noexcept {
  using C = constants_of<V>;
  using T = element_of_t<V>;
  using I = decltype(bits(x));
  constexpr auto one = static_cast<bits_of<T>>(static_cast<bits_of<T>>(C::bias) << C::mantissa);
  return reinterpret<T>(bits(x) + (bits(power_of_two(n)) - I(one)));
}

template <class V>
struct reduced {
  V n, tail;  // e^x = 2^n (1 + tail)
};
// x - n ln 2, but for its last digits.
template <class V>
TECTUM_INLINE V first_step(V x, V n) noexcept {
  using C = constants_of<V>;
#if defined(__FAST_MATH__)
  // Without fma both steps are plain sums that -ffast-math would join. The last bit of the product is always zero,
  // which only we know: adding it costs the compiler its view through the first step.
  if constexpr (!has_fma) {
    using T = element_of_t<V>;
    const V product = n * V(C::ln2_high);
    return reinterpret<T>(bits(x - product) + (bits(product) & decltype(bits(product))(1)));
  }
#endif
  return fma(n, V(-C::ln2_high), x);
}
template <class V>
TECTUM_INLINE reduced<V> reduce(V x, V n) noexcept {
  using C = constants_of<V>;
  const V r = fma(n, V(-C::ln2_low), first_step(x, n));
  return {n, fma(r * r, polynomial(r, C::exp), r)};
}
template <class V>
TECTUM_INLINE reduced<V> reduce(V x) noexcept {
  return reduce(x, nearest(x * V(constants_of<V>::log2_e)));
}

}  // namespace detail

template <lanes_or_scalar V>
TECTUM_INLINE V exp(V x) noexcept {
  using C = constants_of<V>;
  using T = element_of_t<V>;
  V limited = select(x < V(C::exp_high), x, V(C::exp_high));
  limited = select(limited > V(C::exp_low), limited, V(C::exp_low));
  const auto [n, tail] = detail::reduce(limited);
  // In two steps: 2^n alone may be beyond the largest or below the smallest normal number. The first adds to the
  // exponent's bits, since -ffast-math would multiply the two powers with each other.
  const V half = detail::nearest(n * V(T(0.5)));
  const V y = detail::times_power_of_two(V(T(1)) + tail, half) * detail::power_of_two(n - half);
  return select(is_nan(x), x, y);
}

// e^x for x in [-85, 85] (double: [-700, 700]) or NaN, where no care for the ends is needed.
template <lanes_or_scalar V>
TECTUM_INLINE V exp_in_range(V x) noexcept {
  const auto [n, tail] = detail::reduce(x);
  const V scale = detail::power_of_two(n);
  return fma(scale, tail, scale);
}

// e^x for x <= 0, as softmax needs it: 0 below e^-87 (double: e^-708), where the result would soon be subnormal.
template <lanes_or_scalar V>
TECTUM_INLINE V exp_nonpositive(V x) noexcept {
  using C = constants_of<V>;
  using T = element_of_t<V>;
  const V low = V(C::exp_normal), limited = select(x > low, x, low);  // never NaN: it becomes an integer
  const V n = convert<T>(convert<std::int32_t>(fma(limited, V(C::log2_e), V(T(-0.5)))));  // the nearest, as x <= 0
  const V scale = detail::power_of_two(n), y = fma(scale, detail::reduce(limited, n).tail, scale);
#if defined(__FAST_MATH__)
  return select(is_nan(x), x, select(x < low, V(T(0)), y));
#else
  return select(x < low, V(T(0)), fma(x, V(T(0)), y));  // 0 x: nothing, or NaN
#endif
}

// e^x - 1, without cancellation around 0.
template <lanes_or_scalar V>
TECTUM_INLINE V expm1(V x) noexcept {
  using C = constants_of<V>;
  using T = element_of_t<V>;
  // Beyond this the 1 does not count.
  const V high = V(C::tanh_limit + C::tanh_limit);
  V limited = select(x < high, x, high);
  limited = select(limited > -high, limited, -high);
  const auto [n, tail] = detail::reduce(limited);
  const V scale = detail::power_of_two(n), y = fma(scale, tail, scale - V(T(1)));
  return select(is_nan(x), x, select(x < high, with_sign_of(math::abs(y), x), math::exp(x)));
}

namespace detail {

// log x, or log(1 + y) where x is that sum rounded.
template <bool OnePlus, class V>
TECTUM_INLINE V log_of(V x, V y) noexcept {
  using C = constants_of<V>;
  using T = element_of_t<V>;
  using B = bits_of<T>;
  const auto tiny = x < V(C::smallest_normal);
  const auto raw = bits(select(tiny, x * V(C::subnormal_scale), x));
  using I = decltype(bits(x));
  // The exponent, biased, of a mantissa in [sqrt(1/2), sqrt(2)).
  const I one = I(static_cast<B>(B(C::bias) << C::mantissa)), root = I(C::root_half);
  const I shifted = raw + (one - root);
  const V e = reinterpret<T>((shifted >> C::mantissa) | bits(V(C::digits))) -
              select(tiny, V(C::digits + T(C::bias + C::subnormal_shift)), V(C::digits + T(C::bias)));
  const V m = reinterpret<T>((shifted & I(static_cast<B>((B(1) << C::mantissa) - 1))) + root);
  V f = m - V(T(1));
  if constexpr (OnePlus) f = select(e == V(T(0)), y, f);
  const V s = f / (V(T(2)) + f), z = s * s, square = V(T(0.5)) * f * f;
  const V rest = s * fma(z, polynomial(z, C::log), square);
  const V sum = fma(e, V(C::ln2_high), f - (square - fma(e, V(C::ln2_low), rest)));
  const V infinity = reinterpret<T>(I(C::infinity));
  const V nan = reinterpret<T>(I(static_cast<B>(C::infinity | (C::infinity >> 1))));
  V result = select(x == infinity, x, sum);
  result = select(x == V(T(0)), -infinity, result);
  result = select(x < V(T(0)), nan, result);
  return select(is_nan(x), x, result);
}

}  // namespace detail

template <lanes_or_scalar V>
TECTUM_INLINE V log(V x) noexcept {
  return detail::log_of<false>(x, x);
}

// log(1 + x), without losing the digits of a small x.
template <lanes_or_scalar V>
TECTUM_INLINE V log1p(V x) noexcept {
  return detail::log_of<true>(V(element_of_t<V>(1)) + x, x);
}

// log(1 + e^x): x where x is large, e^x where it is very negative.
template <lanes_or_scalar V>
TECTUM_INLINE V softplus(V x) noexcept {
  return math::max(x, V(element_of_t<V>(0))) + math::log1p(math::exp(-math::abs(x)));
}

// e^x - 1 over e^x + 1 at twice the argument, with e^x - 1 formed without cancellation.
template <lanes_or_scalar V>
TECTUM_INLINE V tanh(V x) noexcept {
  using C = constants_of<V>;
  using T = element_of_t<V>;
  V twice = math::abs(x);
  twice = twice + twice;
  const auto [n, tail] = detail::reduce(select(twice < V(C::tanh_limit), twice, V(C::tanh_limit)));
  const V scale = detail::power_of_two(n);
  const V t = fma(scale, tail, scale - V(T(1)));
  return select(is_nan(x), x, with_sign_of(t / (t + V(T(2))), x));
}

template <lanes_or_scalar V>
TECTUM_INLINE V sigmoid(V x) noexcept {
  using T = element_of_t<V>;
  const V e = math::exp(-math::abs(x));
  return select(is_nan(x), x, select(x < V(T(0)), e, V(T(1))) / (V(T(1)) + e));
}

template <lanes_or_scalar V>
TECTUM_INLINE V erf(V x) noexcept {
  using C = constants_of<V>;
  using T = element_of_t<V>;
  V a = math::abs(x);
  a = select(a < V(C::erf_limit), a, V(C::erf_limit));
  const V square = a * a;
  const V near = x * polynomial(select(square < V(T(1)), square, V(T(1))), C::erf);
  const V t = V(T(2)) / (a + V(T(2)));
  const V far = fma(-math::exp_in_range(-square), polynomial(t, C::erfc), V(T(1)));
  return select(is_nan(x), x, select(a < V(T(1)), near, with_sign_of(far, x)));
}

// sin and cos of 2 pi u, u in [0, 1]: what Box and Muller need.
template <lanes_or_scalar V>
TECTUM_INLINE void sin_cos_turns(V u, V& sine, V& cosine) noexcept {
  using T = element_of_t<V>;
  constexpr T pi_half = T(1.57079632679489661923);
  const V quarter = detail::nearest(u * V(T(4)));
  const V r = fma(u, V(T(4)), -quarter) * V(pi_half), z = r * r;
  constexpr T s[] = {T(-1.0 / 1307674368000.0), T(1.0 / 6227020800.0), T(-1.0 / 39916800.0), T(1.0 / 362880.0),
                     T(-1.0 / 5040.0),          T(1.0 / 120.0),        T(-1.0 / 6.0),        T(1)};
  constexpr T c[] = {T(-1.0 / 87178291200.0),
                     T(1.0 / 479001600.0),
                     T(-1.0 / 3628800.0),
                     T(1.0 / 40320.0),
                     T(-1.0 / 720.0),
                     T(1.0 / 24.0),
                     T(-0.5),
                     T(1)};
  const V a = r * polynomial(z, s), b = polynomial(z, c);
  const auto odd = (quarter == V(T(1))) | (quarter == V(T(3)));
  const auto flip_sine = (quarter == V(T(2))) | (quarter == V(T(3)));
  const auto flip_cosine = (quarter == V(T(1))) | (quarter == V(T(2)));
  sine = select(odd, b, a);
  cosine = select(odd, a, b);
  sine = select(flip_sine, -sine, sine);
  cosine = select(flip_cosine, -cosine, cosine);
}

}  // namespace math
}  // namespace tectum
TECTUM_PRECISE_END
