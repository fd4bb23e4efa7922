#include <doctest/doctest.h>

#include "../operators/layers/catalogue_recurrent.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::recurrent(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("recurrent layers") {
  CHECK(named);
  catalogue::runner run("recurrent layers");
  walk(run);
}
