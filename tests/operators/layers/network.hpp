// One layer in a network, for tests that compare its values with loops of their own.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <tectum/kernels/reference.hpp>
#include <tectum/model/model.hpp>
#include <tectum/operators/layers.hpp>
#include <vector>

namespace one_layer {

namespace tt = tectum;

inline constexpr tt::name<"x"> x;
inline constexpr tt::name<"y"> y;

// x through a pipeline to y.
constexpr auto of(auto shape, auto pipeline) {
  return tt::architecture([=] { return tt::equations(x = tt::input{shape}, y = x | pipeline); });
}

// Numbers in [-1, 1] that look like noise.
inline std::vector<double> noise(std::size_t n, unsigned seed = 1) {
  std::vector<double> v(n);
  unsigned s = seed * 2654435761u + 12345u;
  for (double& a : v) {
    s = s * 1664525u + 1013904223u;
    a = static_cast<double>(s >> 8) / 8388608.0 - 1;
  }
  return v;
}

}  // namespace one_layer
