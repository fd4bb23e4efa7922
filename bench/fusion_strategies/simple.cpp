// One modality alone, and fusions without products.
#include <tectum/operators/fusion/activation_fusion.hpp>
#include <tectum/operators/fusion/attention_fusion.hpp>
#include <tectum/operators/fusion/deep_sets.hpp>
#include <tectum/operators/fusion/factorised.hpp>
#include <tectum/operators/fusion/maximum.hpp>
#include <tectum/operators/fusion/mean.hpp>
#include <tectum/operators/fusion/product.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/fusion/weighted_sum.hpp>

#include "digit_strategies.hpp"

namespace fusion_bench {

namespace {
constexpr auto image_only = tt::architecture([] { return sees(image = seen | vector(), answer = image | scores()); });
constexpr auto audio_only =
    tt::architecture([] { return hears(speech = heard | vector(), answer = speech | scores()); });
constexpr auto linear_sum = joined(
    [](const auto& a, const auto& b) { return tt::linear_sum<tt::relu>({.features = width, .width = width}, a, b); },
    tt::relu);
constexpr auto activation_fusion = joined([](const auto& a, const auto& b) { return tt::activation_fusion(a, b); });
constexpr auto deep_sets = joined([](const auto& a, const auto& b) {
  return tt::deep_sets<tt::mean_pool, tt::set_weights::attention>({.width = width}, a, b);
});
}  // namespace

digit_strategies simple_strategies() {
  return {
      strategy<image_only>("image_only", "the picture alone, a baseline"),
      strategy<audio_only>("audio_only", "the sound alone, a baseline"),
      strategy<fused(tt::concat{})>("concat", "both vectors side by side"),
      strategy<fused(tt::concat{}, tt::linear{width} | tt::relu)>("concat_mlp", "concat and one hidden layer"),
      strategy<fused(tt::sum{})>("sum", "the sum"),
      strategy<fused(tt::mean{})>("mean", "the mean"),
      strategy<fused(tt::maximum{})>("maximum", "the larger of each pair of elements"),
      strategy<fused(tt::product{})>("product", "the product, element by element"),
      strategy<fused(tt::weighted_sum{.softmax = true})>("weighted_sum", "one learned weight a modality, sum 1"),
      strategy<linear_sum>("linear_sum", "a layer each, their sum, a layer"),
      strategy<activation_fusion>("activation_fusion", "the product through tanh and sigmoid, beside the picture"),
      strategy<deep_sets>("deep_sets", "a layer each, weighed, normalised, their mean"),
      strategy<fused(tt::attention_fusion{})>("attention_fusion", "a sum with weights made of the sample"),
  };
}

}  // namespace fusion_bench
