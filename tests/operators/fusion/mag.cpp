// The multimodal adaptation gate and other gates beside it: values from torch 1.13 in double, shifts of length 0, what
// is absent.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>
#include <vector>

#include "../attention/bare.hpp"
#include "../numbers.hpp"

namespace tt = tectum;

namespace {

using tests::make_up_parameters;

constexpr tt::name<"words"> words;
constexpr tt::name<"sound"> sound;
constexpr tt::name<"video"> video;
constexpr tt::name<"y"> y;

constexpr auto gated(double beta) {
  return tt::architecture([=] {
    return tt::equations(words = tt::input{tt::sequence{.length = 3, .width = 4}},
                         sound = tt::input{tt::sequence{.length = 3, .width = 2}},
                         video = tt::input{tt::sequence{.length = 3, .width = 3}},
                         y = tt::mag({.width = 4, .beta = beta}, words, sound, video));
  });
}
// Numbers sin(1.7 i + 0.3) from `first` on.
template <std::size_t Samples, std::size_t Length, std::size_t Width>
void make_up(double (&x)[Samples][Length][Width], int first) {
  for (auto& sample : x)
    for (auto& row : sample)
      for (double& v : row) v = bare::made_up(first++);
}
struct numbers {
  double words[2][3][4], sound[2][3][2], video[2][3][3], dy[2][3][4];
  numbers() {
    make_up(words, 0);
    make_up(sound, 100);
    make_up(video, 200);
    int i = 0;
    for (auto& sample : dy)
      for (auto& row : sample)
        for (double& v : row) v = std::cos(0.9 * i++);
  }
};
template <class Result>
double mixed(const Result& r, int width) {
  std::vector<double> v;
  for (int b = 0; b < 2; ++b)
    for (int t = 0; t < 3; ++t)
      for (int c = 0; c < width; ++c) v.push_back(r(b, t, c));
  return bare::mix(v);
}
template <class Model, class Workspace>
double mixed_gradient(const Model& model, Workspace& w, const char* name) {
  std::vector<double> g(static_cast<std::size_t>(Model::graph().parameters[Model::find(name)].what.size()));
  model.get_gradient(w, name, g.data());
  return bare::mix(g);
}

}  // namespace

TEST_CASE("MAG of three aligned sequences, where beta limits the shift and where it does not") {
  static constexpr auto free = gated(1), tight = gated(0.05);
  // L(dv + dt, dt) + L(da + dt, dt) + L(dv, dt) + L(da, dt) + 2 dt
  static_assert(tt::parameter_count(free) == 4 * 8 + 4 * 7 + 4 * 4 + 4 * 3 + 2 * 4);
  const numbers in;
  const auto compare = [&] < const auto & Network > (const double(&expected)[6]) {
    tt::model<Network, double> model;
    make_up_parameters(model);
    typename decltype(model)::workspace_type w(2);
    const auto r = model(w, y, words = in.words, sound = in.sound, video = in.video);
    CHECK(mixed(r, 4) == doctest::Approx(expected[0]).epsilon(1e-11));
    model.backward_at({}, w, tt::gradient(y) = in.dy, words = in.words, sound = in.sound, video = in.video);
    CHECK(mixed(w.gradient(words), 4) == doctest::Approx(expected[1]).epsilon(1e-11));
    CHECK(mixed(w.gradient(sound), 2) == doctest::Approx(expected[2]).epsilon(1e-11));
    CHECK(mixed(w.gradient(video), 3) == doctest::Approx(expected[3]).epsilon(1e-11));
    CHECK(mixed_gradient(model, w, "y.linear.weight") == doctest::Approx(expected[4]).epsilon(1e-11));
    CHECK(mixed_gradient(model, w, "y.layer_norm.weight") == doctest::Approx(expected[5]).epsilon(1e-11));
  };
  compare.template operator()<free>({0.21152346785536724, -1.6198152356261493, -0.11015060605250818,
                                     -0.10321195632299718, 0.5127359634000577, 0.3721331235773462});
  compare.template operator()<tight>({0.4672278592358429, -1.6639055201167536, 0.043607962884767884,
                                      -0.0036566808893719544, 0.1559104524251658, -0.07686395962626155});
}

