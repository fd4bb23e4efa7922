// Parameters of a model: by name, copied, and as the seed says.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "networks.hpp"

namespace {
using model = tt::model<two::network>;
std::vector<float> all(const model& m) { return std::vector<float>(m.data(), m.data() + m.size()); }
}  // namespace

TEST_CASE("a parameter set by name is the one that is read, and used") {
  model m{tt::seed{3}};
  tt::workspace<two::network> w{two::samples};
  const two::numbers<float> x;
  // left = tanh(a W' + b), with numbers that tell rows from columns.
  std::vector<float> weight(40), bias(8), read(40);
  for (int o = 0; o < 8; ++o) {
    bias[static_cast<std::size_t>(o)] = 0.01f * static_cast<float>(o);
    for (int i = 0; i < 5; ++i)
      weight[static_cast<std::size_t>(o * 5 + i)] = 0.1f * static_cast<float>(o) - 0.03f * static_cast<float>(i);
  }
  CHECK(m.set("left.linear.weight", weight.data()));
  CHECK(m.set("left.linear.bias", bias.data()));
  CHECK(m.get("left.linear.weight", read.data()));
  CHECK(read == weight);
  const auto left = m(w, two::left, two::a = x.a);
  for (int s = 0; s < two::samples; ++s)
    for (int o = 0; o < 8; ++o) {
      double sum = bias[static_cast<std::size_t>(o)];
      for (int i = 0; i < 5; ++i)
        sum += static_cast<double>(weight[static_cast<std::size_t>(o * 5 + i)]) * static_cast<double>(x.a[s][i]);
      CHECK(left(s, o) == doctest::Approx(std::tanh(sum)).epsilon(1e-5));
    }
}

TEST_CASE("every parameter goes out and in again; a name that is not there changes nothing") {
  const model m{tt::seed{3}};
  model n{tt::seed{4}};
  CHECK(all(m) != all(n));
  long long count = 0;
  m.for_each_parameter([&](const char* name, const tt::parameter& p, const float*) {
    std::vector<double> canonical(static_cast<std::size_t>(p.size()));
    CHECK(m.get(name, canonical.data()));
    CHECK(n.set(name, canonical.data()));
    count += p.size();
  });
  CHECK(count == m.parameter_count());
  CHECK(all(m) == all(n));
  const float zero = 0;
  float untouched = 5;
  CHECK(!n.set("left.linear.weights", &zero));
  CHECK(!n.get("linear.weight", &untouched));
  CHECK(untouched == 5);
  CHECK(all(m) == all(n));
}

TEST_CASE("the same seed gives the same parameters, in any scalar") {
  const model m{tt::seed{3}}, again{tt::seed{3}};
  const tt::model<two::network, double> d{tt::seed{3}};
  CHECK(all(m) == all(again));
  REQUIRE(d.size() == m.size());
  for (tt::index i = 0; i < m.size(); ++i) CHECK(m.data()[i] == doctest::Approx(d.data()[i]));
  // U(+-1/sqrt(19)) of the layer behind the concatenation: within its bounds, and filling them.
  std::vector<float> weight(16 * 19);
  REQUIRE(m.get("scores.linear.weight", weight.data()));
  float least = 0, most = 0;
  for (const float v : weight) least = std::min(least, v), most = std::max(most, v);
  const float bound = 1 / std::sqrt(19.0f);
  CHECK(most <= bound);
  CHECK(least >= -bound);
  CHECK(most > 0.9f * bound);
  CHECK(least < -0.9f * bound);
}

TEST_CASE("a copy of a model is one of its own") {
  model m{tt::seed{3}};
  tt::workspace<two::network> w{two::samples};
  const two::numbers<float> x;
  const auto before = values_of(m(w, two::scores, two::a = x.a, two::b = x.b));
  model copy = m;
  CHECK(values_of(copy(w, two::scores, two::a = x.a, two::b = x.b)) == before);
  for (tt::index i = 0; i < copy.size(); ++i) copy.data()[i] *= 0.5f;
  CHECK(values_of(m(w, two::scores, two::a = x.a, two::b = x.b)) == before);
  CHECK(values_of(copy(w, two::scores, two::a = x.a, two::b = x.b)) != before);
  copy = m;
  CHECK(all(copy) == all(m));
  const model moved = std::move(copy);
  CHECK(all(moved) == all(m));
}
