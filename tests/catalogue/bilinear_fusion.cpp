#include <doctest/doctest.h>

#include "../operators/fusion/catalogue_bilinear.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::bilinear_fusion(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("bilinear fusion in factors") {
  CHECK(named);
  catalogue::runner run("bilinear fusion in factors");
  walk(run);
}
