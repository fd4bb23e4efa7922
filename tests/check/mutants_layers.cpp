// Mutants of layers; `TECTUM_TABLE=1` prints each with the check that kills it.
#include <doctest/doctest.h>

#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/conv2d.hpp>
#include <tectum/operators/layers/dropout.hpp>
#include <tectum/operators/layers/gru.hpp>
#include <tectum/operators/layers/layer_norm.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/layers/max_pool.hpp>
#include <tectum/operators/layers/mean_pool.hpp>
#include <tectum/operators/layers/softmax.hpp>

#include "mutation.hpp"

namespace tt = tectum;

namespace {
const tt::shape vector = tt::features_of(5);
const tt::shape words = tt::shape_of(tt::sequence{.length = 4, .width = 3, .padded = true});
const tt::shape picture = tt::shape_of(tt::picture{.channels = 2, .height = 4, .width = 5, .optional = true});
}  // namespace

TEST_CASE("mutants of layers") {
  mutation::table t("layers");
  t.add(tt::linear{5}, {{vector}, {words}});
  t.add(tt::gelu, {{vector}, {words}});
  t.add(tt::sigmoid, {{vector}, {words}});
  t.add(tt::layer_norm{}, {{vector}, {words}});
  t.add(tt::softmax(-1), {{vector}, {words}});
  t.add(tt::dropout{}, {{vector}, {words}});
  t.add(tt::conv2d{.channels = 3, .kernel = 3, .padding = 1}, {{picture}});
  t.add(tt::max_pool{.kernel = 2}, {{picture}});
  t.add(tt::mean_pool, {{words}});
  t.add(tt::gru{.hidden = 3}, {{words}});
}
