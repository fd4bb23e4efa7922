// The gamma function's logarithm and its derivatives against mpmath with 40 digits.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tectum/kernels/gamma.hpp>

#include "tests/kernels/guarded.hpp"

namespace kernel_tests {
namespace {

struct exact_values {
  double x, log_gamma, digamma, trigamma;
};
constexpr exact_values exact[] = {
    {0.0009765625, 6.93090890241946189, -1024.575610429340622, 1048577.642589392153},
    {0.03125, 3.44848912779795848, -32.52695328860611811, 1025.572854478237709},
    {0.25, 1.288022524698077457, -4.227453533376265408, 17.19732915450711074},
    {0.5, 0.5723649429247000871, -1.963510026021423479, 4.934802200544679309},
    {0.9375, 0.03939090173458230066, -0.6850006744956977701, 1.808971117885678005},
    {1, 0.0, -0.5772156649015328606, 1.644934066848226436},
    {1.25, -0.09827183642181316146, -0.2274535333762654081, 1.197329154507110739},
    {1.4616241455078125, -0.1214862905048881966, -7.74088428578824791e-6, 0.9676793292302531808},
    {1.5, -0.1207822376352452223, 0.03648997397857652056, 0.9348022005446793094},
    {2, 0.0, 0.4227843350984671394, 0.6449340668482264365},
    {2.125, 0.05775985153034387161, 0.5003962255930340211, 0.5980099881979110164},
    {3.75, 1.486815578593417056, 1.182537388611796229, 0.3053398526902530755},
    {6, 4.787491742782045994, 1.706117668431800473, 0.1813229557371153254},
    {9, 10.60460290274525023, 2.140641477955609997, 0.1175120146940314251},
    {9.96875, 12.73151161871771242, 2.248460733820727326, 0.1055127795136510276},
    {10, 12.80182748008146961, 2.251752589066721108, 0.1051663356816857461},
    {10.5, 13.94062521940376363, 2.303001034297686375, 0.0999169560591267332},
    {17.25, 31.37462231367768648, 2.818546676986557038, 0.05968378191901551717},
    {64, 201.0093163992815267, 4.151050238804236165, 0.01574770606433893016},
    {1000, 5905.220423209181212, 6.907255195648812052, 0.001000500166666633333},
    {123456, 1323892.768843701414, 11.7236360462340132, 8.100084645840261355e-6},
    {16777216, 262320695.8342572532, 16.63553230363636474, 5.960464655174749969e-8},
};

// In units of the last place of the result, or of `scale` where the result is smaller: of what it is a difference.
template <class T>
double error(T got, double want, double scale) {
  if (math::is_nan(got)) return 1e9;
  const double size = std::fmax(std::fabs(want), scale);
  return std::fabs(static_cast<double>(got) - want) /
         std::ldexp(1.0, std::ilogb(size) + 1 - std::numeric_limits<T>::digits);
}
// Of a scalar and of lanes, which have the same bits.
template <class T, class F>
double worst(F f, T x, double want, double scale) {
  constexpr int W = native_width<T>;
  const T y = f(x), lane = f(simd<T, W>(x))[W - 1];
  if (!fast_math && std::memcmp(&lane, &y, sizeof y) != 0) return 1e12;
  return std::fmax(error(y, want, scale), error(lane, want, scale));
}

}  // namespace

TEST_CASE_TEMPLATE("log_gamma, digamma and trigamma", T, float, double) {
  for (const exact_values& v : exact) {
    const T x = static_cast<T>(v.x);
    CAPTURE(v.x);
    CHECK(worst([](auto a) { return math::log_gamma(a); }, x, v.log_gamma, 16) <= (fast_math ? 16 : 4));
    CHECK(worst([](auto a) { return math::digamma(a); }, x, v.digamma, 2) <= (fast_math ? 16 : 5));
    CHECK(worst([](auto a) { return math::trigamma(a); }, x, v.trigamma, 0) <= (fast_math ? 16 : 5));
  }
}

TEST_CASE_TEMPLATE("steps by one", T, float, double) {
  const double unit = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (int i = 1; i < 200; ++i) {
    const T x = static_cast<T>(0.125 * i);
    const double d = static_cast<double>(math::digamma(x + 1) - math::digamma(x)), one = 1 / static_cast<double>(x);
    CHECK(std::fabs(d - one) <= 16 * unit * std::fmax(4, one));
    const double g = static_cast<double>(math::log_gamma(x + 1) - math::log_gamma(x));
    CHECK(std::fabs(g - std::log(static_cast<double>(x))) <= 16 * unit * 64);
  }
}

}  // namespace kernel_tests
