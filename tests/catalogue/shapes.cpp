#include <doctest/doctest.h>

#include "../operators/layers/catalogue_shapes.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::shapes(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("shapes") {
  CHECK(named);
  catalogue::runner run("shapes");
  walk(run);
}
