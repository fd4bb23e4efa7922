#include <doctest/doctest.h>

#include "../operators/layers/catalogue_normalisation.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::normalisation(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("normalisations") {
  CHECK(named);
  catalogue::runner run("normalisations");
  walk(run);
}
