// What docs/reference-differences.md says of tectum where no other test shows it.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <tectum/kernels/reference.hpp>
#include <tectum/model/model.hpp>
#include <tectum/operators/attention.hpp>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>
#include <vector>

#include "../numbers.hpp"

namespace tt = tectum;

namespace {

using tests::all;
using tests::numbers;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"y"> y;

template <class A, class B, class Make>
constexpr auto of(A first, B second, Make make) {
  return tt::architecture([=] { return tt::equations(a = tt::input{first}, b = tt::input{second}, y = make()); });
}
template <const auto& Architecture>
using model_of = tt::model<Architecture, double, tt::reference>;

// The gradient of a parameter, which must be there.
template <class Model>
numbers gradient(const Model& m, typename Model::workspace_type& w, const char* name) {
  const int i = m.find(name);
  REQUIRE_MESSAGE(i >= 0, name);
  numbers g(static_cast<std::size_t>(m.graph().parameters[i].what.size()));
  REQUIRE(m.get_gradient(w, name, g.data()));
  return g;
}
bool all_zero(const numbers& v) {
  for (const double x : v)
    if (x < 0 || x > 0) return false;
  return true;
}

const double x2[2][2] = {{1, -2}, {0.5, 3}}, x3[2][3] = {{2, 1, -1}, {-0.25, 0.75, 4}},
             one4[2][4] = {{1, 1, 1, 1}, {1, 1, 1, 1}};

}  // namespace

TEST_CASE("every factor of a low-rank fusion is a parameter, and is trained") {
  static constexpr auto published = of(tt::features{48}, tt::features{192},
                                       [] { return tt::fuse(tt::low_rank_fusion{.rank = 40, .features = 120}, a, b); });
  static_assert(tt::parameter_count(published) == 1161760);
  static constexpr auto network = of(tt::features{2}, tt::features{3},
                                     [] { return tt::fuse(tt::low_rank_fusion{.rank = 2, .features = 4}, a, b); });
  model_of<network> model{tt::seed{1}};
  model_of<network>::workspace_type workspace{2};
  model.backward(workspace, tt::gradient(y) = one4, a = x2, b = x3);
  for (const char* name : {"y.low_rank_fusion.factor.0", "y.low_rank_fusion.factor.1",
                           "y.low_rank_fusion.fusion_weights", "y.low_rank_fusion.fusion_bias"}) {
    const numbers g = gradient(model, workspace, name);
    for (const double v : g) CHECK_MESSAGE(std::abs(v) > 1e-9, name);
  }
}

TEST_CASE("squeeze-and-excitation keeps its weights from call to call, and trains them") {
  static constexpr auto network = of(tt::picture{.channels = 4, .height = 1, .width = 1}, tt::features{2},
                                     [] { return a | tt::squeeze_excite(1); });
  model_of<network> model{tt::seed{2}};
  model_of<network>::workspace_type workspace{2};
  const double pixels[2][4][1][1] = {{{{1}}, {{2}}, {{-1}}, {{3}}}, {{{2}}, {{-3}}, {{1}}, {{0.5}}}};
  const double upper[2][4][1][1] = {{{{1}}, {{1}}, {{2}}, {{1}}}, {{{1}}, {{1}}, {{1}}, {{3}}}};
  const numbers first = all(model(workspace, y, a = pixels));
  CHECK(all(model(workspace, y, a = pixels)) == first);
  model.backward(workspace, tt::gradient(y) = upper, a = pixels);
  for (int i = 0; i < model.graph().parameters.size(); ++i) {
    const auto name = tt::parameter_name(model.graph(), i);
    CHECK_MESSAGE(!all_zero(gradient(model, workspace, name.data())), name.data());
  }
  CHECK(model.graph().parameters.size() == 4);
}

TEST_CASE("the bilinear weight of a comparison of two entities is trained") {
  static constexpr auto network = of(tt::features{2}, tt::features{2}, [] {
    return tt::fuse(tt::concat{}, tt::fuse(tt::product{}, a, b) | tt::linear{1, false}, tt::fuse(tt::product{}, a, b),
                    tt::fuse(tt::bilinear{1, false}, a, b));
  });
  model_of<network> model{tt::seed{3}};
  model_of<network>::workspace_type workspace{2};
  const double other[2][2] = {{3, 1}, {-1, 2}};
  model.backward(workspace, tt::gradient(y) = one4, a = x2, b = other);
  numbers expected(4);  // the sum of a bᵀ over both samples
  for (std::size_t s = 0; s < 2; ++s)
    for (std::size_t i = 0; i < 4; ++i) expected[i] += x2[s][i / 2] * other[s][i % 2];
  CHECK(gradient(model, workspace, "y.bilinear.weight") == expected);
}

