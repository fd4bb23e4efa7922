// Fusions in which one modality says how much of another goes through.
#include <tectum/operators/fusion/channel_excite.hpp>
#include <tectum/operators/fusion/channel_product.hpp>
#include <tectum/operators/fusion/film.hpp>
#include <tectum/operators/fusion/film_residual_block.hpp>
#include <tectum/operators/fusion/gmu.hpp>
#include <tectum/operators/fusion/mag.hpp>
#include <tectum/operators/fusion/stack.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/fusion/token_gate.hpp>
#include <tectum/operators/layers/tanh_gate.hpp>

#include "digit_strategies.hpp"

namespace fusion_bench {

namespace {

constexpr tt::name<"both"> both;

constexpr auto film_maps = tt::architecture([] {
  return sees_and_hears(speech = heard | vector(), image = tt::fuse(tt::film{}, seen, speech) | vector(),
                        answer = image | scores());
});
constexpr auto film_residual_block = tt::architecture([] {
  return sees_and_hears(speech = heard | vector(),
                        image = seen |
                                tt::film_residual_block({.channels = width, .delta = true}, speech | tt::linear{width},
                                                        speech | tt::linear{width}) |
                                vector(),
                        answer = image | scores());
});
constexpr auto channel_product = tt::architecture([] {
  return sees_and_hears(speech = heard | vector(),
                        image = tt::fuse(tt::channel_product, seen, speech | tt::linear{width}) | vector(),
                        answer = image | scores());
});
constexpr auto squeeze_excite = tt::architecture([] {
  return sees_and_hears(image = seen | tt::squeeze_excite() | vector(),
                        speech = heard | tt::squeeze_excite() | vector(),
                        answer = tt::fuse(tt::concat{}, image, speech) | scores());
});
constexpr auto mmtm = tt::architecture([] {
  constexpr tt::channel_excite gate{.gain = 2};
  return sees_and_hears(both = tt::fuse(tt::channel_squeeze{}, seen, heard),
                        image = tt::fuse(gate, seen, both) | vector(), speech = tt::fuse(gate, heard, both) | vector(),
                        answer = tt::fuse(tt::concat{}, image, speech) | scores());
});
constexpr auto token_gate = tt::architecture([] {
  return sees_and_hears(
      image = seen | vector(), speech = heard | vector(), both = tt::fuse(tt::stack{}, image, speech),
      answer = tt::fuse(tt::token_gate{}, both, both | tt::linear{1} | tt::sigmoid) | tt::flatten | scores());
});
constexpr auto tanh_gate = joined(
    [](const auto& a, const auto& b) { return tt::fuse(tt::sum{}, a, b | tt::linear{width} | tt::tanh_gate{}); });
constexpr auto mag = joined([](const auto& a, const auto& b) { return tt::mag({.width = width}, a, b); });
constexpr auto gated_residual = joined([](const auto& a, const auto& b) {
  return tt::fuse(tt::concat{}, a, b) | tt::gated_residual(tt::linear{width} | tt::relu | tt::linear{2 * width});
});

}  // namespace

digit_strategies gated_strategies() {
  return {
      strategy<fused(tt::gmu{.features = width})>("gmu", "GMU, its gate made of both vectors"),
      strategy<fused(tt::gmu{.features = width, .gate = tt::gmu_gate::projections})>(
          "gmu_projections", "GMU, its gate made of both projections, as in its authors' code"),
      strategy<fused(tt::film{})>("film", "FiLM: the sound scales and shifts the picture's vector"),
      strategy<film_maps>("film_maps", "FiLM: the sound scales and shifts the picture's maps"),
      strategy<film_residual_block>("film_residual_block", "FiLM's residual block on the picture's maps"),
      strategy<channel_product>("channel_product", "the picture's maps, each times a number made of the sound"),
      strategy<squeeze_excite>("squeeze_excite", "each modality's maps gated by themselves, then concat"),
      strategy<mmtm>("mmtm", "MMTM: both modalities' maps gated by both, then concat"),
      strategy<token_gate>("token_gate", "each vector times a gate made of itself, then concat"),
      strategy<mag>("mag", "MAG: the sound shifts the picture's vector, no further than its length"),
      strategy<tanh_gate>("tanh_gate", "the picture and a layer of the sound, through a gate that begins closed"),
      strategy<gated_residual>("gated_residual", "concat, and two layers through a gate that begins closed"),
  };
}

}  // namespace fusion_bench
