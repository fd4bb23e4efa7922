// What is absent has no influence, and the weights of the rest sum to 1: for everything that averages modalities or
// takes a softmax over them.
#include <doctest/doctest.h>

#include <cmath>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers/mean_pool.hpp>
#include <vector>

#include "../numbers.hpp"

namespace tt = tectum;

namespace {

using tests::all;
using tests::numbers;

constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"third"> third;
constexpr tt::name<"y"> y;

constexpr tt::features width{.width = 3, .optional = true};
const std::size_t samples = 6;
const double a[6][3] = {{1, -2, 0.5}, {0.25, 3, -1}, {2, 1, 0}, {-1, 0.5, 4}, {1, 1, 2}, {0, -3, 1}};
const double b[6][3] = {{-1, 1, 2}, {3, 0.5, 0.25}, {1, -1, 1}, {0, 2, -2}, {-3, 1, 0}, {2, 2, 2.5}};
const bool always[6] = {true, true, true, true, true, true}, never[6] = {};
const bool first[6] = {true, true, false, true, false, true}, second[6] = {true, false, true, true, false, true};

// NaN where nobody may look.
const numbers unread(18, std::nan(""));

template <class Make>
constexpr auto of_three(Make make) {
  return tt::architecture([=] {
    return tt::equations(left = tt::input{width}, right = tt::input{width}, third = tt::input{width},
                         y = make(left, right, third));
  });
}
template <class Make>
constexpr auto of_two(Make make) {
  return tt::architecture(
      [=] { return tt::equations(left = tt::input{width}, right = tt::input{width}, y = make(left, right)); });
}

// Without parameters of the third modality's own, three of which one is never there are two, and the gradients of those
// are theirs as well.
template <auto Make>
void same_as_without() {
  static constexpr auto with = of_three(Make);
  static constexpr auto without = of_two(Make);
  tt::model<with, double> three;
  tt::model<without, double> two;
  tt::workspace<with, double> w3{samples};
  tt::workspace<without, double> w2{samples};
  numbers dy;
  const std::size_t numbers_out = all(two(left = tt::optional(a, first), right = tt::optional(b, second))).size();
  for (std::size_t i = 0; i < numbers_out; ++i) dy.push_back(std::sin(static_cast<double>(i)));
  const auto seed = tt::tensor(dy, {samples, dy.size() / samples});
  const auto l = tt::optional(a, first), r = tt::optional(b, second);
  const auto gone = tt::optional(tt::tensor(unread, {samples, 3}), never);
  const numbers some = all(three.backward(w3, tt::gradient(y) = seed, left = l, right = r, third = gone));
  const numbers wanted = all(two.backward(w2, tt::gradient(y) = seed, left = l, right = r));
  REQUIRE(some.size() == wanted.size());
  for (std::size_t i = 0; i < some.size(); ++i) CHECK(some[i] == doctest::Approx(wanted[i]).epsilon(1e-13));
  const numbers gl = all(w3.gradient(left)), gr = all(w3.gradient(right)), wl = all(w2.gradient(left)),
                wr = all(w2.gradient(right));
  for (std::size_t i = 0; i < gl.size(); ++i) {
    CHECK(gl[i] == doctest::Approx(wl[i]).epsilon(1e-12));
    CHECK(gr[i] == doctest::Approx(wr[i]).epsilon(1e-12));
  }
  CHECK(all(w3.gradient(third)) == numbers(18, 0));
}

// An average of equal values is that value, however many are there; where none is, 0.
template <auto Make, class Prepare>
void keeps_equal_values(Prepare prepare) {
  static constexpr auto network = of_three(Make);
  tt::model<network, double> model{tt::seed{11}};
  prepare(model);
  const bool last[6] = {true, false, false, false, false, true};
  const auto r = model(left = tt::optional(a, first), right = tt::optional(a, second), third = tt::optional(a, last));
  for (std::size_t i = 0; i < samples; ++i)
    for (std::size_t j = 0; j < 3; ++j) {
      const double value = first[i] || second[i] || last[i] ? a[i][j] : 0;
      CHECK(r(static_cast<tt::index>(i), static_cast<tt::index>(j)) == doctest::Approx(value).epsilon(1e-13));
    }
}
const auto nothing = [](auto&) {};

}  // namespace

