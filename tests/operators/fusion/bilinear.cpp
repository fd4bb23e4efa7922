// Bilinear fusion in factors: chunks, absence, sketches, errors.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion/compact_bilinear.hpp>
#include <tectum/operators/fusion/contract.hpp>
#include <tectum/operators/fusion/factorised.hpp>
#include <tectum/operators/fusion/mlb.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/clamp.hpp>
#include <tectum/operators/layers/expand.hpp>
#include <tectum/operators/layers/mean_pool.hpp>
#include <tectum/operators/layers/reshape.hpp>
#include <tectum/operators/layers/scale.hpp>
#include <tectum/operators/layers/transpose.hpp>
#include <vector>

#include "../attention/bare.hpp"
#include "../numbers.hpp"

namespace tt = tectum;

namespace {

using tests::all;
using tests::close;
using tests::numbers;
using tests::values;

constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"y"> y;

constexpr auto two(int a, int b, auto expression, bool optional = false) {
  return tt::architecture([=] {
    return tt::equations(left = tt::input{tt::features{a, optional}}, right = tt::input{tt::features{b, optional}},
                         y = expression);
  });
}
template <class Model>
void set(Model& m, const std::string& name, const numbers& v) {
  REQUIRE(m.set(name.c_str(), v.data()));
}

static_assert(tt::mfh({.features = 1, .width = 1}, left, tt::here).mistake != nullptr);
static_assert(tt::mfh({.features = 1, .width = 1}, left, right).mistake == nullptr);

}  // namespace

// The widths that the published code's function get_sizes_list gives.
TEST_CASE("chunks of a width") {
  const auto sizes = [](int width, int chunks) {
    const tt::detail::chunking cut{width, chunks};
    std::vector<int> s;
    int begin = 0;
    for (int c = 0; c < chunks; ++c) {
      CHECK(cut.begin_of(c) == begin);
      s.push_back(cut.size_of(c));
      begin += s.back();
    }
    CHECK(begin == width);
    return s;
  };
  CHECK(sizes(12, 3) == std::vector{4, 4, 4});
  CHECK(sizes(40, 6) == std::vector{7, 7, 7, 7, 7, 5});
  CHECK(sizes(4, 3) == std::vector{2, 2, 0});
  CHECK(sizes(5, 4) == std::vector{2, 1, 1, 1});
  CHECK(sizes(9, 7) == std::vector{2, 2, 1, 1, 1, 1, 1});
  CHECK(!tt::detail::chunking{3, 4}.is_right());
}

TEST_CASE("the signed square root has no gradient at zero, and values outside a clamp have none") {
  static constexpr auto network = two(4, 4, left | tt::signed_sqrt);
  static constexpr auto held = two(4, 4, left | tt::clamp{-0.5, 1});
  static constexpr auto pooled = two(4, 4, left | tt::factor_pool{.chunks = 2, .normalize = tt::power_norm::chunks});
  const double x[1][4] = {{4, 0, -0.25, 1}}, one[1][4] = {{1, 1, 1, 1}}, nothing[1][4] = {};
  tt::model<network, double> model;
  tt::workspace<network, double> w{1};
  CHECK(all(model.backward(w, tt::gradient(y) = one, left = x, right = x)) == numbers{2, 0, -0.5, 1});
  CHECK(all(w.gradient(left)) == numbers{0.25, 0, 1, 0.5});
  tt::model<held, double> clamped;
  tt::workspace<held, double> v{1};
  const double beside[1][4] = {{4, 0, -0.5, -1}};
  CHECK(all(clamped.backward(v, tt::gradient(y) = one, left = beside, right = x)) == numbers{1, 0, -0.5, -0.5});
  CHECK(all(v.gradient(left)) == numbers{0, 1, 1, 0});
  // The second chunk, (-0.5, 1) / sqrt 1.25; all zeros stay zeros.
  tt::model<pooled, double> norm;
  tt::workspace<pooled, double> u{1};
  close(all(norm.backward(u, tt::gradient(y) = one, left = x, right = x)),
        {1, 0, -0.5 / std::sqrt(1.25), 1 / std::sqrt(1.25)});
  CHECK(all(norm.backward(u, tt::gradient(y) = one, left = nothing, right = x)) == numbers{0, 0, 0, 0});
  CHECK(all(u.gradient(left)) == numbers{0, 0, 0, 0});
}

