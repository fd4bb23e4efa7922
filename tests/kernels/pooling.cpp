#include <doctest/doctest.h>

#include <limits>

#include "tests/kernels/guarded.hpp"

namespace kernel_tests {

TEST_CASE_TEMPLATE("max_pool and mean_pool with their gradients", T, float, double) {
  int compared = 0;
  for (index kernel : {1, 2, 3})
    for (index stride : {1, 2, 3})
      for (index padding : {0, 1, 2})
        for (index size : {1, 2, 7, 12})
          for (bool count : {false, true}) {
            const pool_geometry g{2, size + 1, size, kernel, kernel, stride, stride, padding, padding, count};
            const index in = 2 * (size + 1) * size, out = 2 * g.out_height() * g.out_width();
            if (out == 0) continue;
            guarded<T> x(in), y(out), dy(out), dx(in);
            if (kernel == 3) x[in / 2] = std::numeric_limits<T>::quiet_NaN();
            std::vector<T> y2(static_cast<std::size_t>(out)), dx2 = values(dx);
            std::vector<std::int32_t> at(static_cast<std::size_t>(out)), at2 = at;
            native::max_pool(g, x.data(), y.data(), at.data());
            reference::max_pool(g, x.data(), y2.data(), at2.data());
            CHECK(difference(y, y2) == 0);
            CHECK(at == at2);
            native::max_pool_gradient(g, dy.data(), at.data(), dx.data());
            reference::max_pool_gradient(g, dy.data(), at2.data(), dx2.data());
            CHECK(difference(dx, dx2) < tolerance<T>);
            native::mean_pool(g, x.data(), y.data());
            reference::mean_pool(g, x.data(), y2.data());
            CHECK(difference(y, y2) < tolerance<T>);
            native::mean_pool_gradient(g, dy.data(), dx.data());
            reference::mean_pool_gradient(g, dy.data(), dx2.data());
            CHECK(difference(dx, dx2) < tolerance<T>);
            CHECK((y.canary_alive() && dx.canary_alive()));
            ++compared;
          }
  CHECK(compared > 100);
}

}  // namespace kernel_tests
