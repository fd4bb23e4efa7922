// Fusions in which a modality looks at the other.
#include <tectum/operators/attention/multi_head_attention.hpp>
#include <tectum/operators/attention/transformer.hpp>
#include <tectum/operators/fusion/attention_pool.hpp>
#include <tectum/operators/fusion/gated_cross_attention.hpp>
#include <tectum/operators/fusion/mlb.hpp>
#include <tectum/operators/fusion/nonlocal_gate.hpp>
#include <tectum/operators/fusion/stack.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/layers/layer_norm.hpp>

#include "digit_strategies.hpp"

namespace fusion_bench {

namespace {

constexpr tt::name<"image_tokens"> image_tokens;
constexpr tt::name<"speech_tokens"> speech_tokens;

constexpr auto tokens() { return tt::max_pool{2} | tt::patches; }
// Each sequence looks at the other one, and keeps its places: flattened, as in the encoders' vectors.
constexpr auto looking(const auto& own, const auto& other) {
  return tt::fuse(tt::sum{}, own, tt::fuse(tt::cross_attention{.heads = 4}, own, other)) | tt::layer_norm{} |
         tt::flatten | tt::dropout{0.25f} | tt::linear{width} | tt::relu;
}
constexpr auto cross_attention = tt::architecture([] {
  return sees_and_hears(image_tokens = seen | tokens(), speech_tokens = heard | tokens(),
                        image = looking(image_tokens, speech_tokens), speech = looking(speech_tokens, image_tokens),
                        answer = tt::fuse(tt::concat{}, image, speech) | scores());
});
constexpr auto gated_cross_attention = tt::architecture([] {
  return sees_and_hears(image_tokens = seen | tokens(), speech_tokens = heard | tokens(),
                        image = image_tokens | tt::gated_cross_attention({.width = width, .heads = 4}, speech_tokens) |
                                tt::flatten | tt::dropout{0.25f} | tt::linear{width} | tt::relu,
                        answer = image | scores());
});
constexpr auto attention_pool = tt::architecture([] {
  return sees_and_hears(
      speech = heard | vector(), image_tokens = seen | tokens(),
      image = tt::fuse(tt::attention_pool{tt::mlb{.rank = width, .features = 1}}, image_tokens, speech),
      answer = tt::fuse(tt::concat{}, image, speech) | scores());
});
constexpr auto nonlocal_gate = joined([](const auto& a, const auto& b) {
  return tt::nonlocal_gate({.queries = 8, .keys = 8, .width = width / 8}, a, b, b);
});
constexpr auto transformer = joined([](const auto& a, const auto& b) {
  return tt::fuse(tt::stack{}, a, b) |
         tt::transformer_encoder_layer({.width = width, .heads = 4, .hidden = 2 * width}) | tt::flatten;
});

}  // namespace

digit_strategies attention_strategies() {
  return {
      strategy<cross_attention>("cross_attention", "places of each modality look at those of the other"),
      strategy<gated_cross_attention>("gated_cross_attention",
                                      "Flamingo: places of the picture look at the sound, through closed gates"),
      strategy<attention_pool>("attention_pool", "the sound says which places of the picture count, then concat"),
      strategy<nonlocal_gate>("nonlocal_gate", "parts of the picture's vector look at parts of the sound's"),
      strategy<transformer>("transformer", "the two vectors as tokens of an encoder layer"),
  };
}

}  // namespace fusion_bench