TEST_CASE("MFB of factor 1 is MLB; MFH of order 1 is MFB; the order of modalities changes nothing") {
  static constexpr auto mlb = two(5, 3, tt::fuse(tt::mlb{.rank = 6, .features = 2}, left, right));
  static constexpr auto mfb = two(5, 3, tt::mfb<tt::tanh>({.features = 2, .width = 6}, left, right));
  static constexpr auto mfh = two(5, 3, tt::mfh<1, tt::tanh>({.features = 2, .width = 6}, left, right));
  static constexpr auto turned = two(5, 3, tt::mfb<tt::tanh>({.features = 2, .width = 6}, right, left));
  const auto run = [](auto& m, const std::string& w0, const std::string& w1, const std::string& w2,
                      const std::vector<std::string>& biases) {
    set(m, w0, values(30, 1));
    set(m, w1, values(18, 2));
    set(m, w2, values(12, 3));
    for (std::size_t i = 0; i < 3; ++i) set(m, biases[i], values(i < 2 ? 6 : 2, 4 + static_cast<double>(i)));
    const numbers a = values(20, 7), b = values(12, 8);
    return all(m(left = tt::tensor(a, {4, 5}), right = tt::tensor(b, {4, 3})));
  };
  tt::model<mlb, double> first;
  tt::model<mfb, double> second;
  tt::model<mfh, double> third;
  tt::model<turned, double> fourth;
  const numbers result = run(second, "y.linear.weight", "y.linear_2.weight", "y.linear_3.weight",
                             {"y.linear.bias", "y.linear_2.bias", "y.linear_3.bias"});
  close(run(first, "y.mlb.weight.0", "y.mlb.weight.1", "y.mlb.output_weight",
            {"y.mlb.bias.0", "y.mlb.bias.1", "y.mlb.output_bias"}),
        result);
  CHECK(run(third, "y.linear.weight", "y.linear_2.weight", "y.linear_3.weight",
            {"y.linear.bias", "y.linear_2.bias", "y.linear_3.bias"}) == result);
  CHECK(run(fourth, "y.linear_2.weight", "y.linear.weight", "y.linear_3.weight",
            {"y.linear_2.bias", "y.linear.bias", "y.linear_3.bias"}) == result);
}

TEST_CASE("an absent modality's factor is 1, at every order, and it gets no gradient") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{tt::features{3}}, right = tt::input{tt::features{2, true}},
                         y = tt::mfh<3>({.features = 2, .width = 4, .factor = 2}, left, right));
  });
  static constexpr auto whole = two(3, 2, tt::mfh<3>({.features = 2, .width = 4, .factor = 2}, left, right));
  static constexpr auto alone = tt::architecture([] {
    return tt::equations(left = tt::input{tt::features{3}},
                         y = tt::mfh<3>({.features = 2, .width = 4, .factor = 2}, left));
  });
  tt::model<network, double> model{tt::seed{3}};
  tt::model<whole, double> unmasked{tt::seed{3}};
  tt::model<alone, double> single;
  for (int k = 0; k < 4; ++k)
    for (const char* part : {".weight", ".bias"}) {
      const auto layer = [&](int n) { return "y.linear" + (n > 1 ? "_" + std::to_string(n) : "") + part; };
      numbers v(64);
      REQUIRE(model.get(layer(k < 3 ? 2 * k + 1 : 7).c_str(), v.data()));
      set(single, layer(k + 1), v);
    }
  const double nan = std::nan("");
  const double a[2][3] = {{1, -2, 3}, {0.5, 1, -1}}, b[2][2] = {{2, -1}, {nan, nan}}, zero[2][2] = {{2, -1}, {0, 0}};
  const double ones[2][2] = {{1, 1}, {1, 1}};
  const bool present[2] = {true, false}, always[2] = {true, true};
  tt::workspace<network, double> w{2};
  const numbers some = all(model.backward(w, tt::gradient(y) = ones, left = a, right = tt::optional(b, present)));
  const numbers without = all(single(left = a)), with = all(unmasked(left = a, right = zero));
  close({some[2], some[3]}, {without[2], without[3]});
  CHECK(numbers(some.begin(), some.begin() + 2) == numbers(with.begin(), with.begin() + 2));
  const numbers db = all(w.gradient(right));
  CHECK((db[0] != 0 && db[2] == 0 && db[3] == 0));
  CHECK(all(model(left = a, right = tt::optional(zero, always))) == with);
}

