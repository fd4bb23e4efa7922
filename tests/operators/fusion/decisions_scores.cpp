// Decisions by a gate, by confidence, by a learner, by the cross-view tensor.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/decisions.hpp>
#include <tectum/operators/fusion/energy_weighted_sum.hpp>
#include <vector>

#include "../numbers.hpp"

namespace tt = tectum;

namespace {

using tests::all;
using tests::numbers;

constexpr tt::name<"gate"> gate;
constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"third"> third;
constexpr tt::name<"y"> y;

constexpr tt::features two{.width = 2, .optional = true};
const double x0[3][2] = {{1, -2}, {0.5, 3}, {7, 8}}, x1[3][2] = {{-1, 0.25}, {9, 9}, {2, -3}};
const bool first[3] = {true, true, false}, second[3] = {true, false, true};
const double scores[3][2] = {{1, 2}, {3, -1}, {0, 5}};

double p(const double* x, int k) { return 1 / (1 + std::exp(x[1 - k] - x[k])); }

}  // namespace

TEST_CASE("a mixture's weights sum to 1 over the experts that are present") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(gate = tt::input{tt::features{2, true}}, left = tt::input{two}, right = tt::input{two},
                         y = tt::fuse(tt::mixture{}, gate, left, right));
  });
  tt::model<network, double> model;
  const double w = 1 / (1 + std::exp(1.0));  // of the first expert, of scores 1 and 2
  const numbers r = all(model(gate = scores, left = tt::optional(x0, first), right = tt::optional(x1, second)));
  for (std::size_t j = 0; j < 2; ++j) {
    CHECK(r[j] == doctest::Approx(w * x0[0][j] + (1 - w) * x1[0][j]).epsilon(1e-14));
    CHECK(r[2 + j] == x0[1][j]);
    CHECK(r[4 + j] == x1[2][j]);
  }
  const bool nobody[3] = {false, false, true}, silent[3] = {false, true, true};
  const numbers rest =
      all(model(gate = tt::optional(scores, silent), left = tt::optional(x0, first), right = tt::optional(x1, second)));
  CHECK(rest[0] == 0);  // the mean of 1 and -1
  CHECK(rest[1] == -0.875);
  CHECK(numbers(rest.begin() + 2, rest.end()) == numbers(r.begin() + 2, r.end()));
  CHECK(all(model(gate = scores, left = tt::optional(x0, nobody), right = tt::optional(x1, nobody)))[0] == 0);
}

TEST_CASE("a mixture with a gate for each class") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(gate = tt::input{tt::features{4}}, left = tt::input{two}, right = tt::input{two},
                         y = tt::fuse(tt::mixture{.per_class = true}, gate, left, right));
  });
  const double four[3][4] = {{1, 2, 3, -1}, {1, 1, 1, 1}, {0, 5, 0, 1}};
  const numbers r =
      all(tt::model<network, double>{}(gate = four, left = tt::optional(x0, first), right = tt::optional(x1, second)));
  const double w0 = 1 / (1 + std::exp(2.0)), w1 = 1 / (1 + std::exp(-3.0));
  CHECK(r[0] == doctest::Approx(w0 * 1 + (1 - w0) * -1).epsilon(1e-14));
  CHECK(r[1] == doctest::Approx(w1 * -2 + (1 - w1) * 0.25).epsilon(1e-14));
  CHECK(numbers(r.begin() + 2, r.end()) == numbers{0.5, 3, 2, -3});
}

TEST_CASE("mixture_of_experts is the mean of the probabilities with a gate of zeros") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{two}, right = tt::input{two},
                         y = tt::mixture_of_experts(tt::fuse(tt::concat{}, left, right), left, right));
  });
  static constexpr auto per_class = tt::architecture([] {
    return tt::equations(left = tt::input{two}, right = tt::input{two},
                         y = tt::mixture_of_experts_per_class(2, tt::fuse(tt::concat{}, left, right), left, right));
  });
  static_assert(tt::parameter_count(network) == 4 * 2 + 2);
  static_assert(tt::parameter_count(per_class) == 4 * 4 + 4);
  const auto check = [](auto& model, int gates) {
    REQUIRE(model.set("y.linear.weight", numbers(static_cast<std::size_t>(4 * gates), 0).data()));
    REQUIRE(model.set("y.linear.bias", numbers(static_cast<std::size_t>(gates), 0).data()));
    const auto run = [&] { return all(model(left = tt::optional(x0, first), right = tt::optional(x1, second))); };
    const numbers equal = run();
    CHECK(equal[0] == doctest::Approx((p(x0[0], 0) + p(x1[0], 0)) / 2).epsilon(1e-14));
    CHECK(equal[3] == doctest::Approx(p(x0[1], 1)).epsilon(1e-14));
    CHECK(equal[4] == doctest::Approx(p(x1[2], 0)).epsilon(1e-14));
    // A gate that listens to the second expert alone, but not where it is absent.
    numbers bias(static_cast<std::size_t>(gates), 0);
    for (std::size_t i = bias.size() / 2; i < bias.size(); ++i) bias[i] = 50;
    REQUIRE(model.set("y.linear.bias", bias.data()));
    const numbers one = run();
    CHECK(one[0] == doctest::Approx(p(x1[0], 0)).epsilon(1e-14));
    CHECK(one[3] == equal[3]);
  };
  tt::model<network, double> model;
  check(model, 2);
  tt::model<per_class, double> of_classes;
  check(of_classes, 4);
}

