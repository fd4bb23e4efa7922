#include <doctest/doctest.h>

#include "../operators/fusion/catalogue_decision.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::decision_fusion(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("fusion of decisions") {
  CHECK(named);
  catalogue::runner run("fusion of decisions");
  walk(run);
}
