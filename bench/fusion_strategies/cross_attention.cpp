#include <tectum/operators/attention/multi_head_attention.hpp>
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
constexpr auto attending = tt::architecture([] {
  return sees_and_hears(image_tokens = seen | tokens(), speech_tokens = heard | tokens(),
                        image = looking(image_tokens, speech_tokens), speech = looking(speech_tokens, image_tokens),
                        answer = tt::fuse(tt::concat{}, image, speech) | scores());
});

}  // namespace

void add_cross_attention(digit_comparison& c) { c.add<attending>("cross_attention"); }

}  // namespace fusion_bench
