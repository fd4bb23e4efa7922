// Products of all pairs of elements, in full or in low rank.
#include <tectum/operators/fusion/bilinear.hpp>
#include <tectum/operators/fusion/low_rank_fusion.hpp>
#include <tectum/operators/fusion/mlb.hpp>
#include <tectum/operators/fusion/multiplicative.hpp>
#include <tectum/operators/fusion/tensor_fusion.hpp>

#include "digit_strategies.hpp"

namespace fusion_bench {

namespace {
constexpr auto matrix =
    joined([](const auto& a, const auto& b) { return tt::multiplicative_interaction(width, a, b); }, tt::relu);
constexpr auto diagonal = joined([](const auto& a, const auto& b) { return tt::multiplicative_vector(width, a, b); });
constexpr auto one_number = joined([](const auto& a, const auto& b) { return tt::multiplicative_scalar(width, a, b); });
}  // namespace

digit_strategies bilinear_strategies() {
  return {
      strategy<fused(tt::bilinear{width}, tt::relu)>("bilinear", "a full bilinear form for each feature"),
      strategy<fused(tt::tensor_fusion{}, tt::linear{width} | tt::relu)>("tensor_fusion", "TFN: outer product, layer"),
      strategy<fused(tt::low_rank_fusion{.rank = terms, .features = width}, tt::relu)>("low_rank_fusion",
                                                                                       "LMF: TFN in low rank"),
      strategy<matrix>("multiplicative_interaction", "bilinear and linear terms"),
      strategy<diagonal>("multiplicative_vector", "the picture scales and shifts the sound, each element"),
      strategy<one_number>("multiplicative_scalar", "the same with one scale and shift a sample"),
      strategy<fused(tt::mlb{.rank = width, .features = width}, tt::relu)>("mlb", "MLB: tanh layers multiplied"),
  };
}

}  // namespace fusion_bench
