#include <tectum/operators/fusion/product.hpp>
#include <tectum/operators/fusion/sum.hpp>

#include "digit_strategies.hpp"

namespace fusion_bench {

namespace {
constexpr auto concatenated = fused(tt::concat{}, scores());
constexpr auto added = fused(tt::sum{}, scores());
constexpr auto multiplied = fused(tt::product{}, scores());
}  // namespace

void run_concat(digit_comparison& c) { c.run<concatenated>("concat"); }
void run_sum(digit_comparison& c) { c.run<added>("sum"); }
void run_product(digit_comparison& c) { c.run<multiplied>("product"); }

}  // namespace fusion_bench
