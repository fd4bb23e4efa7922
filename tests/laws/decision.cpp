// The laws of fusion of decisions.
#include <doctest/doctest.h>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>

#include "fusion.hpp"

using namespace laws;

namespace {

// Each modality is a mean, and makes its variance; with and without a prior.
struct experts {
  bool prior;
  static constexpr auto variance(auto x) { return x | tt::affine{.scale = 0.5, .shift = 0.1}; }
  auto operator()(auto a, auto b) const {
    return tt::fuse(tt::gaussian_product{.prior = prior}, a, variance(a), b, variance(b));
  }
  auto operator()(auto a, auto b, auto c) const {
    return tt::fuse(tt::gaussian_product{.prior = prior}, a, variance(a), b, variance(b), c, variance(c));
  }
};

const family all(
    "Decision",
    {
        fusion("mean_decision", vectors(3), [](auto... x) { return tt::mean_decision(x...); }).symmetric(),
        fusion("weighted_decision", vectors(3), [](auto... x) { return tt::weighted_decision(x...); })
            .symmetric("weights rows"),
        fusion("maximum_decision", vectors(3), [](auto... x) { return tt::maximum_decision(x...); }).symmetric(),
        fusion("log_linear_decision", vectors(3), [](auto... x) { return tt::log_linear_decision(x...); }).symmetric(),
        fusion("product_decision", vectors(3), [](auto... x) { return tt::product_decision(x...); }).symmetric(),
        fusion("gaussian_product", vectors(3), experts{true}).symmetric(),
        fusion("gaussian_product", vectors(3), experts{false}).symmetric(),
        fusion("dempster_shafer", vectors(3), [](auto... x) { return tt::fuse(tt::dempster_shafer{}, x...); })
            .symmetric(),
        fusion("energy_weighted_sum", vectors(3),
               [](auto... x) { return tt::fuse(tt::energy_weighted_sum{.detached = false}, x...); })
            .symmetric(),
        fusion("outer_product", vectors(3), [](auto... x) { return tt::fuse(tt::outer_product{}, x...); })
            .ordered("the first modality is the slowest"),
        fusion("cross_view_tensor", vectors(3), [](auto... x) { return tt::cross_view_tensor(3, 4, x...); })
            .ordered("the first modality is the slowest"),
        fusion("mixture", {vector(2), vector(3), vector(3)},
               [](auto g, auto a, auto b) { return tt::fuse(tt::mixture{}, g, a, b); })
            .roles("the gate, and the experts")
            .only("two experts here; the gate is as wide as there are experts"),
        fusion("mixture_of_experts", {vector(4), vector(3), vector(3)},
               [](auto joint, auto a, auto b) { return tt::mixture_of_experts(joint, a, b); })
            .roles("the joint features, and the experts")
            .only("two experts here; one alone needs no gate"),
        fusion("mixture_of_experts_per_class", {vector(4), vector(3), vector(3)},
               [](auto joint, auto a, auto b) { return tt::mixture_of_experts_per_class(3, joint, a, b); })
            .roles("the joint features, and the experts")
            .only("two experts here; one alone needs no gate"),
        fusion("stacking", vectors(3),
               [](auto... x) { return tt::stacking(tt::here | tt::linear{4} | tt::relu | tt::linear{3}, x...); })
            .ordered("a concatenation is learned from"),
    });

}  // namespace

TEST_CASE("laws of decisions") { hold(all); }
