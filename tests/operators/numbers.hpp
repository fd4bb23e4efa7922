// Numbers for tests of operators: made up, taken out of results, compared.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <tectum/model/parameters.hpp>
#include <vector>

namespace tests {

using numbers = std::vector<double>;

inline double made_up(int i) { return std::sin(1.7 * i + 0.3); }
// Values that no rule is in.
inline numbers values(std::size_t n, double seed) {
  numbers v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = std::sin(seed + 1.7 * static_cast<double>(i * i % 101 + i));
  return v;
}
// Parameters 0.4 made_up(n), in their order.
template <class Model>
void make_up_parameters(Model& model) {
  int n = 0;
  for (int i = 0; i < Model::graph().parameters.size(); ++i) {
    numbers v(static_cast<std::size_t>(Model::graph().parameters[i].what.size()));
    for (double& a : v) a = 0.4 * made_up(n++);
    model.set(tectum::parameter_name(Model::graph(), i).data(), v.data());
  }
}
template <class Result>
numbers all(const Result& r) {
  return {r.data(), r.data() + r.size()};
}
inline void close(const numbers& left, const numbers& right, double epsilon = 1e-13) {
  REQUIRE(left.size() == right.size());
  REQUIRE(!left.empty());
  for (std::size_t i = 0; i < left.size(); ++i) CHECK(left[i] == doctest::Approx(right[i]).epsilon(epsilon));
}

}  // namespace tests
