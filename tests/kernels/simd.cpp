#include <doctest/doctest.h>

#include <limits>

#include "tests/kernels/guarded.hpp"

namespace kernel_tests {

TEST_CASE_TEMPLATE("simd: whole and partial loads and stores, up to the edge of a page", T, float, double) {
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  for (int n = 0; n <= W; ++n) {
    guarded<T> a(n), b(n);
    const V v = V::load_partial(a.data(), n);
    for (int i = 0; i < W; ++i) CHECK(v[i] == (i < n ? a[i] : T(0)));
    b.fill(T(9));
    (v + V(T(1))).store_partial(b.data(), n);
    for (int i = 0; i < n; ++i) CHECK(b[i] == a[i] + T(1));
    CHECK(b.canary_alive());
  }
}

TEST_CASE_TEMPLATE("simd: arithmetic, masks and sums agree with scalars in every lane", T, float, double) {
  // -ffast-math may divide by way of an approximate reciprocal: 16 units in the last place.
  constexpr T quotients_may_differ_by = fast_math ? 16 * std::numeric_limits<T>::epsilon() : T(0);
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  guarded<T> a(W), b(W), c(W);
  const V x = V::load(a.data()), y = V::load(b.data()), z = V::load(c.data());
  T sum{}, most = a[0];
  for (int i = 0; i < W; ++i) {
    CHECK((x + y)[i] == a[i] + b[i]);
    CHECK((x - y)[i] == a[i] - b[i]);
    CHECK((x * y)[i] == a[i] * b[i]);
    CHECK(std::fabs((x / y)[i] - a[i] / b[i]) <= quotients_may_differ_by * std::fabs(a[i] / b[i]));
    CHECK((-x)[i] == -a[i]);
    CHECK(fma(x, y, z)[i] == fma(a[i], b[i], c[i]));
    CHECK(select(x < y, x, z)[i] == (a[i] < b[i] ? a[i] : c[i]));
    CHECK(select((!(x >= y)) & (y != z), x, z)[i] == (a[i] < b[i] && b[i] != c[i] ? a[i] : c[i]));
    CHECK(select((x > y) | (x == z), x, z)[i] == (a[i] > b[i] || a[i] == c[i] ? a[i] : c[i]));
    sum += a[i];
    most = a[i] > most ? a[i] : most;
  }
  CHECK(horizontal_sum(x) == doctest::Approx(static_cast<double>(sum)));
  CHECK(horizontal_max(x) == most);
}

TEST_CASE_TEMPLATE("simd: masks from bytes read no byte beyond", T, float, double) {
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  for (int n = 0; n <= W; ++n) {
    guarded<std::uint8_t> bytes(n);
    for (int i = 0; i < n; ++i) bytes[i] = static_cast<std::uint8_t>(i % 3 == 1 ? 0 : i + 1);
    const V v = select(mask_from_bytes<T, W>(bytes.data(), n), V(T(5)), V(T(-5)));
    for (int i = 0; i < W; ++i) CHECK(v[i] == (i < n && bytes[i] != 0 ? T(5) : T(-5)));
  }
}

}  // namespace kernel_tests
