// The perceiver resampler: any number of media tokens in, a few latents out.
#pragma once

#include <tectum/operators/attention/multi_head_attention.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/layer_norm.hpp>
#include <tectum/operators/layers/learned.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/layers/positions.hpp>
#include <tectum/operators/layers/reshape.hpp>
#include <tectum/operators/layers/residual.hpp>
#include <tectum/operators/layers/slice.hpp>

namespace tectum::inline TECTUM_ABI {

// width: of media tokens and latents; tokens, latents: of one medium; heads; head_width (0): 0 for width / heads; depth
// (1): layers; hidden (0): width of the feed-forward network's middle, 0 for four times the width.
struct resampler_options {
  int width, tokens, latents, heads, head_width = 0, depth = 1, hidden = 0;
};

namespace detail {

// Media tokens and latents of each medium, the latents last, as one sequence; and back.
template <int Media, part M, part L>
constexpr auto beside(const resampler_options& o, const M& media, const L& latents) {
  if constexpr (Media == 1) {
    return fuse(concat{.axis = 0}, media, latents);
  } else {
    return fuse(concat{.axis = 1}, media | reshape(picture{Media, o.tokens, o.width}),
                latents | reshape(picture{Media, o.latents, o.width})) |
           reshape(sequence{Media * (o.tokens + o.latents), o.width});
  }
}
template <int Media>
constexpr auto tokens_between(const resampler_options& o, int begin, int count) {
  if constexpr (Media == 1) {
    return here | slice{.begin = begin, .count = count, .axis = 0};
  } else {
    return here | reshape(picture{Media, o.tokens + o.latents, o.width}) |
           slice{.begin = begin, .count = count, .axis = 1} | reshape(sequence{Media * count, o.width});
  }
}
template <int Media>
constexpr auto media_part(const resampler_options& o) {
  return tokens_between<Media>(o, 0, o.tokens);
}
template <int Media>
constexpr auto latent_part(const resampler_options& o) {
  return tokens_between<Media>(o, o.tokens, o.latents);
}
template <int Media>
constexpr cross_attention to_media(const resampler_options& o) {
  return {.heads = o.heads,
          .bias = false,
          .width = o.width,
          .head_width = o.head_width,
          .one_key = true,
          .segments = Media};
}
// The latents of each medium, learned once.
template <int Media>
constexpr auto learned_latents(const resampler_options& o) {
  const auto one = learned(sequence{o.latents, o.width}, 1.0f);
  if constexpr (Media == 1) {
    return one;
  } else {
    return [&]<int... K>(std::integer_sequence<int, K...>) {
      return one | fuse(concat{.axis = 0}, (static_cast<void>(K), here)...);
    }(std::make_integer_sequence<int, Media>{});
  }
}

}  // namespace detail

// Attention of latents to the tokens of a medium and to themselves (Flamingo: Alayrac et al. 2022): both are
// normalised, each with a layer_norm of its own, and keys and values come of the media tokens followed by the latents;
// no biases. With tt::perceiver_attention<4>, of four media one behind the other, of which the latents of each see that
// one alone.
//   media [Media tokens, width], latents [Media latents, width] -> [Media latents, width], as in
//   tt::perceiver_attention({.width = 64, .tokens = 49, .latents = 8, .heads = 4}, image, latents)
// Padded or absent tokens of one medium are not seen; several media must not be padded, and absent ones are zeros.
// Parameters: layer_norm (of the media), layer_norm_2, cross_attention. `depth` and `hidden` play no part.
template <int Media = 1, part M, part L>
constexpr auto perceiver_attention(const resampler_options& o, const M& media, const L& latents) {
  return detail::beside<Media>(o, media | layer_norm{}, latents | layer_norm{}) |
         fuse(detail::to_media<Media>(o), detail::latent_part<Media>(o), here);
}

// Perceiver resampler (Flamingo: Alayrac et al. 2022; latents after the Perceiver, Jaegle et al. 2021): learned
// latents, in each of `depth` layers perceiver_attention to the medium and a feed-forward network (layer_norm, linear,
// gelu, linear), both with residual connections and without biases; layer_norm in the end. With
// tt::perceiver_resampler<4>, of four media one behind the other, each by itself, with a learned position added to all
// tokens of each.
//   [Media tokens, width] -> [Media latents, width], as in
//   image | tt::perceiver_resampler({.width = 64, .tokens = 49, .latents = 8, .heads = 4, .depth = 2})
// Masks as tt::perceiver_attention. Parameters: learned_positions [Media, width], learned [latents, width]; of each
// layer, behind its number, layer_norm, layer_norm_2, cross_attention, layer_norm_3, linear, linear_2; layer_norm.
template <int Media = 1>
constexpr auto perceiver_resampler(const resampler_options& o) {
  const linear hidden{.features = o.hidden > 0 ? o.hidden : 4 * o.width, .bias = false};
  const linear last{.features = o.width, .bias = false};
  const auto media = detail::media_part<Media>(o), latents = detail::latent_part<Media>(o);
  const auto layer = detail::beside<Media>(o, media,
                                           fuse(sum{}, latents, perceiver_attention<Media>(o, media, latents)) |
                                               residual(layer_norm{} | hidden | gelu | last));
  return learned_positions{.span = o.tokens} | detail::beside<Media>(o, here, detail::learned_latents<Media>(o)) |
         repeat(o.depth, layer) | latents | layer_norm{};
}

}  // namespace tectum
