#include <doctest/doctest.h>

#include "../operators/losses/catalogue_losses.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::losses(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("losses") {
  CHECK(named);
  catalogue::runner run("losses");
  walk(run);
}