// As sums of all products of elements, without anything in common with the operator.
TEST_CASE("the multilinear form of each chunk of three vectors") {
  constexpr std::size_t sizes[] = {3, 3, 2}, begins[] = {0, 3, 6}, samples = 2, width = 8;
  bare::trial<tt::block_bilinear, double, tt::native> t(
      {3}, {tt::features_of(8), tt::features_of(8), tt::features_of(8)}, samples);
  REQUIRE(t.parameters.size() == 4);
  CHECK(t.parameters[0].size() == 2 * 3 * 27);
  CHECK(t.parameters[2].size() == 2 * 8);
  t.run();
  for (std::size_t b = 0; b < samples; ++b)
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t o = 0; o < sizes[c]; ++o) {
        const std::size_t n = sizes[c], core = c < 2 ? 0 : 2, place = c < 2 ? c : 0;
        double sum = t.parameters[core + 1][place * n + o];
        std::size_t at = (place * n + o) * n * n * n;
        for (std::size_t i = 0; i < n; ++i)
          for (std::size_t j = 0; j < n; ++j)
            for (std::size_t k = 0; k < n; ++k)
              sum += t.parameters[core][at++] * t.x[0][b * width + begins[c] + i] * t.x[1][b * width + begins[c] + j] *
                     t.x[2][b * width + begins[c] + k];
        CHECK(t.y[0][b * width + begins[c] + o] == doctest::Approx(sum).epsilon(1e-12));
      }
}

// As MMF has it: over all places of two pictures, and times the number of features.
TEST_CASE("compact bilinear pooling of two pictures, summed over their places") {
  constexpr int features = 5, height = 2, width = 3, places = height * width;
  static constexpr auto network = tt::architecture([] {
    constexpr auto tokens = [](int channels) { return tt::reshape(tt::sequence{channels, places}) | tt::transpose; };
    return tt::equations(left = tt::input{tt::picture{4, height, width}},
                         right = tt::input{tt::picture{3, height, width}},
                         y = tt::fuse(tt::compact_bilinear{features}, left | tokens(4), right | tokens(3)) |
                             tt::mean_pool | tt::affine{.scale = places * features});
  });
  tt::model<network, double> model{tt::seed{4}};
  const numbers h0{4, 0, 1, 4}, s0{1, -1, -1, 1}, h1{2, 3, 3}, s1{1, 1, -1};
  set(model, "y.compact_bilinear.h.0", h0);
  set(model, "y.compact_bilinear.s.0", s0);
  set(model, "y.compact_bilinear.h.1", h1);
  set(model, "y.compact_bilinear.s.1", s1);
  const numbers a = values(4 * places, 1), b = values(3 * places, 2);
  numbers expected(features);
  for (std::size_t p = 0; p < places; ++p)
    for (std::size_t i = 0; i < 4; ++i)
      for (std::size_t j = 0; j < 3; ++j)
        expected[static_cast<std::size_t>(h0[i] + h1[j]) % features] +=
            features * s0[i] * s1[j] * a[i * places + p] * b[j * places + p];
  close(all(model(left = tt::tensor(a, {1, 4, height, width}), right = tt::tensor(b, {1, 3, height, width}))),
        expected);
}

