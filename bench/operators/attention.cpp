#include "timed_operator.hpp"

#include "../../tests/operators/attention/catalogue_attention.hpp"
#include "../../tests/operators/fusion/catalogue_flamingo.hpp"

namespace {
const bool collected = [] {
  catalogue::attention(bench::collector());
  catalogue::flamingo(bench::collector());
  return true;
}();
}  // namespace
