// Shared pipelines, repetitions, frozen parts and architectures inside others: the same numbers as written out by hand.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "networks.hpp"

namespace {

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"label"> label;
constexpr tt::name<"tower"> tower;
constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"scores"> scores;
constexpr tt::name<"loss"> loss;

constexpr tt::input five{tt::features{5}};
constexpr tt::input three_classes{tt::category{3}};
constexpr auto block = tt::linear{6} | tt::tanh;

inline constexpr auto shared = tt::architecture([] {
  return tt::equations(a = five, b = five, label = three_classes, tower = block | tt::linear{4}, left = a | tower,
                       right = b | tower, scores = tt::fuse(tt::concat{}, left, right) | tt::linear{3},
                       loss = tt::fuse(tt::cross_entropy{}, scores, label));
});
// A C++ variable shares nothing.
inline constexpr auto apart = tt::architecture([] {
  return tt::equations(a = five, b = five, label = three_classes, left = a | block | tt::linear{4},
                       right = b | block | tt::linear{4}, scores = tt::fuse(tt::concat{}, left, right) | tt::linear{3},
                       loss = tt::fuse(tt::cross_entropy{}, scores, label));
});
inline constexpr auto repeated = tt::architecture([] {
  return tt::equations(a = five, label = three_classes,
                       scores = a | tt::repeat(3, tt::linear{5} | tt::tanh) | tt::linear{3},
                       loss = tt::fuse(tt::cross_entropy{}, scores, label));
});
inline constexpr auto written_out = tt::architecture([] {
  return tt::equations(
      a = five, label = three_classes,
      scores = a | tt::linear{5} | tt::tanh | tt::linear{5} | tt::tanh | tt::linear{5} | tt::tanh | tt::linear{3},
      loss = tt::fuse(tt::cross_entropy{}, scores, label));
});
inline constexpr auto thawed = tt::architecture([] {
  return tt::equations(a = five, label = three_classes,
                       scores = a | tt::linear{6} | tt::tanh | tt::linear{4} | tt::linear{3},
                       loss = tt::fuse(tt::cross_entropy{}, scores, label));
});
inline constexpr auto partly_frozen = tt::architecture([] {
  return tt::equations(a = five, label = three_classes,
                       scores = a | tt::linear{6} | tt::frozen(tt::tanh | tt::linear{4}) | tt::linear{3},
                       loss = tt::fuse(tt::cross_entropy{}, scores, label));
});
inline constexpr auto inner = tt::architecture([] {
  return tt::equations(a = five, b = tt::input{tt::features{6}}, left = a | tt::linear{4} | tt::gelu,
                       scores = tt::fuse(tt::concat{}, left, b) | tt::linear{3});
});
inline constexpr auto outer = tt::architecture([] {
  return tt::equations(a = five, label = three_classes, right = a | tt::linear{6}, scores = tt::fuse(inner, a, right),
                       loss = tt::fuse(tt::cross_entropy{}, scores, label));
});
inline constexpr auto by_hand = tt::architecture([] {
  return tt::equations(a = five, label = three_classes, right = a | tt::linear{6}, left = a | tt::linear{4} | tt::gelu,
                       scores = tt::fuse(tt::concat{}, left, right) | tt::linear{3},
                       loss = tt::fuse(tt::cross_entropy{}, scores, label));
});

const two::numbers<double> x;
const auto& other = x.b;  // only its first five columns
struct rows_of_five {
  double at[6][5];
  rows_of_five() {
    for (int s = 0; s < 6; ++s)
      for (int i = 0; i < 5; ++i) at[s][i] = other[s][i];
  }
};
const rows_of_five y;

template <class Model>
std::vector<std::string> names(const Model& m) {
  std::vector<std::string> all;
  m.for_each_parameter([&](const char* n, const tt::parameter&, const double*) { all.push_back(n); });
  return all;
}
template <class Model>
std::vector<double> parameter(const Model& m, const std::string& name, int size) {
  std::vector<double> v(static_cast<std::size_t>(size));
  REQUIRE(m.get(name.c_str(), v.data()));
  return v;
}
template <class Model, class Workspace>
std::vector<double> gradient(const Model& m, Workspace& w, const std::string& name, int size) {
  std::vector<double> v(static_cast<std::size_t>(size));
  REQUIRE(m.get_gradient(w, name.c_str(), v.data()));
  return v;
}

}  // namespace

