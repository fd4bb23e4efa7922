#include <doctest/doctest.h>

#include <limits>

#include "tests/kernels/guarded.hpp"

namespace kernel_tests {

namespace {
constexpr index row_counts[] = {0, 1, 3, 5}, column_counts[] = {1, 7, 16, 31, 32, 33, 65, 200};
}

TEST_CASE_TEMPLATE("map and map_add: any stride, in place, nothing outside touched", T, float, double) {
  const auto f = [](auto a, auto b) { return a * b + math::tanh(a) - T(0.5); };
  for (index rows : row_counts)
    for (index columns : column_counts)
      for (index gap : {0, 3}) {
        guarded_matrix<T> a(rows, columns, gap), b(rows, columns, 0), y(rows, columns, gap);
        for (bool add : {false, true}) {
          guarded_matrix<T> want(rows, columns, gap);
          std::memcpy(want.data, y.data, static_cast<std::size_t>(y.memory.size()) * sizeof(T));
          if (add) {
            native::map_add(y.view(), f, a.view(), b.view());
            reference::map_add(want.view(), f, a.view(), b.view());
          } else {
            native::map(y.view(), f, a.view(), matrix<const T>(b.view()));
            reference::map(want.view(), f, a.view(), b.view());
          }
          CHECK(difference(y.memory, values(want.memory)) < 1e-6);
          CHECK(y.intact());
        }
        guarded_matrix<T> want(rows, columns, gap);
        reference::map(want.view(), f, a.view(), b.view());
        native::map(a.view(), f, a.view(), b.view());
        CHECK(difference(a.memory, values(want.memory)) < 1e-6);
      }
}

TEST_CASE_TEMPLATE("fill, copy, add, scale_add", T, float, double) {
  for (index columns : column_counts)
    for (index gap : {0, 5}) {
      guarded_matrix<T> x(3, columns, gap), y(3, columns, gap), want(3, columns, gap);
      const auto same = [&] { return difference(y.memory, values(want.memory)) < tolerance<T> && y.intact(); };
      native::fill(y.view(), T(2));
      reference::fill(want.view(), T(2));
      CHECK(same());
      native::add(x.view(), y.view());
      reference::add(x.view(), want.view());
      CHECK(same());
      native::scale_add(T(-3), x.view(), y.view());
      reference::scale_add(T(-3), x.view(), want.view());
      CHECK(same());
      native::copy(x.view(), y.view());
      reference::copy(x.view(), want.view());
      CHECK(same());
    }
}

TEST_CASE_TEMPLATE("fused_update changes what is not const", T, float, double) {
  const auto step = [](auto& p, const auto& g, auto& m) {
    m = m * T(0.9) + g;
    p -= m * T(0.1);
  };
  for (index n : {0, 1, 7, 16, 33, 100}) {
    guarded<T> p(n), g(n), m(n);
    std::vector<T> p2 = values(p), g2 = values(g), m2 = values(m);
    native::fused_update(n, step, p.data(), static_cast<const T*>(g.data()), m.data());
    reference::fused_update(n, step, p2.data(), g2.data(), m2.data());
    CHECK(difference(p, p2) < tolerance<T>);
    CHECK(difference(m, m2) < tolerance<T>);
    CHECK(difference(g, g2) == 0);
    CHECK((p.canary_alive() && g.canary_alive() && m.canary_alive()));
  }
}

TEST_CASE_TEMPLATE("sum, maximum, dot, log_sum_exp, add_column_sums", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity();
  for (index n : {0, 1, 7, 16, 31, 33, 64, 65, 300}) {
    guarded<T> a(n), b(n);
    CHECK(native::sum(n, a.data()) == doctest::Approx(static_cast<double>(reference::sum(n, a.data()))).epsilon(1e-5));
    CHECK(native::dot(n, a.data(), b.data()) ==
          doctest::Approx(static_cast<double>(reference::dot(n, a.data(), b.data()))).epsilon(1e-5));
    CHECK(native::maximum(n, a.data()) == reference::maximum(n, a.data()));
    const T log_sum = native::log_sum_exp(n, a.data());
    CHECK((n == 0
               ? log_sum == -inf
               : log_sum == doctest::Approx(static_cast<double>(reference::log_sum_exp(n, a.data()))).epsilon(1e-5)));
    if (n == 0) continue;
    a[n - 1] = std::numeric_limits<T>::quiet_NaN();
    CHECK(math::is_nan(native::maximum(n, a.data())));
    CHECK(math::is_nan(native::log_sum_exp(n, a.data())));
    a[n - 1] = inf;
    CHECK(native::log_sum_exp(n, a.data()) == inf);
    a.fill(-inf);
    CHECK(native::log_sum_exp(n, a.data()) == -inf);
    a.fill(T(10000));
    CHECK(native::log_sum_exp(n, a.data()) == doctest::Approx(10000 + std::log(static_cast<double>(n))));
  }
  for (index columns : column_counts) {
    guarded_matrix<T> x(5, columns, 2);
    guarded<T> y(columns);
    std::vector<T> want = values(y);
    native::add_column_sums(x.view(), y.data());
    reference::add_column_sums(x.view(), want.data());
    CHECK(difference(y, want) < tolerance<T>);
    CHECK(y.canary_alive());
  }
}

TEST_CASE_TEMPLATE("gather, scatter-add, uniform numbers", T, float, double) {
  const std::int32_t ids[] = {3, -1, 0, 3, 4};
  for (index width : column_counts) {
    guarded<T> table(5 * width), gradient(5 * width);
    guarded_matrix<T> y(5, width, 1), want(5, width, 1);
    native::gather_rows(5, ids, table.data(), width, y.view());
    reference::gather_rows(5, ids, table.data(), width, want.view());
    CHECK(difference(y.memory, values(want.memory)) == 0);
    CHECK(y.intact());
    std::vector<T> expected = values(gradient);
    native::scatter_add_rows(5, ids, y.view(), gradient.data());
    reference::scatter_add_rows(5, ids, y.view(), expected.data());
    CHECK(difference(gradient, expected) == 0);
    CHECK(gradient.canary_alive());
    guarded<T> u(width), v(width);
    native::fill_uniform(width, 11, 4, u.data());
    reference::fill_uniform(width, 11, 4, v.data());
    CHECK(difference(u, values(v)) == 0);
  }
}

}  // namespace kernel_tests
