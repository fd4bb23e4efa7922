// Attention against plain loops over its canonical parameters, its masks, and transformer layers.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <tectum/kernels/reference.hpp>
#include <tectum/model/model.hpp>
#include <tectum/operators/attention.hpp>
#include <tectum/operators/losses/mse.hpp>
#include <vector>

#include "../numbers.hpp"

namespace tt = tectum;

namespace {

using tests::made_up;
using tests::make_up_parameters;

constexpr tt::name<"queries"> queries;
constexpr tt::name<"keys"> keys;
constexpr tt::name<"target"> target;
constexpr tt::name<"joint"> joint;
constexpr tt::name<"loss"> loss;

using rows = std::vector<std::vector<double>>;

template <class Model>
rows parameter(const Model& model, const std::string& name, int columns) {
  const int i = Model::find(name.c_str());
  REQUIRE(i >= 0);
  std::vector<double> all(static_cast<std::size_t>(Model::graph().parameters[i].what.size()));
  model.get(name.c_str(), all.data());
  rows r;
  for (std::size_t k = 0; k < all.size(); k += static_cast<std::size_t>(columns))
    r.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(k),
                   all.begin() + static_cast<std::ptrdiff_t>(k) + columns);
  return r;
}
// x Wᵀ + b
rows linear(const rows& x, const rows& w, const rows& b) {
  rows y(x.size(), std::vector<double>(w.size()));
  for (std::size_t r = 0; r < x.size(); ++r)
    for (std::size_t o = 0; o < w.size(); ++o) {
      y[r][o] = b[0][o];
      for (std::size_t i = 0; i < x[r].size(); ++i) y[r][o] += x[r][i] * w[o][i];
    }
  return y;
}
// Softmax attention; sees(i, j) says whether query i sees key j.
template <class Sees>
rows attend(const rows& q, const rows& k, const rows& v, std::size_t heads, Sees sees) {
  rows y(q.size(), std::vector<double>(q[0].size(), 0));
  const std::size_t d = q[0].size() / heads;
  for (std::size_t h = 0; h < heads; ++h)
    for (std::size_t i = 0; i < q.size(); ++i) {
      std::vector<double> weight(k.size(), 0);
      double total = 0;
      for (std::size_t j = 0; j < k.size(); ++j) {
        if (!sees(i, j)) continue;
        double s = 0;
        for (std::size_t c = h * d; c < (h + 1) * d; ++c) s += q[i][c] * k[j][c];
        total += weight[j] = std::exp(s / std::sqrt(static_cast<double>(d)));
      }
      for (std::size_t j = 0; j < k.size(); ++j)
        for (std::size_t c = h * d; total > 0 && c < (h + 1) * d; ++c) y[i][c] += weight[j] / total * v[j][c];
    }
  return y;
}

}  // namespace

TEST_CASE("cross_attention is its formula, and gives 0 where no key is valid") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(queries = tt::input{tt::sequence{.length = 3, .width = 4}},
                         keys = tt::input{tt::sequence{.length = 5, .width = 3, .padded = true}},
                         joint = tt::fuse(tt::cross_attention{.heads = 2}, queries, keys));
  });
  tt::model<network, double> model;
  make_up_parameters(model);
  double q[3][3][4], k[3][5][3];
  for (int i = 0; i < 36; ++i) q[i / 12][i / 4 % 3][i % 4] = made_up(i);
  for (int i = 0; i < 45; ++i) k[i / 15][i / 3 % 5][i % 3] = made_up(i + 100);
  const int lengths[3] = {5, 3, 0};
  for (int t = 3; t < 5; ++t) k[1][t][1] = std::nan("");
  const auto y = model(queries = q, keys = tt::padded(k, lengths));
  const std::string scope = "joint.cross_attention.";
  const auto project = [&](const rows& x, const char* letter) {
    return linear(x, parameter(model, scope + letter + "_weight", static_cast<int>(x[0].size())),
                  parameter(model, scope + letter + "_bias", 4));
  };
  for (int b = 0; b < 3; ++b) {
    rows from(3), to(5);
    for (std::size_t t = 0; t < 3; ++t) from[t].assign(q[b][t], q[b][t] + 4);
    for (std::size_t t = 0; t < 5; ++t) to[t].assign(k[b][t], k[b][t] + 3);
    to.resize(static_cast<std::size_t>(lengths[b]));
    if (to.empty()) {
      for (int t = 0; t < 3; ++t)
        for (int c = 0; c < 4; ++c) CHECK(y(b, t, c) == 0);
      continue;
    }
    const rows heads =
        attend(project(from, "q"), project(to, "k"), project(to, "v"), 2, [](auto, auto) { return true; });
    const rows expected = project(heads, "out");
    for (int t = 0; t < 3; ++t)
      for (int c = 0; c < 4; ++c)
        CHECK(y(b, t, c) == doctest::Approx(expected[static_cast<std::size_t>(t)][static_cast<std::size_t>(c)]));
  }
}

