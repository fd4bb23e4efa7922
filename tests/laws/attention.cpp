// The laws of attention between modalities.
#include <doctest/doctest.h>
#include <tectum/operators/attention.hpp>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>

#include "fusion.hpp"

using namespace laws;

namespace {

constexpr const char* asks = "the first asks, the second is asked";

const family all(
    "Attention",
    {
        fusion("cross_attention", {sequence(3, 4), sequence(2, 4)},
               [](auto q, auto k) { return tt::fuse(tt::cross_attention{.heads = 2}, q, k); })
            .roles(asks)
            .only(asks),
        fusion("cross_attention", {padded(3, 4), padded(4, 4)},
               [](auto q, auto k) { return tt::fuse(tt::cross_attention{.heads = 2}, q, k); })
            .roles(asks)
            .only(asks),
        fusion("attention", {sequence(3, 4), sequence(2, 4), sequence(2, 4)},
               [](auto q, auto k, auto v) { return tt::fuse(tt::attention{.heads = 2}, q, k, v); })
            .roles("queries, keys and values")
            .only("queries, keys and values"),
        fusion("dot_product_attention", {sequence(3, 4), sequence(2, 4), sequence(2, 4)},
               [](auto q, auto k, auto v) { return tt::fuse(tt::dot_product_attention{.heads = 2}, q, k, v); })
            .roles("queries, keys and values")
            .only("queries, keys and values"),
        fusion("attention_with_weights", {sequence(3, 4), sequence(2, 4), sequence(2, 4)},
               [](auto q, auto k, auto v) { return tt::fuse(tt::attention_with_weights{.heads = 2}, q, k, v); })
            .roles("queries, keys and values")
            .only("queries, keys and values"),
        fusion("transformer_decoder_layer", {sequence(3, 4), sequence(2, 4)},
               [](auto q, auto memory) {
                 return q | tt::transformer_decoder_layer({.width = 4, .heads = 2, .hidden = 6}, memory);
               })
            .roles(asks)
            .only(asks),
        fusion("masked_cross_attention", {sequence(3, 4), sequence(2, 4)},
               [](auto text, auto media) { return text | tt::masked_cross_attention({.width = 4, .heads = 2}, media); })
            .roles(asks)
            .only(asks),
        fusion("gated_cross_attention", {sequence(3, 4), sequence(2, 4)},
               [](auto text, auto media) { return text | tt::gated_cross_attention({.width = 4, .heads = 2}, media); })
            .roles(asks)
            .only(asks),
        fusion("perceiver_attention", {sequence(3, 4), sequence(2, 4)},
               [](auto media, auto latents) {
                 return tt::perceiver_attention({.width = 4, .tokens = 3, .latents = 2, .heads = 2}, media, latents);
               })
            .roles("the second asks both")
            .only("the second asks both"),
    });

}  // namespace

TEST_CASE("laws of attention between modalities") { hold(all); }