TEST_CASE("two of three modalities are two modalities") {
  same_as_without<[](const auto&... x) { return tt::fuse(tt::sum{}, x...); }>();
  same_as_without<[](const auto&... x) { return tt::fuse(tt::mean{}, x...); }>();
  same_as_without<[](const auto&... x) { return tt::fuse(tt::maximum{}, x...); }>();
  same_as_without<[](const auto&... x) { return tt::fuse(tt::product{}, x...); }>();
  same_as_without<[](const auto&... x) { return tt::fuse(tt::weighted_sum{}, x...); }>();
  same_as_without<[](const auto&... x) { return tt::fuse(tt::weighted_sum{.softmax = true}, x...); }>();
  same_as_without<[](const auto&... x) { return tt::fuse(tt::stack{}, x...) | tt::mean_pool; }>();
  same_as_without<[](const auto&... x) { return tt::fuse(tt::energy_weighted_sum{}, x...); }>();
  same_as_without<[](const auto&... x) { return tt::fuse(tt::dempster_shafer{}, x...); }>();
}

TEST_CASE("decisions of two of three modalities") {
  same_as_without<[](const auto&... x) { return tt::mean_decision(x...); }>();
  same_as_without<[](const auto&... x) { return tt::weighted_decision(x...); }>();
  same_as_without<[](const auto&... x) { return tt::maximum_decision(x...); }>();
  same_as_without<[](const auto&... x) { return tt::log_linear_decision(x...); }>();
  same_as_without<[](const auto&... x) { return tt::product_decision(x...); }>();
}

TEST_CASE("weights sum to 1 over those that are present") {
  keeps_equal_values<[](const auto&... x) { return tt::fuse(tt::mean{}, x...); }>(nothing);
  keeps_equal_values<[](const auto&... x) { return tt::fuse(tt::stack{}, x...) | tt::mean_pool; }>(nothing);
  const numbers learned{0.5, -1, 2};
  keeps_equal_values<[](const auto&... x) { return tt::fuse(tt::weighted_sum{.softmax = true}, x...); }>(
      [&](auto& m) { REQUIRE(m.set("y.weighted_sum.weights", learned.data())); });
  // Learned attention, drawn at random; what it weighs goes through as it is.
  keeps_equal_values<[](const auto&... x) { return tt::fuse(tt::attention_fusion{}, x...); }>([](auto& m) {
    const numbers identity{1, 0, 0, 0, 1, 0, 0, 0, 1}, none(3, 0);
    for (const char* w : {"y.attention_fusion.weight.0", "y.attention_fusion.weight.1", "y.attention_fusion.weight.2"})
      REQUIRE(m.set(w, identity.data()));
    for (const char* w : {"y.attention_fusion.bias.0", "y.attention_fusion.bias.1", "y.attention_fusion.bias.2"})
      REQUIRE(m.set(w, none.data()));
  });
}

TEST_CASE("a mixture's gate of a network leaves out what is absent") {
  const auto gates = [](auto& m) { REQUIRE(m.set("y.linear.bias", numbers{1, -2, 0.5}.data())); };
  keeps_equal_values<[](const auto&... x) {
    return tt::fuse(tt::mixture{}, tt::fuse(tt::concat{}, x...) | tt::linear{3}, x...);
  }>(gates);
}

// Its gates are no weights of an average: an absent modality adds nothing, and the others stay as they are.
TEST_CASE("the gates of a GMU do not see what is absent") {
  static constexpr auto network = of_three([](const auto&... x) { return tt::fuse(tt::gmu{3}, x...); });
  tt::model<network, double> model{tt::seed{4}};
  const numbers zeros(18, 0);
  const auto l = tt::optional(a, first), r = tt::optional(b, second);
  const numbers with = all(model(left = l, right = r, third = tt::optional(tt::tensor(unread, {samples, 3}), never)));
  const numbers none = all(model(left = l, right = r, third = tt::optional(tt::tensor(zeros, {samples, 3}), always)));
  CHECK(with == none);
  CHECK(with[0] != 0);
}
