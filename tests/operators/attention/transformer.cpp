// Transformer layers against torch.nn.TransformerEncoderLayer and TransformerDecoderLayer (torch 1.13, double, dropout
// 0): the parameters are made up in the order of ours, which is also that of torch's modules as the docstrings say.
#include <doctest/doctest.h>

#include <string>
#include <tectum/model/model.hpp>
#include <tectum/operators/attention/transformer.hpp>

#include "../numbers.hpp"
#include "bare.hpp"

namespace tt = tectum;

namespace {

using tests::make_up_parameters;

constexpr tt::name<"words"> words;
constexpr tt::name<"memory"> memory;
constexpr tt::name<"y"> y;

constexpr tt::transformer_options small{.width = 4, .heads = 2, .hidden = 6},
    causal{.width = 4, .heads = 2, .hidden = 6, .causal = true};

constexpr auto encoder(auto layer) {
  return tt::architecture(
      [=] { return tt::equations(words = tt::input{tt::sequence{.length = 3, .width = 4}}, y = words | layer); });
}
constexpr auto decoder(auto layer) {
  return tt::architecture([=] {
    return tt::equations(words = tt::input{tt::sequence{.length = 3, .width = 4}},
                         memory = tt::input{tt::sequence{.length = 4, .width = 5, .padded = true}}, y = words | layer);
  });
}

// Where parameters belong, in their order, without the equation's name.
template <class Model>
std::string names() {
  std::string all, last;
  for (int i = 0; i < Model::graph().parameters.size(); ++i) {
    std::string name = tt::parameter_name(Model::graph(), i).data();
    name = name.substr(2, name.rfind('.') - 2);
    if (name != last) all += (i ? " " : "") + name;
    last = name;
  }
  return all;
}
template <class Result>
double mixed(const Result& r) {
  std::vector<double> v;
  for (int b = 0; b < 2; ++b)
    for (int t = 0; t < 3; ++t)
      for (int c = 0; c < 4; ++c) v.push_back(r(b, t, c));
  return bare::mix(v);
}
struct made_up_inputs {
  double x[2][3][4], m[2][4][5];
  made_up_inputs() {
    for (int i = 0; i < 24; ++i) x[i / 12][i / 4 % 3][i % 4] = bare::made_up(i);
    for (int i = 0; i < 40; ++i) m[i / 20][i / 5 % 4][i % 5] = bare::made_up(i + 100);
  }
};

template <const auto& Network>
double encoded() {
  tt::model<Network, double> model;
  make_up_parameters(model);
  const made_up_inputs in;
  return mixed(model(words = in.x));
}
template <const auto& Network>
double decoded() {
  tt::model<Network, double> model;
  make_up_parameters(model);
  const made_up_inputs in;
  const int lengths[2] = {4, 2};
  return mixed(model(words = in.x, memory = tt::padded(in.m, lengths)));
}

}  // namespace

TEST_CASE("transformer_encoder_layer is torch's with norm_first") {
  static constexpr auto gelu = encoder(tt::transformer_encoder_layer(small));
  static constexpr auto relu = encoder(tt::transformer_encoder_layer<tt::relu>(small));
  CHECK(encoded<gelu>() == doctest::Approx(-0.09134395677456822).epsilon(1e-12));
  CHECK(encoded<relu>() == doctest::Approx(-0.09894701207822001).epsilon(1e-12));
  CHECK(names<tt::model<gelu, double>>() == "layer_norm self_attention layer_norm_2 linear linear_2");
}

TEST_CASE("post_norm_encoder_layer is torch's") {
  static constexpr auto gelu = encoder(tt::post_norm_encoder_layer(small));
  static constexpr auto relu = encoder(tt::post_norm_encoder_layer<tt::relu>(small));
  CHECK(encoded<gelu>() == doctest::Approx(-0.49635469855593495).epsilon(1e-12));
  CHECK(encoded<relu>() == doctest::Approx(-0.5071947903725599).epsilon(1e-12));
  CHECK(names<tt::model<gelu, double>>() == "self_attention layer_norm linear linear_2 layer_norm_2");
}

TEST_CASE("transformer_decoder_layer is torch's with norm_first, causal and with a memory of another width") {
  static constexpr auto gelu = decoder(tt::transformer_decoder_layer(causal, memory));
  static constexpr auto relu = decoder(tt::transformer_decoder_layer<tt::relu>(causal, memory));
  CHECK(decoded<gelu>() == doctest::Approx(-0.8733561071962773).epsilon(1e-12));
  CHECK(decoded<relu>() == doctest::Approx(-0.8799480289138625).epsilon(1e-12));
  CHECK(names<tt::model<gelu, double>>() ==
        "layer_norm self_attention layer_norm_2 cross_attention layer_norm_3 linear linear_2");
}

TEST_CASE("post_norm_decoder_layer is torch's") {
  static constexpr auto gelu = decoder(tt::post_norm_decoder_layer(causal, memory));
  static constexpr auto relu = decoder(tt::post_norm_decoder_layer<tt::relu>(causal, memory));
  CHECK(decoded<gelu>() == doctest::Approx(-0.5115395849941533).epsilon(1e-12));
  CHECK(decoded<relu>() == doctest::Approx(-0.5143813240840882).epsilon(1e-12));
  CHECK(names<tt::model<gelu, double>>() ==
        "self_attention layer_norm cross_attention layer_norm_2 linear linear_2 layer_norm_3");
}
