#include <tectum/operators/fusion/low_rank_fusion.hpp>
#include <tectum/operators/fusion/mlb.hpp>
#include <tectum/operators/fusion/tensor_fusion.hpp>

#include "digit_strategies.hpp"

namespace fusion_bench {

namespace {
constexpr auto hadamard = fused(tt::mlb{.rank = 64, .features = width}, tt::relu | scores());
constexpr auto outer = fused(tt::tensor_fusion{}, tt::linear{width} | tt::relu | scores());
constexpr auto low_rank = fused(tt::low_rank_fusion{.rank = 4, .features = width}, tt::relu | scores());
}  // namespace

void run_mlb(digit_comparison& c) { c.run<hadamard>("mlb"); }
void run_tfn(digit_comparison& c) { c.run<outer>("tfn"); }
void run_lmf(digit_comparison& c) { c.run<low_rank>("lmf"); }

}  // namespace fusion_bench
