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
// (false): tokens see themselves and what is before them; epsilon (1e-5): of the normalisations; one_key
// (false): allows sequences of one token, as in tt::attention.
struct transformer_options {
  int width, heads, hidden;
  bool causal = false;
  double epsilon = 1e-5;
  bool one_key = false;
};

namespace detail {

constexpr auto self_attending(const transformer_options& o) {
  return self_attention{.heads = o.heads, .causal = o.causal, .width = o.width, .one_key = o.one_key};
}
constexpr auto cross_attending(const transformer_options& o) {
  return cross_attention{.heads = o.heads, .width = o.width, .one_key = o.one_key};
}
template <auto Activation, class... Dropout>
constexpr auto feed_forward(const transformer_options& o, const Dropout&... dropout) {
  return ((linear{o.hidden} | Activation) | ... | dropout) | (linear{o.width} | ... | dropout);
}

}  // namespace detail

// One layer of a transformer's encoder (Vaswani et al. 2017), normalised before each part (Xiong et al. 2020):
// attention of the sequence to itself, then a feed-forward network, each with a residual connection. Padded tokens are
// not seen. The activation of the feed-forward network is a template argument, any part without options:
// tt::transformer_encoder_layer<tt::relu>({...}); gelu if none is given. With tt::dropout{p} as the second argument,
// dropout behind both parts and the activation.
//   [n, width] -> [n, width], as in  words | tt::repeat(4, tt::transformer_encoder_layer({.width = 64, .heads = 4,
//   .hidden = 256}))
// Parameters, in the order of use, behind the name of the equation: layer_norm, self_attention, layer_norm_2, linear,
// linear_2, as y.layer_norm.weight; in tt::repeat behind the layer's number too, as y.0.layer_norm.weight.
// torch.nn.TransformerEncoderLayer with norm_first calls them norm1, self_attn, norm2, linear1, linear2.
template <auto Activation = gelu, class... Dropout>
constexpr auto transformer_encoder_layer(const transformer_options& o, const Dropout&... dropout) {
  const layer_norm norm{.epsilon = o.epsilon};
  return residual(((norm | detail::self_attending(o)) | ... | dropout)) |
         residual(norm | detail::feed_forward<Activation>(o, dropout...));
}

// The same, normalised behind each residual connection, as first published. Parameters: self_attention, layer_norm,
// linear, linear_2, layer_norm_2; torch's self_attn, norm1, linear1, linear2, norm2.
template <auto Activation = gelu, class... Dropout>
constexpr auto post_norm_encoder_layer(const transformer_options& o, const Dropout&... dropout) {
  const layer_norm norm{.epsilon = o.epsilon};
  return residual(((here | detail::self_attending(o)) | ... | dropout)) | norm |
         residual(detail::feed_forward<Activation>(o, dropout...)) | norm;
}

// One layer of a transformer's decoder, normalised before each part: attention to itself (set `causal`), then to
// `memory`, a name or any part with a sequence of any width and length, then the feed-forward network. The memory is
// taken as it is. Activation and dropout as for the encoder.
//   [n, width] -> [n, width]
// Parameters: layer_norm, self_attention, layer_norm_2, cross_attention, layer_norm_3, linear, linear_2; torch's norm1,
// self_attn, norm2, multihead_attn, norm3, linear1, linear2.
template <auto Activation = gelu, part Memory, class... Dropout>
constexpr auto transformer_decoder_layer(const transformer_options& o, const Memory& memory,
                                         const Dropout&... dropout) {
  const layer_norm norm{.epsilon = o.epsilon};
  return residual(((norm | detail::self_attending(o)) | ... | dropout)) |
         residual((fuse(detail::cross_attending(o), here | norm, memory) | ... | dropout)) |
         residual(norm | detail::feed_forward<Activation>(o, dropout...));
}

// The same, normalised behind each residual connection. Parameters: self_attention, layer_norm, cross_attention,
// layer_norm_2, linear, linear_2, layer_norm_3.
template <auto Activation = gelu, part Memory, class... Dropout>
constexpr auto post_norm_decoder_layer(const transformer_options& o, const Memory& memory, const Dropout&... dropout) {
  const layer_norm norm{.epsilon = o.epsilon};
  return residual(((here | detail::self_attending(o)) | ... | dropout)) | norm |
         residual((fuse(detail::cross_attending(o), here, memory) | ... | dropout)) | norm |
         residual(detail::feed_forward<Activation>(o, dropout...)) | norm;
}

}  // namespace tectum
