#include <doctest/doctest.h>

#include "../operators/layers/catalogue_linear.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::linear(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("linear layers") {
  CHECK(named);
  catalogue::runner run("linear layers");
  walk(run);
}
