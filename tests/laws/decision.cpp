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
    });

}  // namespace

TEST_CASE("laws of decisions") { hold(all); }
