// Flamingo: gates that begin closed, text before the first medium, media each by itself.
#include <doctest/doctest.h>

#include <cstring>
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

constexpr tt::name<"text"> text;
constexpr tt::name<"ids"> ids;
constexpr tt::name<"media"> media;
constexpr tt::name<"y"> y;

// Two samples: six tokens, two media of three tokens. 7 is where a medium begins.
constexpr tt::media_options small{.width = 4, .heads = 2, .head_width = 3, .media = 2, .id = 7};
constexpr tt::media_options all_before{
    .width = 4, .heads = 2, .head_width = 3, .media = 2, .id = 7, .only_immediate = false};
const int words[2][6] = {{3, 7, 3, 3, 7, 3}, {7, 1, 1, 2, 1, 1}};

struct numbers {
  double text[2][6][4], media[2][6][5];
  numbers() {
    for (int i = 0; i < 48; ++i) text[i / 24][i / 4 % 6][i % 4] = bare::made_up(i);
    for (int i = 0; i < 60; ++i) media[i / 30][i / 5 % 6][i % 5] = bare::made_up(i + 100);
  }
};

constexpr auto network(auto block) {
  return tt::architecture([=] {
    return tt::equations(text = tt::input{tt::sequence{.length = 6, .width = 4}}, ids = tt::input{tt::tokens{6}},
                         media = tt::input{tt::sequence{.length = 6, .width = 5}}, y = text | block);
  });
}

}  // namespace

TEST_CASE("a gated cross-attention block is the identity at first, bit for bit, and not once a gate opens") {
  static constexpr auto arch = network(tt::gated_cross_attention(small, media, ids));
  tt::model<arch, double> model{tt::seed{5}};
  const numbers in;
  auto result = model(text = in.text, ids = words, media = in.media);
  for (int b = 0; b < 2; ++b)
    for (int t = 0; t < 6; ++t)
      for (int c = 0; c < 4; ++c) {
        const double got = result(b, t, c);
        CHECK(std::memcmp(&got, &in.text[b][t][c], sizeof got) == 0);
      }
  const double open = 0.5;
  model.set("y.tanh_gate.alpha", &open);
  result = model(text = in.text, ids = words, media = in.media);
  CHECK(result(0, 0, 1) == in.text[0][0][1]);  // before the first medium
  CHECK(result(0, 1, 1) != in.text[0][1][1]);
}

TEST_CASE("text before the first medium gets nothing, in both modes; later tokens see what they should") {
  static constexpr auto one = network(tt::masked_cross_attention(small, media, ids));
  static constexpr auto all = network(tt::masked_cross_attention(all_before, media, ids));
  tt::model<one, double> immediate{tt::seed{6}};
  tt::model<all, double> before{tt::seed{6}};
  make_up_parameters(immediate);
  make_up_parameters(before);
  numbers in;
  const auto compute = [&](auto& model) {
    const auto r = model(text = in.text, ids = words, media = in.media);
    std::vector<double> v;
    for (int b = 0; b < 2; ++b)
      for (int t = 0; t < 6; ++t)
        for (int c = 0; c < 4; ++c) v.push_back(r(b, t, c));
    return v;
  };
  const std::vector<double> i0 = compute(immediate), b0 = compute(before);
  for (std::size_t c = 0; c < 4; ++c) {
    CHECK(i0[c] == 0);
    CHECK(b0[c] == 0);
  }
  for (auto& row : in.media[0])
    for (double& v : row)
      if (&row - in.media[0] < 3) v += 1;  // the first medium of the first sample
  const std::vector<double> i1 = compute(immediate), b1 = compute(before);
  const auto changed = [](const std::vector<double>& a, const std::vector<double>& b, int sample, int t) {
    bool any = false;
    for (int c = 0; c < 4; ++c) {
      const auto at = static_cast<std::size_t>((sample * 6 + t) * 4 + c);
      any = any || a[at] != b[at];
    }
    return any;
  };
  const bool seen_at_once[6] = {false, true, true, true, false, false}, seen[6] = {false, true, true, true, true, true};
  for (int t = 0; t < 6; ++t) {
    CHECK(changed(i0, i1, 0, t) == seen_at_once[t]);
    CHECK(changed(b0, b1, 0, t) == seen[t]);
    CHECK(!changed(b0, b1, 1, t));
  }
}

TEST_CASE("without ids every token sees all media, as cross-attention") {
  static constexpr auto a = network(tt::masked_cross_attention(small, media));
  static constexpr auto b =
      network(tt::layer_norm{} |
              tt::fuse(tt::cross_attention{.heads = 2, .bias = false, .width = 4, .head_width = 3}, tt::here, media));
  static_assert(tt::parameter_count(a) == tt::parameter_count(b));
  tt::model<a, double> first;
  tt::model<b, double> second;
  make_up_parameters(first);
  make_up_parameters(second);
  const numbers in;
  const auto r = first(text = in.text, ids = words, media = in.media),
             s = second(text = in.text, ids = words, media = in.media);
  for (int t = 0; t < 6; ++t) CHECK(r(1, t, 2) == s(1, t, 2));
}

