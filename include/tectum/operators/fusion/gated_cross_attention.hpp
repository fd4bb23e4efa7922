// Flamingo's language side: text that attends to media, through gates that begin closed.
#pragma once

#include <tectum/operators/attention/media_attention.hpp>
#include <tectum/operators/attention/multi_head_attention.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/layer_norm.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/layers/tanh_gate.hpp>

namespace tectum::inline TECTUM_ABI {

// width: of the text; heads; head_width (0): 0 for width / heads; hidden (0): width of the feed-forward network's
// middle, 0 for four times the width; media (1), id (1), only_immediate (true): as of tt::media_attention, where the
// ids of the text say which media a token sees.
struct media_options {
  int width, heads, head_width = 0, hidden = 0, media = 1, id = 1;
  bool only_immediate = true;
};

// Attention of text to media (Flamingo: Alayrac et al. 2022): the text is normalised, the media are taken as they are;
// no biases. A pipeline on the text; media and ids are names or parts. Without ids every token sees all media, and
// `media`, `id` and `only_immediate` play no part.
//   [n, width], media [m, k], ids tokens [n] -> [n, width], as in
//   text | tt::masked_cross_attention({.width = 64, .heads = 4, .media = 2, .id = 7}, latents, words)
// A token before the first medium, as every token that sees no key, gives 0 with gradient 0. `hidden` plays no part.
// Parameters: layer_norm; media_attention, or without ids cross_attention.
template <part M, part I>
constexpr auto masked_cross_attention(const media_options& o, const M& media, const I& ids) {
  return layer_norm{} | fuse(media_attention{.heads = o.heads,
                                             .media = o.media,
                                             .id = o.id,
                                             .only_immediate = o.only_immediate,
                                             .bias = false,
                                             .width = o.width,
                                             .head_width = o.head_width},
                             here, media, ids);
}
template <part M>
constexpr auto masked_cross_attention(const media_options& o, const M& media) {
  return layer_norm{} |
         fuse(
             cross_attention{
                 .heads = o.heads, .bias = false, .width = o.width, .head_width = o.head_width, .one_key = true},
             here, media);
}

// Gated cross-attention block (Flamingo: Alayrac et al. 2022): x + tanh(alpha) masked_cross_attention(x), then x +
// tanh(beta) feed_forward(x), with layer_norm, linear, gelu, linear in it and no biases. Both gates are 0 at first: the
// block then gives the text as it is. Media, ids and masks as there.
//   [n, width], media [m, k], ids tokens [n] -> [n, width], as in
//   text | tt::gated_cross_attention({.width = 64, .heads = 4, .media = 2, .id = 7}, latents, words)
// Parameters: layer_norm; media_attention, or without ids cross_attention; tanh_gate, layer_norm_2, linear, linear_2,
// tanh_gate_2.
template <part M, part... I>
  requires(sizeof...(I) <= 1)
constexpr auto gated_cross_attention(const media_options& o, const M& media, const I&... ids) {
  return gated_residual(masked_cross_attention(o, media, ids...)) |
         gated_residual(layer_norm{} | linear{.features = o.hidden > 0 ? o.hidden : 4 * o.width, .bias = false} | gelu |
                        linear{.features = o.width, .bias = false});
}

}  // namespace tectum
