// Mutants of fusion operators, of attention and of losses.
#include <doctest/doctest.h>

#include <tectum/operators/attention/multi_head_attention.hpp>
#include <tectum/operators/fusion/attention_pool.hpp>
#include <tectum/operators/fusion/bilinear.hpp>
#include <tectum/operators/fusion/low_rank_fusion.hpp>
#include <tectum/operators/fusion/maximum.hpp>
#include <tectum/operators/fusion/mlb.hpp>
#include <tectum/operators/fusion/product.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/fusion/tensor_fusion.hpp>
#include <tectum/operators/losses/mse.hpp>

#include "mutation.hpp"

namespace tt = tectum;

namespace {
constexpr tt::shape maybe(int width) { return tt::shape_of(tt::features{.width = width, .optional = true}); }
constexpr tt::shape words(int length, int width) {
  return tt::shape_of(tt::sequence{.length = length, .width = width, .padded = true});
}
}  // namespace

TEST_CASE("mutants of fusion") {
  mutation::table t("fusion");
  t.add(tt::sum{}, {{maybe(4), maybe(4)}, {words(4, 3), words(4, 3)}});
  t.add(tt::product{}, {{maybe(4), maybe(4)}, {words(4, 3), words(4, 3)}});
  t.add(tt::maximum{}, {{maybe(4), maybe(4)}, {words(4, 3), words(4, 3)}});
  t.add(tt::bilinear{3}, {{maybe(4), maybe(4)}});
  t.add(tt::mlb{5, 3}, {{maybe(4), maybe(4), maybe(2)}});
  t.add(tt::tensor_fusion{}, {{maybe(3), maybe(3), maybe(2)}});
  t.add(tt::low_rank_fusion{2, 3}, {{maybe(3), maybe(3), maybe(2)}});
  t.add(tt::attention_pool{tt::mlb{5, 1}}, {{words(4, 3), maybe(3)}});
  t.add(tt::cross_attention{.heads = 2}, {{words(3, 4), words(5, 4)}});
  t.add(tt::mse{}, {{tt::features_of(4), tt::features_of(4)}});
}
