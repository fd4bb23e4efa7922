#include "timed_operator.hpp"

#include "../../tests/operators/fusion/catalogue_bilinear.hpp"
#include "../../tests/operators/fusion/catalogue_fusion.hpp"

namespace {
const bool collected = [] {
  catalogue::bilinear_fusion(bench::collector());
  catalogue::multiplying_fusion(bench::collector());
  return true;
}();
}  // namespace
