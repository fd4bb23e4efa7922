#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/kernels/guarded.hpp"

namespace kernel_tests {

namespace {

// Units in the last place that results may be wrong by.
constexpr double bound = fast_math ? 16 : 3;

template <class T>
double ulps(T got, long double want) {
  const T rounded = static_cast<T>(want);
  if (math::is_nan(got)) return 1e9;
  if (math::is_infinite(rounded) || math::is_infinite(got)) return math::bits(got) == math::bits(rounded) ? 0 : 1e9;
  const long double least = fast_math ? std::numeric_limits<T>::min() : std::numeric_limits<T>::denorm_min();
  const long double unit =
      std::fmax(std::ldexp(1.0L, std::ilogb(std::fabs(want)) + 1 - std::numeric_limits<T>::digits), least);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - want) / unit);
}

// The worst error in ulp over points from low to high, of scalars and of lanes; both must have the same bits.
template <class T, class F, class G>
double worst(F f, G exact, double low, double high, int points = 20000) {
  constexpr int W = native_width<T>;
  double most = 0;
  for (int i = 0; i < points; ++i) {
    const T x = static_cast<T>(low + (high - low) * (i + 0.5 * (draw<double>() + 1)) / points);
    const T y = f(x), lane = f(simd<T, W>(x))[i % W];
    const long double want = exact(static_cast<long double>(x));
    most = std::fmax(most, std::fmax(ulps(y, want), ulps(lane, want)));
    if (!fast_math && std::memcmp(&lane, &y, sizeof y) != 0) return 1e12;
  }
  return most;
}

