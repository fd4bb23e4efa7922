#include "timed_operator.hpp"

#include "../../tests/operators/fusion/catalogue_decision.hpp"
#include "../../tests/operators/fusion/catalogue_gated.hpp"
#include "../../tests/operators/fusion/catalogue_simple.hpp"

namespace {
const bool collected = [] {
  catalogue::simple_fusion(bench::collector());
  catalogue::gated_fusion(bench::collector());
  catalogue::decision_fusion(bench::collector());
  return true;
}();
}  // namespace
