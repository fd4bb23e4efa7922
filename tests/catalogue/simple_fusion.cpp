#include <doctest/doctest.h>

#include "../operators/fusion/catalogue_simple.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::simple_fusion(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("fusion without parameters") {
  CHECK(named);
  catalogue::runner run("fusion without parameters");
  walk(run);
}
