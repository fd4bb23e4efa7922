// Fusion without parameters, or with one for each modality: values, and what is absent.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/maximum.hpp>
#include <tectum/operators/fusion/mean.hpp>
#include <tectum/operators/fusion/stack.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/fusion/weighted_sum.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/layers/mean_pool.hpp>
#include <tectum/operators/losses/mse.hpp>
#include <vector>

#include "../numbers.hpp"

namespace tt = tectum;

namespace {

using tests::all;
using tests::numbers;

constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"y"> y;
constexpr tt::name<"pooled"> pooled;
constexpr tt::name<"target"> target;
constexpr tt::name<"largest"> largest;
constexpr tt::name<"stacked"> stacked;
constexpr tt::name<"columns"> columns;
constexpr tt::name<"loss"> loss;

constexpr auto fused(auto a, auto b, auto operation) {
  return tt::architecture(
      [=] { return tt::equations(left = tt::input{a}, right = tt::input{b}, y = tt::fuse(operation, left, right)); });
}

constexpr tt::features two{.width = 2, .optional = true};
const double a[3][2] = {{1, 2}, {5, 6}, {7, 8}}, b[3][2] = {{3, -1}, {-5, 4}, {2, 9}};
const bool first[3] = {true, true, false}, second[3] = {true, false, false};

}  // namespace

// Numbers of the first row: torch.softmax of PyTorch 1.13.
TEST_CASE("weighted_sum") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{two}, right = tt::input{two}, target = tt::input{tt::features{2}},
                         y = tt::fuse(tt::weighted_sum{.softmax = true}, left, right),
                         columns = tt::fuse(tt::weighted_sum{}, left, right), loss = tt::fuse(tt::mse{}, y, target));
  });
  tt::model<network, double> model{tt::seed{1}};
  numbers w(2);
  REQUIRE(model.get("y.weighted_sum.weights", w.data()));
  CHECK(w == numbers{0, 0});
  w = {0.5, -0.5};
  REQUIRE(model.set("y.weighted_sum.weights", w.data()));
  tt::workspace<network, double> workspace{3};
  const auto values = all(model(workspace, y, left = tt::optional(a, first), right = tt::optional(b, second)));
  CHECK(values[0] == doctest::Approx(1.5378828427399904).epsilon(1e-14));
  CHECK(values[1] == doctest::Approx(1.1931757358900146).epsilon(1e-14));
  CHECK(numbers(values.begin() + 2, values.end()) == numbers{5, 6, 0, 0});
  // A loss whose gradient is (1, 2) / 6 a row: y - target = (0.5, 1) for the mean of squares of six numbers.
  numbers goal;
  for (std::size_t i = 0; i < 6; ++i) goal.push_back(values[i] - (i % 2 == 0 ? 0.5 : 1.0));
  model.gradients(workspace, loss, left = tt::optional(a, first), right = tt::optional(b, second),
                  target = tt::tensor(goal, {3, 2}));
  numbers g(2);
  REQUIRE(model.get_gradient(workspace, "y.weighted_sum.weights", g.data()));
  CHECK(g[0] == doctest::Approx(0.7864477329659274 / 6).epsilon(1e-12));
  CHECK(g[1] == doctest::Approx(-0.7864477329659274 / 6).epsilon(1e-12));

  REQUIRE(model.set("columns.weighted_sum.weights", numbers{2, -1}.data()));
  CHECK(all(model(workspace, columns, left = tt::optional(a, first), right = tt::optional(b, second))) ==
        numbers{-1, 5, 10, 12, 0, 0});
}

TEST_CASE("mean and maximum are over those that are present, which are the tokens of a stack") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{two}, right = tt::input{two}, y = tt::fuse(tt::mean{}, left, right),
                         largest = tt::fuse(tt::maximum{}, left, right), stacked = tt::fuse(tt::stack{}, left, right),
                         pooled = stacked | tt::mean_pool, columns = tt::fuse(tt::stack{.last = true}, left, right));
  });
  const auto l = tt::optional(a, first), r = tt::optional(b, second);
  tt::model<network, double> model;
  tt::workspace<network, double> workspace{3};
  const auto [of_y, of_largest, of_pooled, of_columns, of_stacked] =
      model(workspace, y, largest, pooled, columns, stacked, left = l, right = r);
  CHECK(all(of_y) == numbers{2, 0.5, 5, 6, 0, 0});
  CHECK(all(of_pooled) == all(of_y));
  CHECK(all(of_largest) == numbers{3, 2, 5, 6, 0, 0});
  CHECK(all(of_stacked) == numbers{1, 2, 3, -1, 5, 6, 0, 0, 0, 0, 0, 0});
  CHECK(all(of_columns) == numbers{1, 3, 2, -1, 5, 0, 6, 0, 0, 0, 0, 0});
}

