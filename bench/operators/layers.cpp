#include "timed_operator.hpp"

#include "../../tests/operators/layers/catalogue_activations.hpp"
#include "../../tests/operators/layers/catalogue_linear.hpp"
#include "../../tests/operators/layers/catalogue_normalisation.hpp"
#include "../../tests/operators/layers/catalogue_positions.hpp"
#include "../../tests/operators/layers/catalogue_shapes.hpp"

namespace {
const bool collected = [] {
  catalogue::linear(bench::collector());
  catalogue::activations(bench::collector());
  catalogue::normalisation(bench::collector());
  catalogue::positions(bench::collector());
  catalogue::shapes(bench::collector());
  return true;
}();
}  // namespace
