#include <tectum/operators/fusion/product.hpp>
#include <tectum/operators/fusion/sum.hpp>

#include "digit_strategies.hpp"

namespace fusion_bench {

namespace {
constexpr auto concatenated = fused(tt::concat{}, scores());
constexpr auto added = fused(tt::sum{}, scores());
constexpr auto multiplied = fused(tt::product{}, scores());
}  // namespace

void add_concat(digit_comparison& c) { c.add<concatenated>("concat"); }
void add_sum(digit_comparison& c) { c.add<added>("sum"); }
void add_product(digit_comparison& c) { c.add<multiplied>("product"); }

}  // namespace fusion_bench
