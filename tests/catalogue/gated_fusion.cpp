#include <doctest/doctest.h>

#include "../operators/fusion/catalogue_gated.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::gated_fusion(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("gated fusion") {
  CHECK(named);
  catalogue::runner run("gated fusion");
  walk(run);
}
