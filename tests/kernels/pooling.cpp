#include <doctest/doctest.h>

#include <limits>

#include "tests/kernels/guarded.hpp"

// Ties go to the first place, NaN wins over all, without argmax as with it; windows over every width of lanes.
namespace kernel_tests {

TEST_CASE_TEMPLATE("max_pool and mean_pool with their gradients", T, float, double) {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  int compared = 0;
  for (index kernel : {1, 2, 3})
    for (index stride : {1, 2, 3})
      for (index padding : {0, 1, 2})
        for (index size : {1, 2, 7, 12, 19, 37})
          for (bool count : {false, true}) {
            const pool_geometry g{2, size + 1, size, kernel, kernel, stride, stride, padding, padding, count};
            const index in = 2 * (size + 1) * size, out = 2 * g.out_height() * g.out_width();
            if (out == 0) continue;
            guarded<T> x(in), y(out), dy(out), dx(in);
            if (size % 2 == 1)  // ties
              for (index i = 0; i < in; ++i) x[i] = static_cast<T>(static_cast<int>(x[i] * T(3)));
            if (kernel == 3)
              for (index i = in / 2; i < in; i += 7) x[i] = i % 2 ? nan : -nan;
            std::vector<T> y2(static_cast<std::size_t>(out)), dx2 = values(dx);
            std::vector<std::int32_t> at(static_cast<std::size_t>(out)), at2 = at;
            native::max_pool(g, x.data(), y.data(), at.data());
            reference::max_pool(g, x.data(), y2.data(), at2.data());
            CHECK(difference(y, y2) == 0);
            CHECK(at == at2);
            guarded<T> y3(out);
            native::max_pool(g, x.data(), y3.data(), nullptr);
            CHECK(difference(y3, y2) == 0);
            reference::max_pool(g, x.data(), y3.data(), nullptr);
            CHECK(difference(y3, y2) == 0);
            native::max_pool_gradient(g, dy.data(), at.data(), dx.data());
            reference::max_pool_gradient(g, dy.data(), at2.data(), dx2.data());
            CHECK(difference(dx, dx2) < tolerance<T>);
            native::mean_pool(g, x.data(), y.data());
            reference::mean_pool(g, x.data(), y2.data());
            CHECK(difference(y, y2) < tolerance<T>);
            native::mean_pool_gradient(g, dy.data(), dx.data());
            reference::mean_pool_gradient(g, dy.data(), dx2.data());
            CHECK(difference(dx, dx2) < tolerance<T>);
            CHECK((y.canary_alive() && y3.canary_alive() && dx.canary_alive()));
            ++compared;
          }
  CHECK(compared > 100);
}

}  // namespace kernel_tests
