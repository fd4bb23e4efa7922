// The laws of gates and modulation.
#include <doctest/doctest.h>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>

#include "fusion.hpp"

using namespace laws;

namespace {

constexpr const char* condition = "what is modulated, and the condition";

const family all(
    "Gated",
    {
        fusion("gmu", vectors(4), [](auto... x) { return tt::fuse(tt::gmu{.features = 3, .independent = true}, x...); })
            .symmetric("gate_weight both"),
        fusion("gmu", vectors(4),
               [](auto... x) {
                 return tt::fuse(tt::gmu{.features = 3,
                                         .gate = tt::gmu_gate::hidden,
                                         .scalar = true,
                                         .independent = true,
                                         .bias = true},
                                 x...);
               })
            .symmetric("gate_weight both, gate_bias rows"),
        fusion("gmu of one gate", {vector(4), vector(4)},
               [](auto... x) { return tt::fuse(tt::gmu{.features = 3, .gate = tt::gmu_gate::projections}, x...); })
            .ordered("the gate is the first input's, what is left of 1 the second's")
            .only("three have a gate each"),
        fusion("gmu_with_gates", vectors(4),
               [](auto... x) { return tt::fuse(tt::gmu_with_gates{.features = 3, .independent = true}, x...); })
            .ordered("the gates are a result, side by side"),
        fusion("film", {map(2, 2, 3), vector(3)}, [](auto x, auto c) { return tt::fuse(tt::film{}, x, c); })
            .roles(condition)
            .only(condition),
        fusion("film", {vector(4), vector(4)}, [](auto x, auto c) { return tt::fuse(tt::film{.delta = false}, x, c); })
            .ordered(condition)
            .only(condition),
        fusion("film", {sequence(3, 2), vector(4)}, [](auto x, auto c) { return tt::fuse(tt::film{}, x, c); })
            .roles(condition)
            .only(condition),
        fusion("modulate", {map(2, 2, 3), vector(2), vector(2)},
               [](auto x, auto gamma, auto beta) { return tt::fuse(tt::modulate{.delta = true}, x, gamma, beta); })
            .roles("what is modulated, scales, shifts")
            .only("what is modulated, scales, shifts"),
        fusion("modulate", {vector(2), vector(2), vector(2)},
               [](auto x, auto gamma, auto beta) { return tt::fuse(tt::modulate{}, x, gamma, beta); })
            .roles("what is modulated, scales, shifts")
            .only("what is modulated, scales, shifts"),
        fusion("channel_squeeze", {map(2, 2, 3), map(2, 3, 2), sequence(4, 2)},
               [](auto... x) { return tt::fuse(tt::channel_squeeze{.ratio = 1}, x...); })
            .symmetric("weight columns"),
        fusion("channel_excite", {map(2, 2, 3), vector(3)},
               [](auto x, auto e) { return tt::fuse(tt::channel_excite{.gain = 2}, x, e); })
            .roles("what is gated, and the squeeze of all")
            .only("one for each modality"),
        fusion("channel_excite", {map(2, 2, 3), sequence(4, 2), vector(3)},
               [](auto x, auto... others) {
                 return tt::fuse(tt::channel_excite{}, x, tt::fuse(tt::channel_squeeze{.ratio = 1}, x, others...));
               })
            .roles("what is gated, and the others"),
        fusion("gate", {vector(4), vector(4)}, [](auto x, auto g) { return tt::fuse(tt::gate{}, x, g); })
            .roles("what is gated, and the gate")
            .only("what is gated, and the gate"),
        fusion("limited_shift", {vector(4), vector(4)},
               [](auto x, auto h) { return tt::fuse(tt::limited_shift{.beta = 0.5}, x, h); })
            .ordered("what is shifted, and the shift")
            .only("what is shifted, and the shift"),
        fusion("mag", vectors(4), [](auto text, auto... x) { return tt::mag({.width = 4}, text, x...); })
            .roles("the anchor, and what shifts it"),
        fusion("channel_product", {map(2, 2, 3), vector(2)},
               [](auto x, auto g) { return tt::fuse(tt::channel_product, x, g); })
            .roles("what is multiplied, and a factor a channel")
            .only("what is multiplied, and a factor a channel"),
        fusion("film_residual_block", {map(2, 2, 3), vector(2), vector(2)},
               [](auto x, auto gammas, auto betas) {
                 return x | tt::film_residual_block({.channels = 2, .delta = true}, gammas, betas);
               })
            .roles("what is modulated, scales, shifts")
            .only("what is modulated, scales, shifts"),
        fusion("nonlocal_gate", {vector(6), vector(4), vector(4)},
               [](auto q, auto k, auto v) { return tt::nonlocal_gate({.queries = 3, .keys = 2, .width = 2}, q, k, v); })
            .roles("queries, keys and values")
            .only("queries, keys and values"),
        fusion("attention_pool", {sequence(3, 4), vector(4)},
               [](auto x, auto v) { return tt::fuse(tt::attention_pool{tt::bilinear{1}}, x, v); })
            .roles("a sequence, and the vector that asks")
            .only("a sequence, and the vector that asks"),
        fusion("attention_pool", {padded(3, 4), vector(4)},
               [](auto x, auto v) {
                 return tt::fuse(tt::attention_pool{tt::low_rank_fusion{.rank = 2, .features = 1}}, x, v);
               })
            .roles("a sequence, and the vector that asks")
            .only("a sequence, and the vector that asks"),
    });

}  // namespace

TEST_CASE("laws of gates and modulation") { hold(all); }
