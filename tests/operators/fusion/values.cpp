// Fusion operators against values worked out by hand and by plain loops over their canonical parameters.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/losses/mse.hpp>
#include <vector>

namespace tt = tectum;

namespace {

constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"joint"> joint;
constexpr tt::name<"other"> other;
constexpr tt::name<"loss"> loss;
constexpr tt::name<"losses"> losses;

// Two vectors that may be absent, fused.
constexpr auto fused(const auto& operation, int n, int m) {
  return tt::architecture([=] {
    return tt::equations(left = tt::input{tt::features{n, true}}, right = tt::input{tt::features{m, true}},
                         joint = tt::fuse(operation, left, right));
  });
}

const double x0[4][3] = {{1, -2, 0.5}, {0.25, 3, -1}, {2, 0, 1}, {-0.5, 1.5, 0.75}};
const double x1[4][3] = {{4, 0.5, -1}, {-2, 1, 0.125}, {3, -3, 0.5}, {1, 2, -0.25}};
const unsigned char first[4] = {1, 1, 0, 0}, second[4] = {1, 0, 1, 0};

template <class Model>
std::vector<double> values_of(const Model& model, const char* name) {
  const int i = Model::find(name);
  REQUIRE(i >= 0);
  std::vector<double> v(static_cast<std::size_t>(Model::graph().parameters[i].what.size()));
  model.get(name, v.data());
  return v;
}

// [1; x], with zeros where x is absent.
std::vector<double> with_one(const double* x, bool present) {
  return {1, present ? x[0] : 0, present ? x[1] : 0, present ? x[2] : 0};
}

}  // namespace

TEST_CASE("sum, mean, product and maximum leave out what is absent") {
  const auto check = [](const auto& y, double both, double one, double two) {
    CHECK(y(0, 1) == doctest::Approx(both));
    CHECK(y(1, 1) == one);
    CHECK(y(2, 1) == two);
    for (int k = 0; k < 3; ++k) CHECK(y(3, k) == 0);
  };
  check(
      tt::model_of<fused(tt::sum{}, 3, 3), double>()(left = tt::optional(x0, first), right = tt::optional(x1, second)),
      -1.5, 3, -3);
  check(
      tt::model_of<fused(tt::mean{}, 3, 3), double>()(left = tt::optional(x0, first), right = tt::optional(x1, second)),
      -0.75, 3, -3);
  check(tt::model_of<fused(tt::product{}, 3, 3), double>()(left = tt::optional(x0, first),
                                                           right = tt::optional(x1, second)),
        -1, 3, -3);
  check(tt::model_of<fused(tt::maximum{}, 3, 3), double>()(left = tt::optional(x0, first),
                                                           right = tt::optional(x1, second)),
        0.5, 3, -3);
}

TEST_CASE("losses add up, and so do their gradients") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{tt::features{3}}, right = tt::input{tt::features{3}},
                         joint = left | tt::linear{3}, loss = tt::fuse(tt::mse{}, joint, right),
                         other = tt::fuse(tt::mse{}, joint, left), losses = tt::fuse(tt::sum{}, loss, other, other));
  });
  tt::model<network, double> model;
  tt::workspace<network, double> workspace{4};
  const auto gradient_of = [&](auto wanted) {
    std::vector<double> g(9);
    model.gradients(workspace, wanted, left = x0, right = x1);
    model.get_gradient(workspace, "joint.linear.weight", g.data());
    return g;
  };
  const double a = model(workspace, loss, left = x0, right = x1).value();
  const double b = model(workspace, other, left = x0, right = x1).value();
  CHECK(model(workspace, losses, left = x0, right = x1).value() == doctest::Approx(a + 2 * b));
  const std::vector<double> ga = gradient_of(loss), gb = gradient_of(other), all = gradient_of(losses);
  for (std::size_t i = 0; i < 9; ++i) CHECK(all[i] == doctest::Approx(ga[i] + 2 * gb[i]));
}

TEST_CASE("tensor_fusion is the outer product with ones, the first modality slowest") {
  constexpr auto network = fused(tt::tensor_fusion{}, 2, 1);
  const double a[2][2] = {{2, 3}, {7, 8}}, b[2][1] = {{5}, {9}};
  const unsigned char only_first[2] = {1, 0};
  const auto y = tt::model_of<network, double>()(left = a, right = tt::optional(b, only_first));
  const double expected[2][6] = {{1, 5, 2, 10, 3, 15}, {1, 0, 7, 0, 8, 0}};
  for (int s = 0; s < 2; ++s)
    for (int k = 0; k < 6; ++k) CHECK(y(s, k) == expected[s][k]);
}

