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

void add_mlb(digit_comparison& c) { c.add<hadamard>("mlb"); }
void add_tfn(digit_comparison& c) { c.add<outer>("tfn"); }
void add_lmf(digit_comparison& c) { c.add<low_rank>("lmf"); }

}  // namespace fusion_bench