TEST_CASE("a resampler of several media is one of each by itself, and its parameters are Flamingo's") {
  constexpr tt::resampler_options o{.width = 4, .tokens = 3, .latents = 2, .heads = 2, .head_width = 3, .depth = 2};
  static constexpr auto two = tt::architecture([=] {
    return tt::equations(media = tt::input{tt::sequence{.length = 6, .width = 4}},
                         y = media | tt::perceiver_resampler<2>(o));
  });
  static constexpr auto one = tt::architecture([=] {
    return tt::equations(media = tt::input{tt::sequence{.length = 3, .width = 4}},
                         y = media | tt::perceiver_resampler(o));
  });
  // positions, latents; of each layer two norms, four projections, a norm and two linear layers; a norm
  static_assert(tt::parameter_count(one) == 4 + 8 + 2 * (4 * 4 + 4 * 6 + 2 * 4 * 6 + 6 * 4 + 2 * 4 + 2 * 16 * 4) + 8);
  static_assert(tt::parameter_count(two) == tt::parameter_count(one) + 4);
  tt::model<two, double> both;
  tt::model<one, double> each;
  make_up_parameters(both);
  const std::vector<double> place(8, 0.25);
  both.set("y.learned_positions.weight", place.data());
  for (int i = 0; i < decltype(each)::graph().parameters.size(); ++i) {
    const std::string name = tt::parameter_name(decltype(each)::graph(), i).data();
    std::vector<double> v(64);
    CHECK(both.get(name.c_str(), v.data()));
    each.set(name.c_str(), v.data());
  }
  double x[2][6][4], first[2][3][4], second[2][3][4];
  for (int i = 0; i < 48; ++i) {
    const int b = i / 24, t = i / 4 % 6, c = i % 4;
    x[b][t][c] = bare::made_up(i);
    (t < 3 ? first : second)[b][t % 3][c] = x[b][t][c];
  }
  const auto all = both(media = x);
  for (int k = 0; k < 2; ++k) {
    const auto part = each(media = k == 0 ? first : second);
    for (int b = 0; b < 2; ++b)
      for (int t = 0; t < 2; ++t)
        for (int c = 0; c < 4; ++c) CHECK(all(b, 2 * k + t, c) == doctest::Approx(part(b, t, c)).epsilon(1e-12));
  }
}

TEST_CASE("padded tokens of a medium have no influence on its latents") {
  static constexpr auto arch = tt::architecture([] {
    return tt::equations(
        media = tt::input{tt::sequence{.length = 4, .width = 4, .padded = true}},
        y = media | tt::perceiver_resampler({.width = 4, .tokens = 4, .latents = 2, .heads = 2, .depth = 2}));
  });
  tt::model<arch, double> model{tt::seed{2}};
  double x[2][4][4];
  for (int i = 0; i < 32; ++i) x[i / 16][i / 4 % 4][i % 4] = bare::made_up(i);
  const int lengths[2] = {2, 4};
  const auto values = [&] {
    const auto r = model(media = tt::padded(x, lengths));
    std::vector<double> v;
    for (int i = 0; i < 16; ++i) v.push_back(r(i / 8, i / 4 % 2, i % 4));
    return v;
  };
  const std::vector<double> before = values();
  for (double& v : x[0][2]) v = 1e3;
  CHECK(values() == before);
  x[0][1][0] += 1;
  CHECK(values() != before);
}

TEST_CASE("what does not fit is said") {
  const auto said = [](const tt::shape& s) { return std::string(s.fault.sentence ? s.fault.sentence : ""); };
  const tt::shape q = tt::sequence_of(6, 4), k = tt::sequence_of(5, 4), t = tt::shape_of(tt::tokens{6});
  const tt::media_attention op{.heads = 2, .media = 2};
  CHECK(said(op.infer(q, k, t)) == "media_attention: media must divide the number of keys");
  CHECK(said(op.infer(q, q, q)) == "media_attention: the third input must be the ids of the text");
  CHECK(said(op.infer(q, q, tt::shape_of(tt::tokens{5}))) == "media_attention: there must be one id a query");
  CHECK(said(op.infer(tt::features_of(4), q, t)) == "media_attention: the queries must be a sequence");
  CHECK(said(tt::cross_attention{.heads = 2, .segments = 2}.infer(q, k)) ==
        "attention: segments must divide the numbers of queries and keys");
  CHECK(said(tt::cross_attention{.heads = 2, .segments = 0}.infer(q, k)) == "attention: segments must be 1 or more");
  CHECK(said(tt::cross_attention{.heads = 2, .segments = 6}.infer(q, q)).find("one key") != std::string::npos);
  CHECK(said(tt::learned_positions{.span = 4}.infer(q)) == "learned_positions: span must divide the length");
}
