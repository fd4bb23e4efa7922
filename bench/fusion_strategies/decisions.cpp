// Each modality has a head of its own; decisions are joined, and trained through the joint decision.
#include <tectum/operators/fusion/decisions.hpp>
#include <tectum/operators/fusion/dempster_shafer.hpp>
#include <tectum/operators/fusion/gaussian_product.hpp>

#include "digit_strategies.hpp"
#include "logarithm.hpp"

namespace fusion_bench {

namespace {

constexpr tt::name<"spread"> spread;
constexpr tt::name<"sight"> sight;  // the vectors, where a fusion reads them beside the scores
constexpr tt::name<"hearing"> hearing;
constexpr tt::name<"joint"> joint;

// `answer` is scores: the logarithm of what f makes of the two heads, if that is probabilities.
constexpr auto decided(auto f, auto behind) {
  return tt::architecture([=] {
    return sees_and_hears(image = seen | vector() | scores(), speech = heard | vector() | scores(),
                          answer = f(image, speech) | behind);
  });
}
constexpr auto mean = decided([](const auto&... x) { return tt::mean_decision(x...); }, logarithm);
constexpr auto weighted = decided([](const auto&... x) { return tt::weighted_decision(x...); }, logarithm);
constexpr auto maximum = decided([](const auto&... x) { return tt::maximum_decision(x...); }, logarithm);
constexpr auto product = decided([](const auto&... x) { return tt::product_decision(x...); }, logarithm);
constexpr auto log_linear = decided([](const auto&... x) { return tt::log_linear_decision(x...); }, tt::here);
constexpr auto dempster_shafer =
    decided([](const auto&... x) { return tt::fuse(tt::dempster_shafer{}, x...); }, tt::here);
constexpr auto mixture_of_experts = tt::architecture([] {
  return sees_and_hears(
      sight = seen | vector(), hearing = heard | vector(), image = sight | scores(), speech = hearing | scores(),
      answer = tt::mixture_of_experts(tt::fuse(tt::concat{}, sight, hearing), image, speech) | logarithm);
});
constexpr auto stacking = decided(
    [](const auto&... x) { return tt::stacking(tt::linear{width} | tt::relu | tt::linear{10}, x...); }, tt::here);
constexpr auto cross_view_tensor =
    decided([](const auto&... x) { return tt::cross_view_tensor(10, width, x...); }, tt::here);
constexpr auto gaussians = tt::architecture([] {
  return sees_and_hears(
      image = seen | vector(), speech = heard | vector(),
      tt::named(joint, spread) = tt::fuse(tt::gaussian_product{}, image | tt::linear{width}, image | tt::linear{width},
                                          speech | tt::linear{width}, speech | tt::linear{width}),
      answer = joint | scores());
});

}  // namespace

digit_strategies decision_strategies() {
  return {
      strategy<mean>("mean_decision", "the mean of two heads' probabilities"),
      strategy<weighted>("weighted_decision", "their mean with learned weights"),
      strategy<maximum>("maximum_decision", "the larger probability of each class"),
      strategy<product>("product_decision", "the product of probabilities"),
      strategy<log_linear>("log_linear_decision", "the same, as a sum of logarithms"),
      strategy<dempster_shafer>("dempster_shafer", "evidence for each class, combined by Dempster's rule"),
      strategy<mixture_of_experts>("mixture_of_experts", "their mean with weights that a gate gives each sample"),
      strategy<stacking>("stacking", "two layers on both heads' probabilities"),
      strategy<cross_view_tensor>("cross_view_tensor", "two layers on all pairs of both heads' probabilities"),
      strategy<gaussians>("gaussian_product", "product of experts: a mean and a variance each"),
  };
}

}  // namespace fusion_bench
