// Gates, modulation and decisions: laws that tie them to simpler operators, and what is absent.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>
#include <vector>

namespace tt = tectum;

namespace {

constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"third"> third;
constexpr tt::name<"picture"> picture;
constexpr tt::name<"joint"> joint;
constexpr tt::name<"spread"> spread;
constexpr tt::name<"y"> y;

// Two vectors that may be absent, as `made` fuses them.
template <class Make>
constexpr auto fused(Make made) {
  return tt::architecture([=] {
    return tt::equations(left = tt::input{tt::features{3, true}}, right = tt::input{tt::features{3, true}},
                         joint = made());
  });
}

const double x0[4][3] = {{1, -2, 0.5}, {0.25, 3, -1}, {2, 0, 1}, {-0.5, 1.5, 0.75}};
const double x1[4][3] = {{4, 0.5, -1}, {-2, 1, 0.125}, {3, -3, 0.5}, {1, 2, -0.25}};
const unsigned char first[4] = {1, 1, 0, 0}, second[4] = {1, 0, 1, 0};

template <class Model>
void set_all(Model& model, const char* name, double value) {
  const int i = Model::find(name);
  REQUIRE(i >= 0);
  const std::vector<double> v(static_cast<std::size_t>(Model::graph().parameters[i].what.size()), value);
  model.set(name, v.data());
}
template <class Model>
std::vector<double> values_of(const Model& model, const char* name) {
  const int i = Model::find(name);
  REQUIRE(i >= 0);
  std::vector<double> v(static_cast<std::size_t>(Model::graph().parameters[i].what.size()));
  model.get(name, v.data());
  return v;
}
double project(const std::vector<double>& w, int row, const double* x) {
  double s = 0;
  for (int i = 0; i < 3; ++i) s += w[static_cast<std::size_t>(3 * row + i)] * x[i];
  return s;
}

}  // namespace

TEST_CASE("gates of one half make a GMU the mean of the hidden states") {
  tt::model_of<fused([] { return tt::fuse(tt::gmu{.features = 2}, left, right); }), double> model{tt::seed{3}};
  set_all(model, "joint.gmu.gate_weight", 0);
  const auto w = values_of(model, "joint.gmu.weight.0"), v = values_of(model, "joint.gmu.weight.1");
  const auto result = model(left = tt::optional(x0, first), right = tt::optional(x1, second));
  for (int b = 0; b < 4; ++b)
    for (int k = 0; k < 2; ++k) {
      const double h = first[b] ? std::tanh(project(w, k, x0[b])) : 0;
      const double g = second[b] ? std::tanh(project(v, k, x1[b])) : 0;
      CHECK(result(b, k) == doctest::Approx((h + g) / 2));
    }
}

TEST_CASE("attention fusion weighs only what is present") {
  tt::model_of<fused([] { return tt::fuse(tt::attention_fusion{}, left, right); }), double> model{tt::seed{4}};
  const auto w = values_of(model, "joint.attention_fusion.weight.0"),
             c = values_of(model, "joint.attention_fusion.bias.0");
  const auto result = model(left = tt::optional(x0, first), right = tt::optional(x1, second));
  for (int k = 0; k < 3; ++k) {
    CHECK(result(1, k) == doctest::Approx(project(w, k, x0[1]) + c[static_cast<std::size_t>(k)]));
    CHECK(result(3, k) == 0);
  }
}

TEST_CASE("the product of Gaussians: two unit experts, one, none") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(
        left = tt::input{tt::features{3, true}}, right = tt::input{tt::features{3, true}},
        tt::named(joint, spread) = tt::fuse(tt::gaussian_product{.prior = false, .epsilon = 0}, left,
                                            left | tt::affine{.scale = 0}, right, right | tt::affine{.scale = 0}));
  });
  tt::model<network, double> model;
  tt::workspace<network, double> workspace{4};
  const auto [mean, variance] =
      model(workspace, joint, spread, left = tt::optional(x0, first), right = tt::optional(x1, second));
  for (int k = 0; k < 3; ++k) {
    CHECK(mean(0, k) == doctest::Approx((x0[0][k] + x1[0][k]) / 2));
    CHECK(variance(0, k) == doctest::Approx(-std::log(2.0)));
    CHECK(mean(1, k) == doctest::Approx(x0[1][k]));  // one expert without a prior: itself
    CHECK(variance(1, k) == doctest::Approx(0));
    CHECK(mean(3, k) == 0);
    CHECK(variance(3, k) == 0);
  }
}