TEST_CASE("causal self_attention sees what is before a token, and whole panels change nothing") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(queries = tt::input{tt::sequence{.length = 4, .width = 5}},
                         joint = queries | tt::self_attention{.heads = 4, .causal = true, .width = 32});
  });
  tt::model<network, double> model;
  make_up_parameters(model);
  double x[2][4][5];
  for (int i = 0; i < 40; ++i) x[i / 20][i / 5 % 4][i % 5] = made_up(i);
  const auto y = model(queries = x);
  const std::string scope = "joint.self_attention.";
  const auto project = [&](const rows& from, const char* letter) {
    return linear(from, parameter(model, scope + letter + "_weight", static_cast<int>(from[0].size())),
                  parameter(model, scope + letter + "_bias", 32));
  };
  for (int b = 0; b < 2; ++b) {
    rows tokens(4);
    for (std::size_t t = 0; t < 4; ++t) tokens[t].assign(x[b][t], x[b][t] + 5);
    const rows expected = project(attend(project(tokens, "q"), project(tokens, "k"), project(tokens, "v"), 4,
                                         [](auto i, auto j) { return j <= i; }),
                                  "out");
    for (int t = 0; t < 4; ++t)
      for (int c = 0; c < 32; ++c)
        CHECK(y(b, t, c) == doctest::Approx(expected[static_cast<std::size_t>(t)][static_cast<std::size_t>(c)]));
  }
}

TEST_CASE("one value as queries, keys and values is self_attention") {
  static constexpr auto one = tt::architecture([] {
    return tt::equations(queries = tt::input{tt::sequence{.length = 4, .width = 6, .padded = true}},
                         joint = queries | tt::self_attention{.heads = 3});
  });
  static constexpr auto three = tt::architecture([] {
    return tt::equations(queries = tt::input{tt::sequence{.length = 4, .width = 6, .padded = true}},
                         joint = tt::fuse(tt::attention{.heads = 3}, queries, queries, queries));
  });
  const tt::model<one, double> a{tt::seed{5}};
  const tt::model<three, double> b{tt::seed{5}};
  double x[2][4][6];
  for (int i = 0; i < 48; ++i) x[i / 24][i / 6 % 4][i % 6] = made_up(i);
  const int lengths[2] = {4, 2};
  const auto y = a(queries = tt::padded(x, lengths)), z = b(queries = tt::padded(x, lengths));
  for (int s = 0; s < 2; ++s)
    for (int t = 0; t < 4; ++t)
      for (int c = 0; c < 6; ++c) CHECK(y(s, t, c) == doctest::Approx(z(s, t, c)));
}

namespace {

constexpr tt::transformer_options small{.width = 4, .heads = 2, .hidden = 6};

// All gradients of a network with `keys` as memory, against central differences; padded queries, a sample without keys.
template <const auto& Network>
double worst_gradient_error() {
  tt::model<Network, double> model{tt::seed{3}};
  tt::workspace<Network, double> workspace{2}, other{2};
  double q[2][3][4], k[2][2][4], t[2][3][4];
  for (int i = 0; i < 24; ++i) q[i / 12][i / 4 % 3][i % 4] = made_up(i), t[i / 12][i / 4 % 3][i % 4] = made_up(i + 40);
  for (int i = 0; i < 16; ++i) k[i / 8][i / 4 % 2][i % 4] = made_up(i + 100);
  const int lengths[2] = {3, 2}, key_lengths[2] = {2, 0};
  const auto bound = [&](auto&& call) {
    return call(queries = tt::padded(q, lengths), keys = tt::padded(k, key_lengths), target = tt::padded(t, lengths));
  };
  bound([&](const auto&... x) { return model.gradients(workspace, loss, x...); });
  const double* const g = workspace.gradients(model.size());
  const auto value = [&] { return bound([&](const auto&... x) { return model(other, loss, x...).value(); }); };
  double worst = 0;
  for (std::ptrdiff_t i = 0; i < model.size(); ++i) {
    double& p = model.data()[i];
    const double kept = p, step = 1e-5;
    p = kept + step;
    const double up = value();
    p = kept - step;
    const double down = value();
    p = kept;
    worst = std::max(worst, std::abs((up - down) / (2 * step) - g[i]));
  }
  return worst;
}

inline constexpr auto pre_norm = tt::architecture([] {
  return tt::equations(queries = tt::input{tt::sequence{3, 4, true}}, keys = tt::input{tt::sequence{2, 4, true}},
                       target = tt::input{tt::sequence{3, 4, true}},
                       joint = queries | tt::repeat(2, tt::transformer_encoder_layer(small)) |
                               tt::transformer_decoder_layer(small, keys),
                       loss = tt::fuse(tt::mse{}, joint, target));
});
inline constexpr auto post_norm = tt::architecture([] {
  return tt::equations(queries = tt::input{tt::sequence{3, 4, true}}, keys = tt::input{tt::sequence{2, 4, true}},
                       target = tt::input{tt::sequence{3, 4, true}},
                       joint = tt::fuse(tt::cross_attention{2}, queries | tt::post_norm_encoder_layer(small), keys),
                       loss = tt::fuse(tt::mse{}, joint, target));
});

}  // namespace

