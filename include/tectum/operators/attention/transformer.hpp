// Transformer layers: pipelines of attention, normalisation and a feed-forward network.
#pragma once

#include <tectum/operators/attention/multi_head_attention.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/dropout.hpp>
#include <tectum/operators/layers/layer_norm.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/layers/residual.hpp>

namespace tectum::inline TECTUM_ABI {

// width: of the sequence, in and out; heads: must divide it; hidden: width of the feed-forward network's middle; causal
// (false): tokens see themselves and what is before them; epsilon (1e-5): of the normalisations.
struct transformer_options {
  int width, heads, hidden;
  bool causal = false;
  float epsilon = 1e-5f;
};

namespace detail {

constexpr auto self_attending(const transformer_options& o) {
  return self_attention{.heads = o.heads, .causal = o.causal, .width = o.width};
}
template <class... Dropout>
constexpr auto feed_forward(const transformer_options& o, const Dropout&... dropout) {
  return ((linear{o.hidden} | gelu) | ... | dropout) | (linear{o.width} | ... | dropout);
}

}  // namespace detail

// One layer of a transformer's encoder (Vaswani et al. 2017), normalised before each part (Xiong et al. 2020):
// attention of the sequence to itself, then a feed-forward network with gelu, each with a residual connection. Padded
// tokens are not seen. With tt::dropout{p} as the second argument, dropout behind both parts and the gelu.
//   [n, width] -> [n, width], as in  words | tt::repeat(4, tt::transformer_encoder_layer({.width = 64, .heads = 4,
//   .hidden = 256}))
template <class... Dropout>
constexpr auto transformer_encoder_layer(const transformer_options& o, const Dropout&... dropout) {
  const layer_norm norm{.epsilon = o.epsilon};
  return residual(((norm | detail::self_attending(o)) | ... | dropout)) |
         residual(norm | detail::feed_forward(o, dropout...));
}

// The same, normalised behind each residual connection, as first published.
template <class... Dropout>
constexpr auto post_norm_encoder_layer(const transformer_options& o, const Dropout&... dropout) {
  const layer_norm norm{.epsilon = o.epsilon};
  return residual(((here | detail::self_attending(o)) | ... | dropout)) | norm |
         residual(detail::feed_forward(o, dropout...)) | norm;
}

// One layer of a transformer's decoder, normalised before each part: attention to itself (set `causal`), then to
// `memory`, a name or any part with a sequence, then the feed-forward network.
//   [n, width] -> [n, width]
template <part Memory, class... Dropout>
constexpr auto transformer_decoder_layer(const transformer_options& o, const Memory& memory,
                                         const Dropout&... dropout) {
  const layer_norm norm{.epsilon = o.epsilon};
  const cross_attention cross{.heads = o.heads, .width = o.width};
  return residual(((norm | detail::self_attending(o)) | ... | dropout)) |
         residual((fuse(cross, here | norm, memory) | ... | dropout)) |
         residual(norm | detail::feed_forward(o, dropout...));
}

}  // namespace tectum
