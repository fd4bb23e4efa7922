#include <doctest/doctest.h>

#include "../operators/fusion/catalogue_flamingo.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::flamingo(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("flamingo") {
  CHECK(named);
  catalogue::runner run("flamingo");
  walk(run);
}