long double sigmoid_exact(long double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE_TEMPLATE("math: within 3 ulp, lanes and scalars alike (-ffast-math: within 16)", T, float, double) {
  const bool single = sizeof(T) == 4;
  const auto exp = [](auto x) { return math::exp(x); };
  const auto log = [](auto x) { return math::log(x); };
  const auto tanh = [](auto x) { return math::tanh(x); };
  const auto sigmoid = [](auto x) { return math::sigmoid(x); };
  const auto erf = [](auto x) { return math::erf(x); };
  const auto exact_exp = [](long double x) { return std::exp(x); };
  const auto exact_log = [](long double x) { return std::log(x); };
  const auto exact_tanh = [](long double x) { return std::tanh(x); };
  const auto exact_erf = [](long double x) { return std::erf(x); };
  CHECK(worst<T>(exp, exact_exp, -2, 2) <= bound);
  CHECK(worst<T>(exp, exact_exp, single ? -110 : -750, single ? 90 : 711) <= bound);
  CHECK(worst<T>([](auto x) { return math::exp_nonpositive(x); }, exact_exp, single ? -87 : -708, 0) <= bound);
  CHECK(math::exp_nonpositive(T(single ? -87.5 : -709)) == T(0));
  CHECK(math::is_nan(math::exp_nonpositive(std::numeric_limits<T>::quiet_NaN())));
  CHECK(worst<T>(log, exact_log, 0.3, 3) <= bound);
  CHECK(worst<T>(log, exact_log, 0, single ? 1e-37 : 1e-307) <= bound);
  CHECK(worst<T>(log, exact_log, 1e-3, 1e5) <= bound);
  const auto expm1 = [](auto x) { return math::expm1(x); };
  const auto log1p = [](auto x) { return math::log1p(x); };
  const auto exact_expm1 = [](long double x) { return std::expm1(x); };
  const auto exact_log1p = [](long double x) { return std::log1p(x); };
  for (double range : {1e-6, 1e-2, 1.0, 25.0, 80.0}) CHECK(worst<T>(expm1, exact_expm1, -range, range) <= bound);
  CHECK(worst<T>(expm1, exact_expm1, single ? 80 : 700, single ? 90 : 711) <= bound);
  for (double range : {1e-6, 1e-2, 0.4, 0.99}) CHECK(worst<T>(log1p, exact_log1p, -range, range) <= bound);
  CHECK(worst<T>(log1p, exact_log1p, 0, 10) <= bound);
  CHECK(worst<T>(log1p, exact_log1p, 0, 1e6) <= bound);
  const auto exact_softplus = [](long double x) { return std::fmax(x, 0.0L) + std::log1p(std::exp(-std::fabs(x))); };
  for (double range : {1e-3, 5.0, 80.0})
    CHECK(worst<T>([](auto x) { return math::softplus(x); }, exact_softplus, -range, range) <= bound);
  for (double range : {1e-3, 1.0, 25.0}) CHECK(worst<T>(tanh, exact_tanh, -range, range) <= bound);
  for (double range : {1e-3, 1.5, 7.0}) CHECK(worst<T>(erf, exact_erf, -range, range) <= bound);
  for (double range : {1.0, 5.0, 120.0}) CHECK(worst<T>(sigmoid, sigmoid_exact, -range, range) <= bound);
}

TEST_CASE_TEMPLATE("math: infinities, NaN, zeros and large arguments", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  CHECK(math::exp(inf) == inf);
  CHECK(math::exp(-inf) == T(0));
  CHECK(math::exp(T(1e30)) == inf);
  CHECK(math::exp(T(-1e30)) == T(0));
  CHECK(math::log(T(0)) == -inf);
  CHECK(math::log(inf) == inf);
  CHECK(math::is_nan(math::log(T(-1))));
  CHECK(math::expm1(inf) == inf);
  CHECK(math::expm1(-inf) == T(-1));
  CHECK(math::expm1(T(-1e30)) == T(-1));
  CHECK(math::expm1(T(0)) == T(0));
  CHECK(math::log1p(inf) == inf);
  CHECK(math::log1p(T(0)) == T(0));
  CHECK(math::log1p(T(-1)) == -inf);
  CHECK(math::is_nan(math::log1p(T(-2))));
  CHECK(math::softplus(T(1e4)) == T(1e4));
  CHECK(math::softplus(T(-1e4)) == T(0));
  CHECK(math::softplus(inf) == inf);
  CHECK(math::tanh(inf) == T(1));
  CHECK(math::tanh(-inf) == T(-1));
  CHECK(math::tanh(T(-0.0)) == T(0));
  if (!fast_math) CHECK(std::signbit(math::tanh(T(-0.0))));  // -fno-signed-zeros
  CHECK(math::sigmoid(inf) == T(1));
  CHECK(math::sigmoid(-inf) == T(0));
  CHECK(math::erf(inf) == T(1));
  CHECK(math::erf(-inf) == T(-1));
  CHECK(math::is_nan(math::exp(nan)));
  CHECK(math::is_nan(math::log(nan)));
  CHECK(math::is_nan(math::expm1(nan)));
  CHECK(math::is_nan(math::log1p(nan)));
  CHECK(math::is_nan(math::softplus(nan)));
  CHECK(math::is_nan(math::tanh(nan)));
  CHECK(math::is_nan(math::sigmoid(nan)));
  CHECK(math::is_nan(math::erf(nan)));
  CHECK(math::is_nan(math::max(nan, T(1))));
  CHECK(math::is_nan(math::max(T(1), nan)));
  CHECK(math::is_nan(math::min(T(1), nan)));
  CHECK_FALSE(math::is_nan(inf));
  CHECK(math::max(T(-2), T(3)) == T(3));
  CHECK(math::min(T(-2), T(3)) == T(-2));
  CHECK(math::abs(T(-2.5)) == T(2.5));
  CHECK(math::sqrt(T(9)) == T(3));
  const T tiny = std::numeric_limits<T>::denorm_min() * 1000;
  CHECK(math::tanh(tiny) == tiny);
  CHECK(math::log1p(tiny) == tiny);
  CHECK(math::expm1(-tiny) == -tiny);
  CHECK(math::exp(math::log(tiny)) == doctest::Approx(static_cast<double>(tiny)).epsilon(1e-2));
  CHECK(math::is_infinite(-inf));
  CHECK(math::is_minus_infinity(-inf));
  CHECK_FALSE(math::is_minus_infinity(inf));
  CHECK_FALSE(math::is_infinite(std::numeric_limits<T>::max()));
}

TEST_CASE_TEMPLATE("math: sine and cosine of turns", T, float, double) {
  double error = 0;
  for (int i = 0; i <= 4096; ++i) {
    const T u = static_cast<T>(i) / 4096;
    T s, c;
    math::sin_cos_turns(u, s, c);
    const long double angle = 6.283185307179586476925L * static_cast<long double>(u);
    error = std::fmax(error, std::fabs(static_cast<double>(s - std::sin(angle))));
    error = std::fmax(error, std::fabs(static_cast<double>(c - std::cos(angle))));
  }
  CHECK(error < (sizeof(T) == 4 ? 2e-7 : 3e-15));
}

}  // namespace kernel_tests
