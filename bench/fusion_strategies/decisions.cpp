// Each modality has a head of its own; decisions are joined, and trained through the joint decision.
#include <tectum/operators/fusion/decisions.hpp>
#include <tectum/operators/fusion/gaussian_product.hpp>

#include "digit_strategies.hpp"
#include "logarithm.hpp"

namespace fusion_bench {

namespace {

constexpr tt::name<"spread"> spread;
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
      strategy<gaussians>("gaussian_product", "product of experts: a mean and a variance each"),
  };
}

}  // namespace fusion_bench
