// From equations to a graph: names, scopes, sharing, repetition, embedding, masks.
#include <doctest/doctest.h>

#include <string>
#include <tectum/tectum.hpp>
#include <vector>

namespace tt = tectum;

namespace {

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"c"> c;
constexpr tt::name<"tower"> tower;
constexpr tt::name<"y"> y;
constexpr tt::name<"z"> z;

template <const auto& Architecture>
std::vector<std::string> parameter_names() {
  std::vector<std::string> names;
  constexpr tt::graph_view g = tt::compiled<Architecture>::view();
  for (int i = 0; i < g.parameters.size(); ++i) names.emplace_back(tt::parameter_name(g, i).data());
  return names;
}
template <const auto& Architecture>
constexpr const tt::graph_value& value_of(const tt::label* name) {
  for (const tt::graph_equation& e : tt::compiled<Architecture>::view().equations)
    if (e.name == name) return tt::compiled<Architecture>::built.values[e.value];
  return tt::compiled<Architecture>::built.values[0];
}

inline constexpr auto shared = tt::architecture([] {
  return tt::equations(y = tt::fuse(tt::sum{}, c, b | tower),  // equations may stand in any order
                       a = tt::input{tt::features{8}}, b = tt::input{tt::features{8}},
                       tower = tt::linear{4} | tt::relu | tt::linear{4, false}, c = a | tower | tt::linear{4});
});
inline constexpr auto repeated = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{6}},
                       y = a | tt::repeat(2, tt::linear{6} | tt::repeat(2, tt::here | tt::linear{6})) |
                           tt::repeat(2, tt::here | tt::linear{6}));
});
inline constexpr auto inner = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{5}}, b = tt::input{tt::features{3}},
                       y = tt::fuse(tt::concat{}, a | tt::linear{2}, b) | tt::linear{7});
});
inline constexpr auto outer = tt::architecture([] {
  return tt::equations(b = tt::input{tt::features{5}}, c = tt::input{tt::features{3}},
                       y = tt::fuse(inner, b, c) | tt::relu, z = tt::fuse(inner, b, c));
});
inline constexpr auto cold = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{5}}, y = a | tt::frozen(tt::linear{4} | tt::relu) | tt::linear{2});
});
inline constexpr auto parted = tt::architecture(
    [] { return tt::equations(a = tt::input{tt::features{5}}, tt::named(y, z) = a | tt::split{.at = 2}); });
inline constexpr auto padded = tt::architecture([] {
  return tt::equations(a = tt::input{tt::sequence{.length = 6, .width = 3, .padded = true, .optional = true}},
                       b = a | tt::linear{5} | tt::gelu, y = b | tt::mean_pool);
});

}  // namespace

TEST_CASE("a named pipeline has one set of parameters, whoever uses it") {
  CHECK(parameter_names<shared>() == std::vector<std::string>{"tower.linear.weight", "tower.linear.bias",
                                                              "tower.linear_2.weight", "c.linear.weight",
                                                              "c.linear.bias"});
  static_assert(tt::parameter_count(shared) == 8 * 4 + 4 + 16 + 16 + 4);
  static_assert(tt::multiply_adds(shared) == 2 * (32 + 16) + 16);
}

TEST_CASE("each repetition has parameters of its own, with its number in their names") {
  CHECK(parameter_names<repeated>() ==
        std::vector<std::string>{"y.0.linear.weight", "y.0.linear.bias", "y.0.0.linear.weight", "y.0.0.linear.bias",
                                 "y.0.1.linear.weight", "y.0.1.linear.bias", "y.1.linear.weight", "y.1.linear.bias",
                                 "y.1.0.linear.weight", "y.1.0.linear.bias", "y.1.1.linear.weight", "y.1.1.linear.bias",
                                 "y.0.linear_2.weight", "y.0.linear_2.bias", "y.1.linear_2.weight",
                                 "y.1.linear_2.bias"});
}

TEST_CASE("an architecture as an operator brings its equations along, anew at each use") {
  CHECK(parameter_names<outer>() ==
        std::vector<std::string>{"y.y.linear.weight", "y.y.linear.bias", "y.y.linear_2.weight", "y.y.linear_2.bias",
                                 "z.y.linear.weight", "z.y.linear.bias", "z.y.linear_2.weight", "z.y.linear_2.bias"});
  static_assert(tt::parameter_count(outer) == 2 * tt::parameter_count(inner));
  static_assert(value_of<outer>(&tt::label_of<"y">).shape.width() == 7);
}

TEST_CASE("frozen parameters are marked") {
  constexpr tt::graph_view g = tt::compiled<cold>::view();
  static_assert(g.groups[0].frozen && !g.groups[1].frozen);
  static_assert(g.operators[0].frozen && !g.operators[2].frozen);
}

TEST_CASE("results are taken apart by name") {
  static_assert(value_of<parted>(&tt::label_of<"y">).shape.width() == 2);
  static_assert(value_of<parted>(&tt::label_of<"z">).shape.width() == 3);
  static_assert(value_of<parted>(&tt::label_of<"z">).result == 1);
}

TEST_CASE("masks go through tokenwise operators and become presence behind a pool") {
  static_assert(value_of<padded>(&tt::label_of<"b">).shape.padded);
  static_assert(value_of<padded>(&tt::label_of<"b">).mask == value_of<padded>(&tt::label_of<"a">).mask);
  static_assert(!value_of<padded>(&tt::label_of<"y">).shape.padded);
  static_assert(value_of<padded>(&tt::label_of<"y">).shape.optional);
  constexpr tt::graph_view g = tt::compiled<padded>::view();
  static_assert(g.masks[value_of<padded>(&tt::label_of<"y">).mask].any_of == value_of<padded>(&tt::label_of<"a">).mask);
}

TEST_CASE("only equations that nothing uses are outputs") {
  constexpr tt::graph_view g = tt::compiled<shared>::view();
  int outputs = 0;
  for (const tt::graph_equation& e : g.equations) outputs += e.output;
  CHECK(outputs == 1);
}

namespace {
inline constexpr auto absent = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{.width = 4, .optional = true}},
                       b = tt::input{tt::features{.width = 4, .optional = true}}, c = a | tt::residual(tt::linear{4}),
                       y = tt::fuse(tt::sum{}, a, b), z = tt::fuse(tt::concat{}, a, a | tt::linear{3}));
});
}  // namespace

TEST_CASE("presence goes through what has one mask, as a residual, and ends where two masks meet") {
  static_assert(value_of<absent>(&tt::label_of<"c">).shape.optional);
  static_assert(value_of<absent>(&tt::label_of<"c">).mask == value_of<absent>(&tt::label_of<"a">).mask);
  static_assert(value_of<absent>(&tt::label_of<"z">).shape.optional);
  static_assert(!value_of<absent>(&tt::label_of<"y">).shape.optional);
  CHECK(value_of<absent>(&tt::label_of<"y">).mask == -1);
}