TEST_CASE("a token of zeros is a token; only a mask takes one away") {
  static constexpr auto network = of(tt::sequence{.length = 2, .width = 2}, tt::sequence{3, 2, true}, [] {
    return tt::fuse(tt::cross_attention{.heads = 1}, a, b | tt::sinusoids{}) | tt::mean_pool;
  });
  static constexpr auto places = of(tt::features{1}, tt::sequence{3, 2, true}, [] { return b | tt::sinusoids{}; });
  const double queries[1][2][2] = {{{1, 2}, {-1, 0.5}}}, keys[1][3][2] = {{{1, -1}, {0, 0}, {2, 1}}};
  const int three[1] = {3}, masked[1][3] = {{1, 0, 1}};
  const model_of<network> model{tt::seed{4}};
  model_of<network>::workspace_type w{1};
  const numbers with = all(model(w, y, a = queries, b = tt::padded(keys, three)));
  const numbers without = all(model(w, y, a = queries, b = tt::masked(keys, masked)));
  CHECK(std::abs(with[0] - without[0]) > 1e-6);
  const model_of<places> positions;
  model_of<places>::workspace_type v{1};
  const numbers p = all(positions(v, y, b = tt::padded(keys, three)));
  CHECK(p[2] == doctest::Approx(std::sin(1.0)));
  CHECK(p[3] == doctest::Approx(std::cos(1.0)));
}

TEST_CASE("the last token is the last valid one, not the last place") {
  static constexpr auto network = of(tt::features{1}, tt::sequence{3, 2, true}, [] { return b | tt::last_token; });
  const double tokens[2][3][2] = {{{1, -1}, {5, 7}, {2, 1}}, {{3, 4}, {8, 8}, {9, 9}}};
  const int lengths[2] = {2, 1};
  const model_of<network> model;
  model_of<network>::workspace_type w{2};
  CHECK(all(model(w, y, b = tt::padded(tokens, lengths))) == numbers{5, 7, 3, 4});
}

TEST_CASE("biases of a multiplicative interaction start as small as those of a linear layer") {
  static constexpr auto network =
      of(tt::features{100}, tt::features{25}, [] { return tt::multiplicative_interaction(200, a, b); });
  const model_of<network> model{tt::seed{5}};
  numbers bias(200);
  REQUIRE(model.get("y.bilinear.bias", bias.data()));
  double largest = 0;
  for (const double v : bias) largest = std::max(largest, std::abs(v));
  CHECK(largest <= 0.1);
  CHECK(largest > 0.05);
}

TEST_CASE("softmax weights of scores of any size are finite") {
  static constexpr auto network =
      of(tt::sequence{2, 2}, tt::features{2}, [] { return tt::fuse(tt::attention_pool{tt::bilinear{1}}, a, b); });
  model_of<network> model;
  const double identity[4] = {1, 0, 0, 1};
  REQUIRE(model.set("y.attention_pool.weight", identity));
  const double zero[1] = {0};
  REQUIRE(model.set("y.attention_pool.bias", zero));
  const double tokens[1][2][2] = {{{300, 1}, {1, 2}}}, query[1][2] = {{300, 0}};
  model_of<network>::workspace_type w{1};
  CHECK(all(model(w, y, a = tokens, b = query)) == numbers{300, 1});
}

TEST_CASE("an option that a fusion has no use for is refused, not ignored") {
  CHECK(std::string(tt::tucker({.features = 2, .width = 3, .factor = 2}, a, b).mistake) ==
        "tucker: there is no factor; its core is whole");
  CHECK(std::string(tt::mcb({.features = 2, .width = 3, .factor = 2}, a, b).mistake) ==
        "mcb: there is no factor; width is that of the sketch");
  CHECK(std::string(tt::linear_sum({.features = 2, .width = 3, .factor = 2}, a, b).mistake) ==
        "linear_sum: there is no factor; nothing is multiplied");
  CHECK(std::string(tt::block_tucker({.features = 2, .width = 4, .chunks = 2, .rank = 2}, a, b).mistake) ==
        "block_tucker: there is no rank; its cores are whole");
  CHECK(tt::tucker({.features = 2, .width = 3}, a, b).mistake == nullptr);
  CHECK(tt::mcb({.features = 2, .width = 3}, a, b).mistake == nullptr);
  CHECK(tt::linear_sum({.features = 2, .width = 3}, a, b).mistake == nullptr);
  CHECK(tt::block_tucker({.features = 2, .width = 4, .chunks = 2}, a, b).mistake == nullptr);
}
