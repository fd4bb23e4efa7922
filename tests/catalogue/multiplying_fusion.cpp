#include <doctest/doctest.h>

#include "../operators/fusion/catalogue_fusion.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::multiplying_fusion(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("fusion that multiplies") {
  CHECK(named);
  catalogue::runner run("fusion that multiplies");
  walk(run);
}
