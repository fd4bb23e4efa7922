// The two encoders, the same for every strategy, what is built on them, and the list of all strategies.
#pragma once

#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/conv2d.hpp>
#include <tectum/operators/layers/dropout.hpp>
#include <tectum/operators/layers/flatten.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/layers/max_pool.hpp>
#include <tectum/operators/layers/mean_pool.hpp>
#include <tectum/operators/layers/patches.hpp>
#include <tectum/operators/losses/cross_entropy.hpp>
#include <tectum/training/compare.hpp>

#include "data.hpp"

namespace fusion_bench {

namespace tt = tectum;

inline constexpr tt::name<"picture"> picture;
inline constexpr tt::name<"sound"> sound;
inline constexpr tt::name<"digit"> digit;

inline auto data_of(const pairs& p) {
  return tt::dataset(picture = tt::tensor(p.pictures, {p.digits.size(), 1, picture_side, picture_side}),
                     sound = tt::tensor(p.sounds, {p.digits.size(), 1, mels, frames}), digit = p.digits);
}
using pairs_data = decltype(data_of(std::declval<const pairs&>()));

inline constexpr tt::name<"seen"> seen;  // maps of features
inline constexpr tt::name<"heard"> heard;
inline constexpr tt::name<"image"> image;  // a vector each
inline constexpr tt::name<"speech"> speech;
inline constexpr tt::name<"answer"> answer;
inline constexpr tt::name<"loss"> loss;

// Chosen once, for all: the width of the vectors that are fused and of every joint space, and the terms of every sum
// that stands for a tensor (rank, factor).
inline constexpr int width = 64, terms = 4;

constexpr auto convolutions() {
  return tt::conv2d{.channels = 16, .kernel = 3, .padding = 1} | tt::relu | tt::max_pool{2} |
         tt::conv2d{.channels = 32, .kernel = 3, .padding = 1} | tt::relu | tt::max_pool{2} |
         tt::conv2d{.channels = 64, .kernel = 3, .padding = 1} | tt::relu;
}
constexpr auto vector() { return tt::max_pool{2} | tt::flatten | tt::dropout{0.25f} | tt::linear{width} | tt::relu; }
// What every network has, and `more` of its own.
constexpr auto network(const auto&... more) {
  return tt::equations(digit = tt::input{tt::category{.classes = 10}},
                       loss = tt::fuse(tt::cross_entropy{}, answer, digit), more...);
}
constexpr auto sees(const auto&... more) {
  return network(picture = tt::input{tt::picture{.channels = 1, .height = picture_side, .width = picture_side}},
                 seen = picture | convolutions(), more...);
}
constexpr auto hears(const auto&... more) {
  return network(sound = tt::input{tt::picture{.channels = 1, .height = mels, .width = frames}},
                 heard = sound | convolutions(), more...);
}
constexpr auto sees_and_hears(const auto&... more) {
  return sees(sound = tt::input{tt::picture{.channels = 1, .height = mels, .width = frames}},
              heard = sound | convolutions(), more...);
}
// The same head for every strategy. Fusions that end in a linear layer have a relu before it.
constexpr auto scores() { return tt::dropout{0.25f} | tt::linear{10}; }
// A network of what f makes of the two vectors; `before` the head.
constexpr auto joined(auto f, auto before) {
  return tt::architecture([=] {
    return sees_and_hears(image = seen | vector(), speech = heard | vector(),
                          answer = f(image, speech) | before | scores());
  });
}
constexpr auto joined(auto f) { return joined(f, tt::here); }
// Of one operator.
constexpr auto fused(auto fusion, auto before) {
  return joined([=](const auto& a, const auto& b) { return tt::fuse(fusion, a, b); }, before);
}
constexpr auto fused(auto fusion) { return fused(fusion, tt::here); }

using digit_comparison =
    tt::comparison<pairs_data, pairs_data, pairs_data, std::remove_cvref_t<decltype(loss)>,
                   tt::accuracy<std::remove_cvref_t<decltype(answer)>, std::remove_cvref_t<decltype(digit)>>, tt::adamw,
                   tt::warm_up<tt::cosine>>;

// A name, what it is in a phrase, and what puts it into a comparison.
struct digit_strategy {
  const char *name, *phrase;
  void (*add)(digit_comparison&, const char* name);
};
template <auto Architecture>
constexpr digit_strategy strategy(const char* name, const char* phrase) {
  return {name, phrase, [](digit_comparison& c, const char* n) { c.add_of<Architecture>(n); }};
}

// A translation unit each: a line there is a strategy. The trainer and the encoders' kernels are compiled once a unit
// (some ten seconds), what is a network's own once a strategy (one or two).
using digit_strategies = std::vector<digit_strategy>;
digit_strategies simple_strategies();
digit_strategies bilinear_strategies();
digit_strategies factorised_strategies();
digit_strategies gated_strategies();
digit_strategies decision_strategies();
digit_strategies attention_strategies();

inline digit_strategies all_digit_strategies() {
  digit_strategies all;
  for (const auto family : {simple_strategies, bilinear_strategies, factorised_strategies, gated_strategies,
                            decision_strategies, attention_strategies})
    for (const digit_strategy& s : family()) all.push_back(s);
  return all;
}

}  // namespace fusion_bench