TEST_CASE("a shift of length 0 and an anchor of length 0 have finite gradients") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(words = tt::input{tt::sequence{.length = 3, .width = 2}},
                         sound = tt::input{tt::sequence{.length = 3, .width = 2}},
                         y = tt::fuse(tt::limited_shift{.beta = 0.5, .epsilon = 0}, words, sound));
  });
  const double x[1][3][2] = {{{3, 4}, {0, 0}, {3, 4}}}, h[1][3][2] = {{{0, 0}, {1, 0}, {0, 10}}},
               d[1][3][2] = {{{1, 2}, {1, 2}, {1, 2}}};
  tt::model<network, double> model;
  typename decltype(model)::workspace_type w(1);
  const auto r = model(w, y, words = x, sound = h);
  const double expected[3][2] = {{3, 4}, {0, 0}, {3, 6.5}};
  for (int t = 0; t < 3; ++t)
    for (int c = 0; c < 2; ++c) CHECK(r(0, t, c) == doctest::Approx(expected[t][c]));
  model.backward_at({}, w, tt::gradient(y) = d, words = x, sound = h);
  const auto dx = w.gradient(words), dh = w.gradient(sound);
  // a = 1 for a shift of zeros; a = 0 for an anchor of zeros; a = 1/4 in the last: s = dy h = 20,
  // dx = dy + s a x / |x|^2, dh = a dy - s a h / |h|^2
  const double by_x[3][2] = {{1, 2}, {1, 2}, {1 + 20 * 0.25 * 3 / 25, 2 + 20 * 0.25 * 4 / 25}};
  const double by_h[3][2] = {{1, 2}, {0, 0}, {0.25, 0.5 - 20 * 0.25 * 10 / 100}};
  for (int t = 0; t < 3; ++t)
    for (int c = 0; c < 2; ++c) {
      CHECK(dx(0, t, c) == doctest::Approx(by_x[t][c]));
      CHECK(dh(0, t, c) == doctest::Approx(by_h[t][c]));
    }
}

TEST_CASE("MAG without any other modality normalises the anchor; an absent one has no influence") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(words = tt::input{tt::features{4}}, sound = tt::input{tt::features{2, true}},
                         video = tt::input{tt::features{3, true}}, y = tt::mag({.width = 4}, words, sound, video));
  });
  static constexpr auto alone = tt::architecture([] {
    return tt::equations(words = tt::input{tt::features{4}}, video = tt::input{tt::features{3}},
                         y = tt::mag({.width = 4}, words, video));
  });
  tt::model<network, double> model;
  make_up_parameters(model);
  tt::model<alone, double> one;
  std::vector<double> v(32);
  const char* const pairs[][2] = {
      {"y.linear_3.weight", "y.linear.weight"},       {"y.linear_3.bias", "y.linear.bias"},
      {"y.linear_4.weight", "y.linear_2.weight"},     {"y.linear_4.bias", "y.linear_2.bias"},
      {"y.layer_norm.weight", "y.layer_norm.weight"}, {"y.layer_norm.bias", "y.layer_norm.bias"}};
  for (const auto& p : pairs) {
    REQUIRE(model.get(p[0], v.data()));
    one.set(p[1], v.data());
  }
  const double t[2][4] = {{1, -2, 0.5, 3}, {0.25, 3, -1, 1}}, s[2][2] = {{7, 8}, {9, 10}},
               c[2][3] = {{1, 2, -3}, {-1, 0.5, 2}};
  const unsigned char none[2] = {0, 0}, second[2] = {0, 1};
  const auto r = model(words = t, sound = tt::optional(s, none), video = tt::optional(c, second));
  const auto other = one(words = t, video = c);
  double mean = 0, square = 0, weight[4], bias[4];
  model.get("y.layer_norm.weight", weight);
  model.get("y.layer_norm.bias", bias);
  for (const double a : t[0]) mean += a / 4;
  for (const double a : t[0]) square += (a - mean) * (a - mean) / 4;
  for (int k = 0; k < 4; ++k) {
    CHECK(r(0, k) == doctest::Approx((t[0][k] - mean) / std::sqrt(square + 1e-5) * weight[k] + bias[k]));
    CHECK(r(1, k) == other(1, k));
  }
}

TEST_CASE("activation fusion: activations of the product, and the first modality beside them") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(words = tt::input{tt::features{2}}, sound = tt::input{tt::features{2, true}},
                         y = tt::activation_fusion(words, sound));
  });
  tt::model<network, double> model;
  const double a[2][2] = {{1, -2}, {0.5, 3}}, b[2][2] = {{0.5, 0.25}, {4, 4}};
  const unsigned char first[2] = {1, 0};
  const auto r = model(words = a, sound = tt::optional(b, first));
  const auto both = [](double v) { return 1 / (1 + std::exp(-std::tanh(v))); };
  for (int k = 0; k < 2; ++k) {
    CHECK(r(0, k) == doctest::Approx(both(a[0][k] * b[0][k])));
    CHECK(r(1, k) == doctest::Approx(both(a[1][k])));
    for (int s = 0; s < 2; ++s) CHECK(r(s, 2 + k) == a[s][k]);
  }
}

