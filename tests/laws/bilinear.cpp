// The laws of fusion that multiplies.
#include <doctest/doctest.h>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>

#include "fusion.hpp"

using namespace laws;

namespace {

const family all(
    "Bilinear",
    {
        fusion("tensor_fusion", vectors(2), [](auto... x) { return tt::fuse(tt::tensor_fusion{}, x...); })
            .ordered("the first input is the slowest index of the outer product"),
        fusion("low_rank_fusion", vectors(4),
               [](auto... x) { return tt::fuse(tt::low_rank_fusion{.rank = 2, .features = 3}, x...); })
            .symmetric(),
        fusion("mlb", vectors(4), [](auto... x) { return tt::fuse(tt::mlb{.rank = 5, .features = 3}, x...); })
            .symmetric(),
        fusion("bilinear", vectors(4), [](auto a, auto b) { return tt::fuse(tt::bilinear{3}, a, b); })
            .ordered("the inputs are rows and columns of each weight matrix")
            .only("a matrix has two sides"),
        fusion("block_bilinear", vectors(4),
               [](auto a, auto b) { return tt::fuse(tt::block_bilinear{.chunks = 2}, a, b); })
            .ordered("the inputs are rows and columns of each core")
            .only("a core for N modalities has N axes"),
        fusion("compact_bilinear", vectors(4), [](auto... x) { return tt::fuse(tt::compact_bilinear{6}, x...); })
            .symmetric(),
        fusion("mfb", vectors(4),
               [](auto... x) { return tt::mfb<tt::relu>({.features = 3, .width = 4, .factor = 2}, x...); })
            .symmetric("linear linear_2"),
        fusion("mfb", vectors(4),
               [](auto... x) {
                 return tt::mfb({.features = 3, .width = 4, .factor = 2, .normalize = tt::power_norm::whole}, x...);
               })
            .symmetric("linear linear_2"),
        fusion("mfh", vectors(4), [](auto... x) { return tt::mfh<2>({.features = 3, .width = 4, .factor = 2}, x...); })
            .symmetric("linear linear_2, linear_3 linear_4", "linear linear_2, linear_4 linear_5"),
        fusion("mutan", vectors(4), [](auto... x) { return tt::mutan({.features = 3, .width = 4, .factor = 2}, x...); })
            .symmetric("linear linear_3, linear_2 linear_4"),
        fusion("block", vectors(4),
               [](auto... x) { return tt::block({.features = 3, .width = 5, .chunks = 2, .rank = 2}, x...); })
            .symmetric("linear linear_2, block_linear block_linear_2"),
        fusion("tucker", vectors(4), [](auto a, auto b) { return tt::tucker({.features = 3, .width = 4}, a, b); })
            .ordered("the inputs are rows and columns of the core")
            .only("a core for N modalities has N axes"),
        fusion("block_tucker", vectors(4),
               [](auto a, auto b) { return tt::block_tucker({.features = 3, .width = 4, .chunks = 2}, a, b); })
            .ordered("the inputs are rows and columns of each core")
            .only("a core for N modalities has N axes"),
        fusion("mcb", vectors(4),
               [](auto... x) { return tt::mcb({.features = 3, .width = 6, .normalize = tt::power_norm::whole}, x...); })
            .symmetric(),
        fusion("linear_sum", vectors(4),
               [](auto... x) { return tt::linear_sum<tt::relu>({.features = 3, .width = 4}, x...); })
            .symmetric("linear linear_2"),
        fusion("multiplicative_interaction", vectors(4),
               [](auto a, auto b) { return tt::multiplicative_interaction(3, a, b); })
            .ordered("rows and columns of W, U and V")
            .only("three modalities have multiplicative_triple"),
        fusion("multiplicative_vector", vectors(4), [](auto a, auto b) { return tt::multiplicative_vector(4, a, b); })
            .ordered("the first scales and shifts the second")
            .only("what scales, and what is scaled"),
        fusion("multiplicative_scalar", vectors(4), [](auto a, auto b) { return tt::multiplicative_scalar(4, a, b); })
            .ordered("the first scales and shifts the second")
            .only("what scales, and what is scaled"),
        fusion("multiplicative_triple", vectors(3),
               [](auto a, auto b, auto c) { return tt::multiplicative_triple(3, 2, a, b, c); })
            .ordered("the first two make the matrix that the third goes through")
            .only("the published form is of three"),
        fusion("contract", {vector(3), sequence(3, 2)}, [](auto x, auto a) { return tt::fuse(tt::contract, x, a); })
            .roles("a vector and a matrix")
            .only("a vector and a matrix"),
    });

}  // namespace

TEST_CASE("laws of bilinear fusion") { hold(all); }
