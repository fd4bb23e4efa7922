// The laws of fusion without bilinear forms.
#include <doctest/doctest.h>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>

#include "fusion.hpp"

using namespace laws;

namespace {

const family all(
    "Simple",
    {
        fusion("sum", vectors(4), [](auto... x) { return tt::fuse(tt::sum{}, x...); }).symmetric(),
        fusion("sum", sequences(3, 2), [](auto... x) { return tt::fuse(tt::sum{}, x...); }).symmetric(),
        fusion("sum", maps(2, 2, 3), [](auto... x) { return tt::fuse(tt::sum{}, x...); }).symmetric(),
        fusion("mean", vectors(4), [](auto... x) { return tt::fuse(tt::mean{}, x...); }).symmetric(),
        fusion("mean", sequences(3, 2), [](auto... x) { return tt::fuse(tt::mean{}, x...); }).symmetric(),
        fusion("mean", maps(2, 2, 3), [](auto... x) { return tt::fuse(tt::mean{}, x...); }).symmetric(),
        fusion("maximum", vectors(4), [](auto... x) { return tt::fuse(tt::maximum{}, x...); }).symmetric(),
        fusion("maximum", maps(2, 2, 3), [](auto... x) { return tt::fuse(tt::maximum{}, x...); }).symmetric(),
        fusion("product", vectors(4), [](auto... x) { return tt::fuse(tt::product{}, x...); }).symmetric(),
        fusion("product", sequences(3, 2), [](auto... x) { return tt::fuse(tt::product{}, x...); }).symmetric(),
        fusion("product", maps(2, 2, 3), [](auto... x) { return tt::fuse(tt::product{}, x...); }).symmetric(),
        fusion("weighted_sum", vectors(4), [](auto... x) { return tt::fuse(tt::weighted_sum{}, x...); })
            .symmetric("weights rows"),
        fusion("weighted_sum", sequences(3, 2),
               [](auto... x) { return tt::fuse(tt::weighted_sum{.softmax = true}, x...); })
            .symmetric("weights rows"),
        fusion("concat", vectors(4), [](auto... x) { return tt::fuse(tt::concat{}, x...); })
            .ordered("the inputs stand side by side"),
        fusion("concat", sequences(3, 2), [](auto... x) { return tt::fuse(tt::concat{}, x...); })
            .ordered("the inputs stand side by side"),
        fusion("concat on time, pooled", sequences(3, 2),
               [](auto... x) { return tt::fuse(tt::concat{.axis = 0}, x...) | tt::mean_pool; })
            .symmetric(),
        fusion("concat", maps(2, 2, 3), [](auto... x) { return tt::fuse(tt::concat{.axis = 0}, x...); })
            .ordered("the inputs stand side by side"),
        fusion("stack", vectors(4), [](auto... x) { return tt::fuse(tt::stack{}, x...); })
            .ordered("the inputs stand one behind the other"),
        fusion("stack", maps(2, 2, 3), [](auto... x) { return tt::fuse(tt::stack{.last = true}, x...); })
            .ordered("the inputs stand one behind the other"),
        fusion("attention_fusion", vectors(4),
               [](auto... x) { return tt::fuse(tt::attention_fusion{.features = 3}, x...); })
            .symmetric("attention_weight both, attention_bias rows"),
        fusion("cosine_similarity", vectors(4), [](auto a, auto b) { return tt::fuse(tt::cosine_similarity{}, a, b); })
            .symmetric()
            .only("an angle is between two"),
        fusion("cosine_similarity", sequences(3, 2),
               [](auto a, auto b) { return tt::fuse(tt::cosine_similarity{}, a, b); })
            .symmetric()
            .only("an angle is between two"),
        fusion("token_gate", {sequence(3, 4), sequence(3, 1)},
               [](auto x, auto s) { return tt::fuse(tt::token_gate{}, x, s); })
            .roles("tokens and their scores")
            .only("tokens and their scores"),
        fusion("activation_fusion", vectors(4), [](auto... x) { return tt::activation_fusion(x...); })
            .ordered("the first stands beside the product"),
        fusion("concat_mlp", vectors(4), [](auto... x) { return tt::concat_mlp({5, 3}, x...); })
            .symmetric("linear.weight columns"),
        fusion("deep_sets", vectors(4), [](auto... x) { return tt::deep_sets({.width = 3}, x...); })
            .symmetric("linear linear_2"),
        fusion("deep_sets", vectors(4),
               [](auto... x) {
                 return tt::deep_sets<tt::sum_pool, tt::set_weights::attention>({.width = 4, .hidden = 2}, x...);
               })
            .symmetric("linear linear_2"),
    });

}  // namespace

TEST_CASE("laws of simple fusion") { hold(all); }