TEST_CASE("energy-weighted scores, whose weights are constants for the gradient") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{two}, right = tt::input{two},
                         y = tt::fuse(tt::energy_weighted_sum{}, left, right));
  });
  static constexpr auto followed = tt::architecture([] {
    return tt::equations(left = tt::input{two}, right = tt::input{two},
                         y = tt::fuse(tt::energy_weighted_sum{.detached = false}, left, right));
  });
  const auto energy = [](const double* x) { return std::log(std::exp(x[0]) + std::exp(x[1])) / 10; };
  tt::model<network, double> model;
  tt::workspace<network, double> workspace{3};
  const auto l = tt::optional(x0, first), r = tt::optional(x1, second);
  const double dy[3][2] = {{1, 0}, {0.5, -1}, {0, 2}};
  const numbers values = all(model.backward(workspace, tt::gradient(y) = dy, left = l, right = r));
  CHECK(values[0] == doctest::Approx(energy(x0[0]) * 1 + energy(x1[0]) * -1).epsilon(1e-14));
  CHECK(values[3] == doctest::Approx(energy(x0[1]) * 3).epsilon(1e-14));
  CHECK(values[5] == doctest::Approx(energy(x1[2]) * -3).epsilon(1e-14));
  const numbers g = all(workspace.gradient(left));
  const double wanted[6] = {energy(x0[0]), 0, 0.5 * energy(x0[1]), -energy(x0[1]), 0, 0};
  for (std::size_t i = 0; i < 6; ++i) CHECK(g[i] == doctest::Approx(wanted[i]).epsilon(1e-14));

  tt::model<followed, double> whole;
  tt::workspace<followed, double> more{3};
  CHECK(all(whole.backward(more, tt::gradient(y) = dy, left = l, right = r)) == values);
  CHECK(more.gradient(left)(0, 0) == doctest::Approx(energy(x0[0]) + p(x0[0], 0) / 10).epsilon(1e-14));
  CHECK(more.gradient(left)(0, 1) == doctest::Approx(p(x0[0], 1) / 10).epsilon(1e-14));
}

TEST_CASE("the outer product is row-major, the first modality slowest; an absent one counts as ones") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{two}, right = tt::input{tt::features{3, true}}, third = tt::input{two},
                         y = tt::fuse(tt::outer_product{}, left, right, third));
  });
  const double a[2][2] = {{2, 3}, {2, 3}}, b[2][3] = {{1, 10, 100}, {4, 5, 6}}, c[2][2] = {{1, -1}, {7, 8}};
  const bool there[2] = {true, false}, always[2] = {true, true};
  CHECK(all(tt::model<network, double>{}(left = tt::optional(a, always), right = tt::optional(b, there),
                                         third = tt::optional(c, always))) ==
        numbers{2,  -2, 20, -20, 200, -200, 3,  -3, 30, -30, 300, -300,  //
                14, 16, 14, 16,  14,  16,   21, 24, 21, 24,  21,  24});
}

