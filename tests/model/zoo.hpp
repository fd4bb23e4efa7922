// One network of nearly every operator, small, and a batch for it.
#pragma once

#include <tectum/operators/attention.hpp>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>
#include <tectum/operators/losses.hpp>

#include "networks.hpp"

namespace zoo {

inline constexpr tt::name<"image"> image;
inline constexpr tt::name<"words"> words;
inline constexpr tt::name<"sound"> sound;
inline constexpr tt::name<"table"> table;
inline constexpr tt::name<"label"> label;
inline constexpr tt::name<"target"> target;
inline constexpr tt::name<"tower"> tower;
inline constexpr tt::name<"regions"> regions;
inline constexpr tt::name<"seen"> seen;
inline constexpr tt::name<"sentence"> sentence;
inline constexpr tt::name<"read"> read;
inline constexpr tt::name<"heard"> heard;
inline constexpr tt::name<"joint"> joint;
inline constexpr tt::name<"crossed"> crossed;
inline constexpr tt::name<"scores"> scores;
inline constexpr tt::name<"guess"> guess;
inline constexpr tt::name<"loss"> loss;
inline constexpr tt::name<"distance"> distance;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(
      image = tt::input{tt::picture{.channels = 2, .height = 8, .width = 9}},
      words = tt::input{tt::tokens{.length = 5, .padded = true}},
      sound = tt::input{tt::waveform{.samples = 40, .channels = 1, .optional = true}},
      table = tt::input{tt::features{.width = 6, .optional = true}}, label = tt::input{tt::category{3}},
      target = tt::input{tt::features{4}}, tower = tt::linear{8} | tt::layer_norm{} | tt::gelu,
      regions = image | tt::conv2d{.channels = 6, .kernel = 3, .padding = 1} | tt::relu | tt::max_pool{.kernel = 2} |
                tt::patches | tt::linear{8},
      seen = regions | tt::mean_pool | tower,
      sentence = words | tt::embedding{.vocabulary = 11, .dim = 8} | tt::learned_positions{} |
                 tt::transformer_encoder_layer({.width = 8, .heads = 2, .hidden = 12}, tt::dropout{0.1f}),
      read = sentence | tt::gru{.hidden = 8} | tt::last_token | tower,
      heard = sound | tt::conv1d{.channels = 5, .kernel = 5, .stride = 2} | tt::tanh | tt::average_pool{.kernel = 3} |
              tt::global_average_pool | tt::linear{8},
      crossed = tt::fuse(tt::cross_attention{.heads = 2}, sentence, regions) | tt::time_max_pool | tt::linear{8} |
                tt::sigmoid,
      joint = tt::fuse(tt::concat{}, tt::fuse(tt::mlb{.rank = 8, .features = 6}, seen, heard, read),
                       tt::fuse(tt::sum{}, read, crossed), tt::fuse(tt::product{}, seen, crossed),
                       tt::fuse(tt::low_rank_fusion{.rank = 2, .features = 4}, table, read),
                       tt::fuse(tt::bilinear{3}, seen, read),
                       tt::fuse(tt::tensor_fusion{}, seen | tt::linear{2}, heard | tt::linear{2})),
      scores = joint | tt::repeat(2, tt::residual(tt::linear{38} | tt::silu)) | tt::linear{3},
      guess = scores | tt::softmax, loss = tt::fuse(tt::cross_entropy{.label_smoothing = 0.1f}, scores, label),
      distance = tt::fuse(tt::mse{}, joint | tt::linear{4}, target));
});

inline constexpr int samples = 7;

// What a call is given, in the layouts of the network: `with(f)` calls f with all bindings.
struct batch {
  float image[samples][2][8][9], sound[samples][1][40], table[samples][6], target[samples][4];
  int words[samples][5], lengths[samples], label[samples];
  bool sounding[samples], known[samples];

  explicit batch(unsigned seed = 1) {
    unsigned state = seed * 2654435761u + 12345u;
    const auto next = [&] {
      state = state * 1664525u + 1013904223u;
      return static_cast<int>(state >> 16);
    };
    const auto fill = [&](float* x, std::size_t n) {
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(next() % 2000) / 1000.0f - 1.0f;
    };
    fill(&image[0][0][0][0], sizeof image / sizeof(float));
    fill(&sound[0][0][0], sizeof sound / sizeof(float));
    fill(&table[0][0], sizeof table / sizeof(float));
    fill(&target[0][0], sizeof target / sizeof(float));
    for (int s = 0; s < samples; ++s) {
      for (int& w : words[s]) w = next() % 11;
      lengths[s] = next() % 6;
      label[s] = next() % 3;
      sounding[s] = next() % 3 != 0;
      known[s] = next() % 2 != 0;
    }
  }
  template <class F>
  auto with(F f) const {
    return f(zoo::image = image, zoo::words = tt::padded(words, lengths), zoo::sound = tt::optional(sound, sounding),
             zoo::table = tt::optional(table, known), zoo::label = label, zoo::target = target);
  }
  // What the guess needs.
  template <class F>
  auto with_inputs(F f) const {
    return f(zoo::image = image, zoo::words = tt::padded(words, lengths), zoo::sound = tt::optional(sound, sounding),
             zoo::table = tt::optional(table, known));
  }
};

}  // namespace zoo
