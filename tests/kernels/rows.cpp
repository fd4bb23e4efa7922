#include <doctest/doctest.h>

#include <limits>

#include "tests/kernels/guarded.hpp"

namespace kernel_tests {

namespace {
constexpr index lengths[] = {0, 1, 2, 7, 16, 17, 31, 32, 33, 65, 130};
}

TEST_CASE_TEMPLATE("softmax: masked, in place, extreme, and its gradient", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (index n : lengths)
    for (int masked : {0, 1, 2}) {
      guarded<T> x(n), y(n), dy(n), dx(n);
      guarded<std::uint8_t> valid(n);
      for (index i = 0; i < n; ++i) {
        x[i] *= T(300);
        valid[i] = masked == 2 ? 0 : i % 3 != 1;
        if (masked && !valid[i]) x[i] = nan;
      }
      std::vector<T> want(static_cast<std::size_t>(n));
      const std::uint8_t* mask = masked ? valid.data() : nullptr;
      native::softmax(n, x.data(), mask, y.data());
      reference::softmax(n, x.data(), mask, want.data());
      CHECK(difference(y, want) < tolerance<T>);
      T sum{};
      for (index i = 0; i < n; ++i) {
        if (mask && !mask[i]) CHECK(y[i] == T(0));
        sum += y[i];
      }
      CHECK(static_cast<double>(sum) == doctest::Approx(n == 0 || masked == 2 ? 0.0 : 1.0));
      std::vector<T> expected = values(dx);
      native::softmax_gradient(n, y.data(), dy.data(), dx.data());
      reference::softmax_gradient(n, y.data(), dy.data(), expected.data());
      CHECK(difference(dx, expected) < tolerance<T>);
      native::softmax(n, x.data(), mask, x.data());
      CHECK(difference(x, want) < tolerance<T>);
      CHECK((x.canary_alive() && y.canary_alive() && dx.canary_alive()));
      x.fill(-inf);
      native::softmax(n, x.data(), nullptr, y.data());
      for (index i = 0; i < n; ++i) CHECK(y[i] == T(0));
      if (n > 1) {
        x[1] = nan;
        native::softmax(n, x.data(), nullptr, y.data());
        CHECK(math::is_nan(y[0]));
      }
    }
}

TEST_CASE_TEMPLATE("normalize_rows and its gradient, with and without each part", T, float, double) {
  for (index columns : {1, 7, 16, 33, 65})
    for (int parts = 0; parts < 4; ++parts) {
      const index rows = 5;
      guarded_matrix<T> x(rows, columns, 3), y(rows, columns, 1), want(rows, columns, 1), dy(rows, columns, 2),
          dx(rows, columns, 0);
      guarded<T> scale(columns), shift(columns), mean(rows), inverse(rows), dscale(columns), dshift(columns);
      std::vector<T> mean2(rows), inverse2(rows), dscale2 = values(dscale), dshift2 = values(dshift);
      const T* s = parts & 1 ? scale.data() : nullptr;
      const T* b = parts & 2 ? shift.data() : nullptr;
      native::normalize_rows(x.view(), T(1e-5), s, b, y.view(), mean.data(), inverse.data());
      reference::normalize_rows(x.view(), T(1e-5), s, b, want.view(), mean2.data(), inverse2.data());
      CHECK(difference(y.memory, values(want.memory)) < 20 * tolerance<T>);
      CHECK(difference(mean, mean2) < tolerance<T>);
      CHECK(difference(inverse, inverse2) < tolerance<T>);
      CHECK(y.intact());
      std::vector<T> before = values(dx.memory), dx2 = before;
      matrix<T> dx_want{dx2.data(), rows, columns, columns};
      if (parts & 2) {
        native::normalize_rows_gradient(x.view(), mean2.data(), inverse2.data(), s, dy.view(), dx.view(), dscale.data(),
                                        dshift.data());
        reference::normalize_rows_gradient(x.view(), mean2.data(), inverse2.data(), s, dy.view(), dx_want,
                                           dscale2.data(), dshift2.data());
      } else {
        native::normalize_rows_gradient(x.view(), mean2.data(), inverse2.data(), s, dy.view(), dx.view(), nullptr,
                                        nullptr);
        reference::normalize_rows_gradient(x.view(), mean2.data(), inverse2.data(), s, dy.view(), dx_want, nullptr,
                                           nullptr);
        native::normalize_rows_gradient(x.view(), mean2.data(), inverse2.data(), s, dy.view(), matrix<T>{},
                                        dscale.data(), nullptr);
        reference::normalize_rows_gradient(x.view(), mean2.data(), inverse2.data(), s, dy.view(), matrix<T>{},
                                           dscale2.data(), nullptr);
      }
      CHECK(difference(dx.memory, dx2) < (columns == 1 ? 1e-2 : 50 * tolerance<T>));
      CHECK(difference(dscale, dscale2) < 50 * tolerance<T>);
      CHECK(difference(dshift, dshift2) < 50 * tolerance<T>);
      CHECK((dx.intact() && dscale.canary_alive() && dshift.canary_alive()));
      // Null outputs are skipped.
      native::normalize_rows(x.view(), T(1e-5), nullptr, nullptr, y.view(), nullptr, nullptr);
      CHECK(y.intact());
    }
}

}  // namespace kernel_tests