TEST_CASE("concat on any axis") {
  constexpr auto picture = [](int c, int h) { return tt::picture{.channels = c, .height = h, .width = 2}; };
  static constexpr auto channels = fused(picture(1, 1), picture(2, 1), tt::concat{.axis = 0});
  static constexpr auto heights = fused(picture(2, 1), picture(2, 2), tt::concat{.axis = -2});
  const numbers in{1, 2, 3, 4}, more{5, 6, 7, 8, 9, 10, 11, 12};
  CHECK(all(tt::model<channels, double>{}(left = tt::tensor(numbers{1, 2}, {1, 1, 1, 2}),
                                          right = tt::tensor(in, {1, 2, 1, 2}))) == numbers{1, 2, 1, 2, 3, 4});
  CHECK(
      all(tt::model<heights, double>{}(left = tt::tensor(in, {1, 2, 1, 2}), right = tt::tensor(more, {1, 2, 2, 2}))) ==
      numbers{1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12});
}

// torch.nn.functional.linear of torch.cat.
TEST_CASE("concat with a linear layer is an expression") {
  static constexpr auto joined = tt::architecture([] {
    return tt::equations(left = tt::input{tt::features{2}}, right = tt::input{tt::features{1}},
                         y = tt::fuse(tt::concat{}, left, right) | tt::linear{2});
  });
  tt::model<joined, double> model;
  REQUIRE(model.set("y.linear.weight", numbers{1, 2, 3, -1, 0, 1}.data()));
  REQUIRE(model.set("y.linear.bias", numbers{0.5, -0.5}.data()));
  CHECK(all(model(left = tt::tensor(numbers{1, 2}, {1, 2}), right = tt::tensor(numbers{4}, {1, 1}))) ==
        numbers{17.5, 2.5});
}

TEST_CASE("simple fusion refuses") {
  const auto refusal = [](const auto& op, std::vector<tt::shape> x) {
    const tt::shape s = op.infer(tt::range<tt::shape>{x.data(), static_cast<int>(x.size())});
    return std::string(s.fault ? s.fault.sentence : "");
  };
  const tt::shape row = tt::features_of(4), words = tt::sequence_of(2, 2), ids = shape_of(tt::tokens{4});
  const tt::shape padded = shape_of(tt::sequence{.length = 2, .width = 2, .padded = true});
  CHECK(refusal(tt::sum{}, {row, words}) == "sum: all inputs must have the same shape");
  CHECK(refusal(tt::mean{}, {ids, ids}) == "mean: ids are not numbers to compute with; put an embedding before it");
  CHECK(refusal(tt::maximum{}, {padded, words}) == "maximum: either all sequences are padded or none is");
  CHECK(refusal(tt::weighted_sum{}, {row, words}) == "weighted_sum: all inputs must have the same shape");
  CHECK(refusal(tt::stack{}, {row, padded}) == "stack: a padded sequence is more than one token; pool it first");
  CHECK(refusal(tt::stack{}, {row, tt::features_of(3)}) == "stack: all inputs must have as many elements");
  CHECK(refusal(tt::stack{}, {row, words}) == "");
  CHECK(refusal(tt::concat{}, {row, words}) == "concat: all inputs must be of one kind, such as features or sequences");
  CHECK(refusal(tt::concat{2}, {words, words}) == "concat: the inputs have no such axis");
  CHECK(refusal(tt::concat{}, {words, tt::sequence_of(3, 2)}) == "concat: all sequences must have the same length");
  CHECK(refusal(tt::concat{0}, {words, tt::sequence_of(2, 3)}) == "concat: all inputs must be alike on the other axes");
  CHECK(refusal(tt::concat{}, {padded, words}) == "concat: either all sequences are padded or none is");
  CHECK(refusal(tt::concat{0}, {padded, words}) == "");
}
