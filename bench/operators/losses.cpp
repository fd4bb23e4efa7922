#include "timed_operator.hpp"

#include "../../tests/operators/losses/catalogue_losses.hpp"

namespace {
const bool collected = [] {
  catalogue::losses(bench::collector());
  return true;
}();
}  // namespace