TEST_CASE("compact bilinear pooling is the hashed outer product; its sketches are drawn in range and kept") {
  static constexpr auto network = two(3, 4, tt::fuse(tt::compact_bilinear{5}, left, right), true);
  tt::model<network, double> model{tt::seed{11}};
  const double x0[2][3] = {{1, -2, 0.5}, {3, 1, 2}}, x1[2][4] = {{2, 1, -1, 4}, {0.25, -3, 1, 1}};
  const auto sketch = [&](const char* part, int modality) {
    numbers v(4);
    REQUIRE(model.get(("y.compact_bilinear." + std::string(part) + "." + std::to_string(modality)).c_str(), v.data()));
    return v;
  };
  const auto expected = [&](std::size_t row) {
    const numbers h0 = sketch("h", 0), s0 = sketch("s", 0), h1 = sketch("h", 1), s1 = sketch("s", 1);
    numbers e(5);
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 4; ++j)
        e[(static_cast<std::size_t>(std::abs(h0[i])) + static_cast<std::size_t>(std::abs(h1[j]))) % 5] +=
            std::copysign(1.0, s0[i]) * std::copysign(1.0, s1[j]) * x0[row][i] * x1[row][j];
    return e;
  };
  const bool here[2] = {true, true}, not_here[2] = {true, false}, nowhere[2] = {false, false};
  const auto run = [&](const bool(&a)[2], const bool(&b)[2]) {
    const numbers v = all(model(left = tt::optional(x0, a), right = tt::optional(x1, b)));
    return std::vector<numbers>{numbers(v.begin(), v.begin() + 5), numbers(v.begin() + 5, v.end())};
  };
  for (int k = 0; k < 2; ++k)
    for (double h : sketch("h", k)) CHECK(std::abs(h) <= 5);
  close(run(here, here)[1], expected(1));
  set(model, "y.compact_bilinear.h.0", {4, 0, 4});
  set(model, "y.compact_bilinear.s.0", {1, -1, -1});
  set(model, "y.compact_bilinear.h.1", {1, 3, 3, 0});
  close(run(here, here)[0], expected(0));
  // One alone: its sketch. None: zeros.
  CHECK(run(here, not_here)[1] == numbers{-1, 0, 0, 0, 1});
  CHECK(run(here, not_here)[0] == run(here, here)[0]);
  CHECK(run(nowhere, not_here)[1] == numbers{0, 0, 0, 0, 0});
}

TEST_CASE("bilinear fusion refuses") {
  const auto sentence = [](const tt::shape& s) { return std::string(s.fault ? s.fault.sentence : ""); };
  const tt::shape row = tt::features_of(4), other = tt::features_of(5), words = tt::sequence_of(4, 3);
  CHECK(sentence(tt::factor_pool{3}.infer(row)) ==
        "factor_pool: factor must be 1 or more and divide the width of the input");
  CHECK(sentence(tt::factor_pool{.chunks = 5}.infer(row)) ==
        "factor_pool: chunks must be 1 to the width of the result");
  CHECK(sentence(tt::block_linear{0, 1}.infer(row)) == "block_linear: chunks must be 1 to the width");
  CHECK(sentence(tt::block_linear{1, 0}.infer(row)) == "block_linear: rank must be 1 or more");
  const auto many = [&](const auto& op, std::initializer_list<tt::shape> x) {
    return sentence(op.infer(tt::range<tt::shape>{x.begin(), static_cast<int>(x.size())}));
  };
  CHECK(many(tt::block_bilinear{1}, {row, other}) == "block_bilinear: all inputs must have the same width");
  CHECK(many(tt::block_bilinear{1}, {row}) == "block_bilinear: expected 2 to 8 inputs");
  CHECK(many(tt::block_bilinear{2}, {tt::features_of(204), tt::features_of(204), tt::features_of(204)}) ==
        "block_bilinear: the outer product of a chunk has more than 2^20 elements; take more chunks");
  CHECK(many(tt::bilinear{1}, {row}) == "bilinear: expected 2 to 8 inputs");
  CHECK(many(tt::bilinear{1}, {tt::features_of(257), tt::features_of(256), tt::features_of(256)}) ==
        "bilinear: the outer product has more than 2^24 elements; use tt::mlb or tt::low_rank_fusion");
  CHECK(many(tt::compact_bilinear{4}, {row, words}) ==
        "compact_bilinear: all inputs must be vectors, or sequences of one length");
  CHECK(sentence(tt::contract.infer(other, words)) ==
        "contract: the vector must have as many elements as the sequence has tokens");
  CHECK(sentence(tt::contract.infer(row, words)) == "");
  CHECK(sentence(tt::clamp{1, 0}.infer(row)) == "clamp: low must not be above high");
  CHECK(sentence(tt::expand{3}.infer(row)) == "expand: the last axis of the input must be 1");
  CHECK(sentence(tt::compact_bilinear{0}.infer(tt::range<tt::shape>{&row, 1})) ==
        "compact_bilinear: features must be 1 or more");
}