TEST_CASE("bilinear is x0ᵀ W x1 + b with a weight as in torch.nn.Bilinear") {
  const tt::model_of<fused(tt::bilinear{34}, 3, 3), double> model;
  const std::vector<double> w = values_of(model, "joint.bilinear.weight"),
                            bias = values_of(model, "joint.bilinear.bias");
  const auto y = model(left = tt::optional(x0, first), right = tt::optional(x1, second));
  for (int s = 0; s < 4; ++s)
    for (int k = 0; k < 34; ++k) {
      double sum = bias[static_cast<std::size_t>(k)];
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j)
          if (first[s] && second[s]) sum += w[static_cast<std::size_t>((k * 3 + i) * 3 + j)] * x0[s][i] * x1[s][j];
      CHECK(y(s, k) == doctest::Approx(sum));
    }
}

TEST_CASE("mlb multiplies the projections that are there") {
  const tt::model_of<fused(tt::mlb{.rank = 5, .features = 2}, 3, 3), double> model;
  const std::vector<double> w[2] = {values_of(model, "joint.mlb.weight.0"), values_of(model, "joint.mlb.weight.1")};
  const std::vector<double> b[2] = {values_of(model, "joint.mlb.bias.0"), values_of(model, "joint.mlb.bias.1")};
  const std::vector<double> p = values_of(model, "joint.mlb.output_weight"),
                            c = values_of(model, "joint.mlb.output_bias");
  const auto y = model(left = tt::optional(x0, first), right = tt::optional(x1, second));
  for (int s = 0; s < 4; ++s)
    for (int k = 0; k < 2; ++k) {
      double sum = c[static_cast<std::size_t>(k)];
      for (int r = 0; r < 5; ++r) {
        double z = first[s] || second[s] ? 1 : 0;
        for (int m = 0; m < 2; ++m) {
          if (!(m ? second : first)[s]) continue;
          double a = b[m][static_cast<std::size_t>(r)];
          for (int i = 0; i < 3; ++i) a += w[m][static_cast<std::size_t>(r * 3 + i)] * (m ? x1 : x0)[s][i];
          z *= std::tanh(a);
        }
        sum += p[static_cast<std::size_t>(k * 5 + r)] * z;
      }
      CHECK(y(s, k) == doctest::Approx(sum));
    }
}

// y_k = sum over r of w_r (sum over i of [1; x0]_i W0[r, i, k]) (the same of x1) + b_k, for widths with and without
// whole panels.
TEST_CASE_TEMPLATE("low_rank_fusion is its formula over canonical factors", Width, std::integral_constant<int, 3>,
                   std::integral_constant<int, 32>) {
  constexpr int features = Width::value, rank = 2;
  tt::model_of<fused(tt::low_rank_fusion{rank, features}, 3, 3), double> model;
  const std::string scope = "joint.low_rank_fusion.";
  const std::vector<double> bias_values(static_cast<std::size_t>(features), 0.375);
  REQUIRE(model.set((scope + "fusion_bias").c_str(), bias_values.data()));
  const std::vector<double> f0 = values_of(model, (scope + "factor.0").c_str());
  const std::vector<double> f1 = values_of(model, (scope + "factor.1").c_str());
  const std::vector<double> w = values_of(model, (scope + "fusion_weights").c_str());
  const auto y = model(left = tt::optional(x0, first), right = tt::optional(x1, second));
  for (int s = 0; s < 4; ++s) {
    const std::vector<double> a = with_one(x0[s], first[s]), b = with_one(x1[s], second[s]);
    for (int k = 0; k < features; ++k) {
      double sum = 0.375;
      for (int r = 0; r < rank; ++r) {
        double p = 0, q = 0;
        for (int i = 0; i < 4; ++i) {
          p += a[static_cast<std::size_t>(i)] * f0[static_cast<std::size_t>((r * 4 + i) * features + k)];
          q += b[static_cast<std::size_t>(i)] * f1[static_cast<std::size_t>((r * 4 + i) * features + k)];
        }
        sum += w[static_cast<std::size_t>(r)] * p * q;
      }
      CHECK(y(s, k) == doctest::Approx(sum));
    }
  }
}

