#include "timed_operator.hpp"

#include "../../tests/operators/encoders/catalogue_encoders.hpp"
#include "../../tests/operators/layers/catalogue_convolution.hpp"

namespace {
const bool collected = [] {
  catalogue::convolution(bench::collector());
  catalogue::pooling(bench::collector());
  catalogue::encoders(bench::collector());
  return true;
}();
}  // namespace
