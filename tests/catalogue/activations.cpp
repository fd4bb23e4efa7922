#include <doctest/doctest.h>

#include "../operators/layers/catalogue_activations.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::activations(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("activations") {
  CHECK(named);
  catalogue::runner run("activations");
  walk(run);
}
