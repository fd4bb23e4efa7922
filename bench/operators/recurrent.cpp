#include "timed_operator.hpp"

#include "../../tests/operators/layers/catalogue_recurrent.hpp"

namespace {
const bool collected = [] {
  catalogue::recurrent(bench::collector());
  return true;
}();
}  // namespace