TEST_CASE("channel product: a vector onto a vector, a sequence and a picture") {
  static constexpr tt::name<"picture"> picture;
  static constexpr tt::name<"z"> z;
  static constexpr auto network = tt::architecture([] {
    return tt::equations(words = tt::input{tt::sequence{.length = 2, .width = 3}},
                         picture = tt::input{tt::picture{.channels = 3, .height = 1, .width = 2}},
                         sound = tt::input{tt::features{3, true}}, y = tt::fuse(tt::channel_product, words, sound),
                         z = tt::fuse(tt::channel_product, picture, sound));
  });
  tt::model<network, double> model;
  const double x[2][2][3] = {{{1, 2, 3}, {4, 5, 6}}, {{1, 2, 3}, {4, 5, 6}}},
               p[2][3][1][2] = {{{{1, 2}}, {{3, 4}}, {{5, 6}}}, {{{1, 2}}, {{3, 4}}, {{5, 6}}}},
               g[2][3] = {{2, -1, 0.5}, {7, 7, 7}};
  const unsigned char first[2] = {1, 0};
  typename decltype(model)::workspace_type w(2);
  const auto [r, q] = model(w, y, z, words = x, picture = p, sound = tt::optional(g, first));
  for (int c = 0; c < 3; ++c)
    for (int t = 0; t < 2; ++t) {
      CHECK(r(0, t, c) == x[0][t][c] * g[0][c]);
      CHECK(q(0, c, 0, t) == p[0][c][0][t] * g[0][c]);
      CHECK(r(1, t, c) == x[1][t][c]);  // without a vector, as it is
    }
  CHECK(std::string(tt::channel_product.infer(tt::features_of(4), tt::features_of(3)).fault.sentence) ==
        "channel_product: the second input must be one vector a sample, one number a channel");
}

TEST_CASE("concat_mlp is concatenation and layers, with the activation between them only") {
  constexpr auto network = [](auto fused) {
    return tt::architecture([=] {
      return tt::equations(words = tt::input{tt::features{3}}, sound = tt::input{tt::features{2}}, y = fused);
    });
  };
  static constexpr auto made = network(tt::concat_mlp<tt::tanh, tt::dropout{0.3}>({6, 4, 2}, words, sound));
  static constexpr auto written =
      network(tt::fuse(tt::concat{}, words, sound) | tt::linear{6} | tt::tanh | tt::dropout{0.3} | tt::linear{4} |
              tt::tanh | tt::dropout{0.3} | tt::linear{2});
  static_assert(tt::parameter_count(made) == 6 * 6 + 4 * 7 + 2 * 5);
  tt::model<made, double> a{tt::seed{4}};
  tt::model<written, double> b{tt::seed{4}};
  const double x[1][3] = {{1, -2, 0.5}}, s[1][2] = {{0.25, 3}};
  const auto r = a(words = x, sound = s), q = b(words = x, sound = s);
  for (int k = 0; k < 2; ++k) CHECK(r(0, k) == q(0, k));
  CHECK(r(0, 0) != 0);
}

TEST_CASE("FiLM's residual block: gammas as they are or as differences from 1, and a beta that is absent") {
  static constexpr tt::name<"picture"> picture;
  static constexpr tt::name<"plain"> plain;
  static constexpr auto network = tt::architecture([] {
    return tt::equations(
        picture = tt::input{tt::picture{.channels = 2, .height = 3, .width = 3}},
        words = tt::input{tt::features{2, true}}, sound = tt::input{tt::features{2, true}},
        y = picture | tt::film_residual_block<tt::film_place::output, false, false>({.channels = 2}, words, sound),
        plain = picture | tt::film_residual_block<tt::film_place::output, false, false>({.channels = 2, .delta = true},
                                                                                        words, sound));
  });
  tt::model<network, double> model{tt::seed{3}};
  for (const char* layer : {"conv2d.weight", "conv2d.bias", "conv2d_2.weight", "conv2d_2.bias"}) {
    double v[64];
    REQUIRE(model.get((std::string("y.") + layer).c_str(), v));
    model.set((std::string("plain.") + layer).c_str(), v);
  }
  double x[1][2][3][3];
  for (int i = 0; i < 18; ++i) x[0][i / 9][i / 3 % 3][i % 3] = bare::made_up(i);
  const double gammas[1][2] = {{3, 0.5}}, betas[1][2] = {{1, -2}};
  const unsigned char here[1] = {1}, none[1] = {0};
  typename decltype(model)::workspace_type w(1);
  const auto [r, q] =
      model(w, y, plain, picture = x, words = tt::optional(gammas, here), sound = tt::optional(betas, none));
  std::vector<double> by_gamma, by_difference;
  for (int c = 0; c < 2; ++c)
    for (int i = 0; i < 9; ++i) {
      by_gamma.push_back(r(0, c, i / 3, i % 3));
      by_difference.push_back(q(0, c, i / 3, i % 3));
      // 1 + gamma instead of gamma; the absent beta shifts nothing
      CHECK(by_difference.back() * gammas[0][c] == doctest::Approx(by_gamma.back() * (1 + gammas[0][c])));
    }
  CHECK(bare::mix(by_gamma) != 0);
}