TEST_CASE("low_rank_fusion is a linear layer on tensor_fusion with a weight of low rank") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{tt::features{3, true}}, right = tt::input{tt::features{3, true}},
                         joint = tt::fuse(tt::low_rank_fusion{3, 2}, left, right),
                         other = tt::fuse(tt::tensor_fusion{}, left, right) | tt::linear{2});
  });
  tt::model<network, double> model;
  tt::workspace<network, double> workspace{4};
  const std::vector<double> f0 = values_of(model, "joint.low_rank_fusion.factor.0");
  const std::vector<double> f1 = values_of(model, "joint.low_rank_fusion.factor.1");
  const std::vector<double> w = values_of(model, "joint.low_rank_fusion.fusion_weights");
  double weight[2][16] = {}, bias[2] = {};
  for (int k = 0; k < 2; ++k)
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j)
        for (int r = 0; r < 3; ++r)
          weight[k][i * 4 + j] += w[static_cast<std::size_t>(r)] * f0[static_cast<std::size_t>((r * 4 + i) * 2 + k)] *
                                  f1[static_cast<std::size_t>((r * 4 + j) * 2 + k)];
  model.set("other.linear.weight", &weight[0][0]);
  model.set("other.linear.bias", bias);
  const auto [a, b] = model(workspace, joint, other, left = tt::optional(x0, first), right = tt::optional(x1, second));
  for (int s = 0; s < 4; ++s)
    for (int k = 0; k < 2; ++k) CHECK(a(s, k) == doctest::Approx(b(s, k)));
}

TEST_CASE("attention_pool weighs tokens by the softmax of the scorer's numbers") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{tt::sequence{.length = 3, .width = 2, .padded = true}},
                         right = tt::input{tt::features{3}},
                         joint = tt::fuse(tt::attention_pool{tt::bilinear{1}}, left, right));
  });
  tt::model<network, double> model;
  const double weight[1][2][3] = {{{0.5, -1, 2}, {1, 0.25, -0.5}}}, bias[1] = {0.125};
  REQUIRE(model.set("joint.attention_pool.weight", &weight[0][0][0]));
  REQUIRE(model.set("joint.attention_pool.bias", bias));
  const double nan = std::nan("");
  const double tokens[2][3][2] = {{{1, 2}, {-1, 0.5}, {nan, nan}}, {{nan, nan}, {nan, nan}, {nan, nan}}};
  const int lengths[2] = {2, 0};
  const double question[2][3] = {{1, 2, 3}, {1, 1, 1}};
  const auto y = model(left = tt::padded(tokens, lengths), right = question);
  double score[2] = {0.125, 0.125};
  for (int t = 0; t < 2; ++t)
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 3; ++j) score[t] += weight[0][i][j] * tokens[0][t][i] * question[0][j];
  const double p = 1 / (1 + std::exp(score[1] - score[0]));
  for (int i = 0; i < 2; ++i) {
    CHECK(y(0, i) == doctest::Approx(p * tokens[0][0][i] + (1 - p) * tokens[0][1][i]));
    CHECK(y(1, i) == 0);
  }
}

TEST_CASE("what does not fit is said in one sentence") {
  const tt::shape v3 = tt::features_of(3), v4 = tt::features_of(4), s = tt::sequence_of(2, 3);
  const tt::shape padded = tt::shape_of(tt::sequence{2, 3, true}), ids = tt::shape_of(tt::tokens{3});
  const auto said = [](const auto& op, std::initializer_list<tt::shape> in) {
    const tt::shape all[3] = {in.begin()[0], in.begin()[1], in.begin()[in.size() - 1]};
    tt::shape y;
    if constexpr (std::remove_cvref_t<decltype(op)>::arity == 2) y = op.infer(all[0], all[1]);
    else y = op.infer(tt::range<tt::shape>{all, static_cast<int>(in.size())});
    return std::string(y.fault.sentence ? y.fault.sentence : "");
  };
  CHECK(said(tt::sum{}, {v3, v4}) == "sum: all inputs must have the same shape");
  CHECK(said(tt::sum{}, {padded, s}) == "sum: either all sequences are padded or none is");
  CHECK(said(tt::product{}, {ids, ids}) == "product: ids are not numbers to compute with; put an embedding before it");
  CHECK(said(tt::bilinear{2}, {v3, s}) ==
        "bilinear: every input must be one vector a sample; pool or flatten it first");
  CHECK(said(tt::mlb{0, 2}, {v3, v4}) == "mlb: rank and features must be 1 or more");
  CHECK(said(tt::mlb{2, 2, tt::activation::gelu}, {v3, v4}) ==
        "mlb: act must be identity, relu, tanh, sigmoid, elu or leaky_relu");
  CHECK(said(tt::tensor_fusion{}, {tt::features_of(4095), tt::features_of(4096)}) ==
        "tensor_fusion: the outer product has more than 2^24 elements; use tt::low_rank_fusion");
  CHECK(said(tt::tensor_fusion{}, {tt::features_of(4095), tt::features_of(4095)}).empty());
  CHECK(said(tt::low_rank_fusion{2, 2}, {v3, s}) ==
        "low_rank_fusion: every input must be one vector a sample; pool or flatten it first");
  CHECK(said(tt::attention_pool{tt::bilinear{2}}, {s, v3}) ==
        "attention_pool: the scorer must give one number a token: set its features to 1");
}