TEST_CASE("transformer layers have the gradients of what they compute") {
  CHECK(worst_gradient_error<pre_norm>() < 1e-8);
  CHECK(worst_gradient_error<post_norm>() < 1e-8);
}

TEST_CASE("dropout in a transformer layer acts in training only") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(queries = tt::input{tt::sequence{3, 4}}, target = tt::input{tt::sequence{3, 4}},
                         joint = queries | tt::transformer_encoder_layer(small, tt::dropout{0.5f}),
                         loss = tt::fuse(tt::mse{}, joint, target));
  });
  static constexpr auto plain = tt::architecture([] {
    return tt::equations(queries = tt::input{tt::sequence{3, 4}},
                         joint = queries | tt::transformer_encoder_layer(small));
  });
  tt::model<network, double> model{tt::seed{3}};
  const tt::model<plain, double> without{tt::seed{3}};
  tt::workspace<network, double> workspace{1};
  double x[1][3][4], t[1][3][4] = {};
  for (int i = 0; i < 12; ++i) x[0][i / 4][i % 4] = made_up(i);
  const auto y = model(joint, queries = x), z = without(queries = x);
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 4; ++c) CHECK(y(0, i, c) == z(0, i, c));
  const double one = model.gradients_at({1, 0}, workspace, queries = x, target = t).value();
  const double two = model.gradients_at({1, 1}, workspace, queries = x, target = t).value();
  CHECK(one != two);
}

TEST_CASE("what does not fit attention is said in one sentence") {
  const tt::shape s = tt::sequence_of(3, 4), v = tt::features_of(4), longer = tt::sequence_of(5, 4);
  const auto said = [](const tt::shape& y) { return std::string(y.fault.sentence ? y.fault.sentence : ""); };
  CHECK(said(tt::self_attention{3}.infer(s)) == "attention: heads must divide the width");
  CHECK(said(tt::self_attention{2}.infer(v)) ==
        "attention: the queries must be a sequence, or one vector that looks at another sequence");
  CHECK(said(tt::cross_attention{2}.infer(s, v)) == "attention: keys and values must be sequences");
  CHECK(said(tt::attention{2}.infer(s, longer, s)) == "attention: there must be one value a key");
  CHECK(said(tt::biased_attention{2}.infer(s, longer, longer, s)) ==
        "attention: the added scores have another number of keys");
  CHECK(said(tt::biased_attention{2}.infer(s, longer, longer, longer)) ==
        "attention: the added scores have another number of queries");
  CHECK(said(tt::biased_attention{2}.infer(s, s, s, tt::picture_of(3, 3, 3))) ==
        "attention: the added scores have another number of heads");
  CHECK(said(tt::biased_attention{2}.infer(s, s, s, v)) ==
        "attention: what is added to the scores must be [queries, keys] or [heads, queries, keys]");
  CHECK(said(tt::biased_attention{2}.infer(s, s, s, tt::shape_of(tt::sequence{3, 3, true}))) ==
        "attention: what is added to the scores may not be padded or absent");
  CHECK(said(tt::self_attention{0}.infer(s)) == "attention: heads must be 1 or more");
  CHECK(said(tt::self_attention{.heads = 3, .head_width = 5}.infer(s)).empty());
  CHECK(said(tt::self_attention{.heads = 2, .head_width = -1}.infer(s)) ==
        "attention: width and head_width must not be negative");
  CHECK(said(tt::self_attention{.heads = 2, .ahead = -1}.infer(s)) == "attention: ahead must not be negative");
  const auto weighed = [&](std::initializer_list<tt::shape> x) {
    return said(tt::attention_with_weights{2}.infer({x.begin(), static_cast<int>(x.size())}).items[0]);
  };
  CHECK(weighed({s, s}) ==
        "attention_with_weights: the inputs are queries, keys and values, and scores to add if wanted");
  CHECK(weighed({s, longer, longer, s}) == "attention: the added scores have another number of keys");
  CHECK(weighed({s, longer, longer}).empty());
  const tt::dot_product_attention plain{.heads = 2};
  CHECK(said(plain.infer(s, longer, s)) == "dot_product_attention: there must be one value a key");
  CHECK(said(plain.infer(s, v, s)) == "dot_product_attention: keys and values must be sequences");
  CHECK(said(plain.infer(tt::picture_of(1, 2, 2), s, s)) ==
        "dot_product_attention: the queries must be a sequence or one vector");
  CHECK(said(plain.infer(s, s.with_width(6), s)) == "dot_product_attention: queries and keys must have one width");
  CHECK(said(plain.infer(s, s, s.with_width(3))) ==
        "dot_product_attention: heads must divide the widths of keys and values");
  CHECK(said(tt::dot_product_attention{0}.infer(s, s, s)) == "dot_product_attention: heads must be 1 or more");
  CHECK(plain.infer(v, longer, longer.with_width(6)) == tt::features_of(6));
  CHECK(said(tt::cross_attention{2}.infer(v, longer)).empty());
}