TEST_CASE("what changes nothing: FiLM and excitation of zero weights, a closed gate") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(picture = tt::input{tt::picture{.channels = 2, .height = 2, .width = 2}},
                         left = tt::input{tt::features{3, true}}, joint = tt::fuse(tt::film{}, picture, left),
                         spread = tt::fuse(tt::channel_excite{.gain = 2}, picture,
                                           tt::fuse(tt::channel_squeeze{.ratio = 1}, picture, left)),
                         y = picture | tt::gated_residual(tt::conv2d{.channels = 2, .kernel = 1}));
  });
  tt::model<network, double> model{tt::seed{5}};
  const double pixels[1][2][2][2] = {{{{1, -2}, {3, 4}}, {{0.5, 0.25}, {-1, 8}}}};
  const double condition[1][3] = {{1, 2, 3}};
  const unsigned char absent[1] = {0}, there[1] = {1};
  tt::workspace<network, double> workspace{1};
  {
    const auto a = model(workspace, joint, picture = pixels, left = tt::optional(condition, absent));
    for (int i = 0; i < 8; ++i) CHECK(a.data()[i] == (&pixels[0][0][0][0])[i]);
  }
  set_all(model, "joint.film.weight", 0);
  set_all(model, "joint.film.bias", 0);
  set_all(model, "spread.channel_excite.weight", 0);
  set_all(model, "spread.channel_excite.bias", 0);
  const auto [a, b, c] = model(workspace, joint, spread, y, picture = pixels, left = tt::optional(condition, there));
  for (int i = 0; i < 8; ++i) {
    CHECK(a.data()[i] == (&pixels[0][0][0][0])[i]);
    CHECK(b.data()[i] == (&pixels[0][0][0][0])[i]);
    CHECK(c.data()[i] == (&pixels[0][0][0][0])[i]);
  }
}

TEST_CASE("decisions") {
  const auto p = [](const double* x, int k) {
    return std::exp(x[k]) / (std::exp(x[0]) + std::exp(x[1]) + std::exp(x[2]));
  };
  const auto check = [&](const auto& result, auto both) {
    for (int k = 0; k < 3; ++k) {
      CHECK(result(0, k) == doctest::Approx(both(p(x0[0], k), p(x1[0], k))));
      CHECK(result(1, k) == doctest::Approx(p(x0[1], k)));
      CHECK(result(2, k) == doctest::Approx(p(x1[2], k)));
    }
  };
  check(tt::model_of<fused([] { return tt::mean_decision(left, right); }), double>()(left = tt::optional(x0, first),
                                                                                     right = tt::optional(x1, second)),
        [](double a, double b) { return (a + b) / 2; });
  check(tt::model_of<fused([] { return tt::weighted_decision(left, right); }), double>()(
            left = tt::optional(x0, first), right = tt::optional(x1, second)),
        [](double a, double b) { return (a + b) / 2; });
  check(tt::model_of<fused([] { return tt::maximum_decision(left, right); }), double>()(
            left = tt::optional(x0, first), right = tt::optional(x1, second)),
        [](double a, double b) { return a > b ? a : b; });
  double total = 0;
  for (int k = 0; k < 3; ++k) total += p(x0[0], k) * p(x1[0], k);
  check(tt::model_of<fused([] { return tt::product_decision(left, right); }), double>()(
            left = tt::optional(x0, first), right = tt::optional(x1, second)),
        [=](double a, double b) { return a * b / total; });
}

TEST_CASE("parameter counts") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{tt::features{5}}, right = tt::input{tt::features{4}},
                         third = tt::input{tt::features{3}}, joint = tt::fuse(tt::gmu{6}, left, right),
                         spread = tt::fuse(tt::gmu{6}, left, right, third),
                         y = tt::fuse(tt::attention_fusion{}, left, right, third));
  });
  static_assert(tt::parameter_count(network) ==
                (5 * 6 + 4 * 6 + 9 * 6) + (12 * 6 + 3 * 12 * 6) + (12 * 3 + 3 + (5 + 4 + 3) * 3 + 3 * 3));
  CHECK(tt::parameter_count(network) == 480);
}