TEST_CASE("a named pipeline has its parameters once, and their gradients are the sum over its uses") {
  tt::model<shared, double> one{tt::seed{5}};
  tt::model<apart, double> two_of{tt::seed{9}};
  CHECK(names(one) == std::vector<std::string>{"tower.linear.weight", "tower.linear.bias", "tower.linear_2.weight",
                                               "tower.linear_2.bias", "scores.linear.weight", "scores.linear.bias"});
  CHECK(one.parameter_count() == 5 * 6 + 6 + 6 * 4 + 4 + 8 * 3 + 3);
  CHECK(two_of.parameter_count() == one.parameter_count() + 5 * 6 + 6 + 6 * 4 + 4);
  const std::vector<std::pair<std::string, int>> inside{
      {"linear.weight", 30}, {"linear.bias", 6}, {"linear_2.weight", 24}, {"linear_2.bias", 4}};
  for (const auto& [name, size] : inside)
    for (const char* side : {"left.", "right."})
      CHECK(two_of.set((side + name).c_str(), parameter(one, "tower." + name, size).data()));
  for (const auto& [name, size] : {std::pair<std::string, int>{"scores.linear.weight", 24}, {"scores.linear.bias", 3}})
    CHECK(two_of.set(name.c_str(), parameter(one, name, size).data()));

  tt::workspace<shared, double> w{6};
  tt::workspace<apart, double> v{6};
  CHECK(one.gradients(w, a = x.a, b = y.at, label = x.label).value() ==
        two_of.gradients(v, a = x.a, b = y.at, label = x.label).value());
  for (const auto& [name, size] : inside) {
    const auto all = gradient(one, w, "tower." + name, size), first = gradient(two_of, v, "left." + name, size),
               second = gradient(two_of, v, "right." + name, size);
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(first[i] != 0);
      CHECK(all[i] == doctest::Approx(first[i] + second[i]).epsilon(1e-12));
    }
  }
}

TEST_CASE("a repetition has parameters of its own each time, and computes what the text written out does") {
  tt::model<repeated, double> m{tt::seed{5}};
  tt::model<written_out, double> n{tt::seed{8}};
  CHECK(names(m) == std::vector<std::string>{"scores.0.linear.weight", "scores.0.linear.bias", "scores.1.linear.weight",
                                             "scores.1.linear.bias", "scores.2.linear.weight", "scores.2.linear.bias",
                                             "scores.linear.weight", "scores.linear.bias"});
  REQUIRE(m.size() == n.size());
  std::copy(m.data(), m.data() + m.size(), n.data());
  tt::workspace<repeated, double> w{6};
  tt::workspace<written_out, double> v{6};
  CHECK(values_of(m(w, scores, a = x.a)) == values_of(n(v, scores, a = x.a)));
  m.gradients(w, a = x.a, label = x.label);
  n.gradients(v, a = x.a, label = x.label);
  for (tt::index i = 0; i < m.size(); ++i) CHECK(w.gradients(m.size())[i] == v.gradients(m.size())[i]);
  CHECK(parameter(m, "scores.0.linear.weight", 25) != parameter(m, "scores.1.linear.weight", 25));
}

TEST_CASE("what is frozen has a gradient of exactly zero; what lies before it is trained as ever") {
  tt::model<partly_frozen, double> m{tt::seed{5}};
  tt::model<thawed, double> n{tt::seed{5}};
  REQUIRE(m.size() == n.size());
  CHECK(std::vector<double>(m.data(), m.data() + m.size()) == std::vector<double>(n.data(), n.data() + n.size()));
  tt::workspace<partly_frozen, double> w{6};
  tt::workspace<thawed, double> v{6};
  CHECK(m.gradients(w, a = x.a, label = x.label).value() == n.gradients(v, a = x.a, label = x.label).value());
  for (const auto& [name, size, frozen] : {std::tuple{"scores.linear.weight", 30, false},
                                           {"scores.linear.bias", 6, false},
                                           {"scores.linear_2.weight", 24, true},
                                           {"scores.linear_2.bias", 4, true},
                                           {"scores.linear_3.weight", 12, false},
                                           {"scores.linear_3.bias", 3, false}}) {
    const auto g = gradient(m, w, name, size), want = gradient(n, v, name, size);
    for (std::size_t i = 0; i < g.size(); ++i) {
      CHECK(want[i] != 0);
      CHECK(g[i] == (frozen ? 0 : want[i]));
    }
  }
}

TEST_CASE("an architecture inside another is as if written there") {
  tt::model<outer, double> m{tt::seed{5}};
  tt::model<by_hand, double> n{tt::seed{8}};
  CHECK(m.parameter_count() == n.parameter_count());
  for (const auto& [here, there, size] : {std::tuple{"right.linear.weight", "right.linear.weight", 30},
                                          {"right.linear.bias", "right.linear.bias", 6},
                                          {"scores.left.linear.weight", "left.linear.weight", 20},
                                          {"scores.left.linear.bias", "left.linear.bias", 4},
                                          {"scores.scores.linear.weight", "scores.linear.weight", 30},
                                          {"scores.scores.linear.bias", "scores.linear.bias", 3}})
    CHECK(n.set(there, parameter(m, here, size).data()));
  tt::workspace<outer, double> w{6};
  tt::workspace<by_hand, double> v{6};
  CHECK(values_of(m(w, scores, a = x.a)) == values_of(n(v, scores, a = x.a)));
  CHECK(m.gradients(w, a = x.a, label = x.label).value() == n.gradients(v, a = x.a, label = x.label).value());
  CHECK(gradient(m, w, "scores.left.linear.weight", 20) == gradient(n, v, "left.linear.weight", 20));
  CHECK(gradient(m, w, "right.linear.weight", 30) == gradient(n, v, "right.linear.weight", 30));
}
