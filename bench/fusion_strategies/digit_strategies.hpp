// The two encoders, the same for every strategy, and what is built on them.
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

inline constexpr int width = 64;  // of the vectors that are fused

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
// A fusion of the two vectors; `head` ends in the scores.
constexpr auto fused(auto fusion, auto head) {
  return tt::architecture([=] {
    return sees_and_hears(image = seen | vector(), speech = heard | vector(),
                          answer = tt::fuse(fusion, image, speech) | head);
  });
}
constexpr auto scores() { return tt::dropout{0.25f} | tt::linear{10}; }

using digit_comparison =
    tt::comparison<pairs_data, pairs_data, pairs_data, std::remove_cvref_t<decltype(loss)>,
                   tt::accuracy<std::remove_cvref_t<decltype(answer)>, std::remove_cvref_t<decltype(digit)>>, tt::adamw,
                   tt::warm_up<tt::cosine>>;

// One translation unit each: all of them take a network's compile time.
void add_image_only(digit_comparison&);
void add_audio_only(digit_comparison&);
void add_concat(digit_comparison&);
void add_sum(digit_comparison&);
void add_product(digit_comparison&);
void add_mlb(digit_comparison&);
void add_tfn(digit_comparison&);
void add_lmf(digit_comparison&);
void add_cross_attention(digit_comparison&);

struct digit_strategy {
  const char* name;
  void (*add)(digit_comparison&);
};
inline constexpr digit_strategy digit_strategies[] = {{"image_only", add_image_only},
                                                      {"audio_only", add_audio_only},
                                                      {"concat", add_concat},
                                                      {"sum", add_sum},
                                                      {"product", add_product},
                                                      {"mlb", add_mlb},
                                                      {"tfn", add_tfn},
                                                      {"lmf", add_lmf},
                                                      {"cross_attention", add_cross_attention}};

}  // namespace fusion_bench