TEST_CASE("the cross-view tensor and stacking are expressions with the published number of parameters") {
  static constexpr auto tensor = tt::architecture([] {
    constexpr tt::features four{.width = 4};
    return tt::equations(left = tt::input{four}, right = tt::input{four}, third = tt::input{four},
                         y = tt::cross_view_tensor(4, 10, left, right, third));
  });
  static_assert(tt::parameter_count(tensor) == (4 * 4 * 4 * 10 + 10) + (10 * 4 + 4));
  static constexpr auto pair = tt::architecture([] {
    return tt::equations(left = tt::input{two}, right = tt::input{two}, y = tt::cross_view_tensor(2, 1, left, right));
  });
  tt::model<pair, double> model;
  REQUIRE(model.set("y.linear.weight", numbers{1, 2, 3, 4}.data()));
  REQUIRE(model.set("y.linear.bias", numbers{-6}.data()));
  REQUIRE(model.set("y.linear_2.weight", numbers{1, -1}.data()));
  REQUIRE(model.set("y.linear_2.bias", numbers{0, 0}.data()));
  const auto s = [](double v) { return 1 / (1 + std::exp(-v)); };
  const bool always[3] = {true, true, true};
  const numbers r = all(model(left = tt::optional(x0, always), right = tt::optional(x1, always)));
  for (std::size_t b = 0; b < 3; ++b) {
    const double sum = s(x0[b][0]) * (s(x1[b][0]) + 2 * s(x1[b][1])) +
                       s(x0[b][1]) * (3 * s(x1[b][0]) + 4 * s(x1[b][1])) - 6,
                 hidden = sum > 0 ? sum : 0.25 * sum;
    CHECK(r[2 * b] == doctest::Approx(hidden).epsilon(1e-13));
    CHECK(r[2 * b + 1] == doctest::Approx(-hidden).epsilon(1e-13));
  }

  static constexpr auto stacked = tt::architecture([] {
    return tt::equations(left = tt::input{two}, right = tt::input{two},
                         y = tt::stacking(tt::linear{3} | tt::relu | tt::linear{2}, left, right));
  });
  static_assert(tt::parameter_count(stacked) == (4 * 3 + 3) + (3 * 2 + 2));
  static constexpr auto linear = tt::architecture([] {
    return tt::equations(left = tt::input{two}, right = tt::input{two}, y = tt::stacking(tt::linear{1}, left, right));
  });
  tt::model<linear, double> learner;
  REQUIRE(learner.set("y.linear.weight", numbers{1, 10, 100, 1000}.data()));
  REQUIRE(learner.set("y.linear.bias", numbers{0.5}.data()));
  const numbers t = all(learner(left = tt::optional(x0, first), right = tt::optional(x1, second)));
  CHECK(t[0] == doctest::Approx(p(x0[0], 0) + 10 * p(x0[0], 1) + 100 * p(x1[0], 0) + 1000 * p(x1[0], 1) + 0.5));
  CHECK(t[1] == doctest::Approx(p(x0[1], 0) + 10 * p(x0[1], 1) + 0.5));
}

TEST_CASE("decisions refuse") {
  const auto refusal = [](const auto& op, std::vector<tt::shape> x) {
    const tt::shape s = op.infer(tt::range<tt::shape>{x.data(), static_cast<int>(x.size())});
    return std::string(s.fault ? s.fault.sentence : "");
  };
  const tt::shape row = tt::features_of(4), pair = tt::features_of(2), words = tt::sequence_of(2, 2);
  const tt::shape wide = tt::features_of(5000);
  CHECK(refusal(tt::mixture{}, {row}) == "mixture: the inputs are the scores of a gate and at least one expert");
  CHECK(refusal(tt::mixture{}, {pair, row, words}) ==
        "mixture: every input must be one vector a sample; pool or flatten it first");
  CHECK(refusal(tt::mixture{}, {pair, row, pair}) == "mixture: all experts must have the same width");
  CHECK(refusal(tt::mixture{}, {row, row, row}) == "mixture: the gate must have one score an expert");
  CHECK(refusal(tt::mixture{true}, {pair, row, row}) ==
        "mixture: the gate must have one score for each class of each expert");
  CHECK(refusal(tt::mixture{}, {pair, row, row}) == "");
  CHECK(refusal(tt::energy_weighted_sum{.temperature = 0}, {row}) ==
        "energy_weighted_sum: temperature must be more than 0");
  CHECK(refusal(tt::energy_weighted_sum{}, {words}) ==
        "energy_weighted_sum: every input must be one vector of class scores a sample");
  CHECK(refusal(tt::energy_weighted_sum{}, {row, pair}) ==
        "energy_weighted_sum: all modalities must score the same classes");
  CHECK(refusal(tt::outer_product{}, {row, words}) ==
        "outer_product: every input must be one vector a sample; pool or flatten it first");
  CHECK(refusal(tt::outer_product{}, {wide, wide}) == "outer_product: the result has more than 2^24 elements");
}
