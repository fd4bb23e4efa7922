#include <doctest/doctest.h>

#include "../operators/encoders/catalogue_encoders.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::encoders(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("encoders") {
  CHECK(named);
  catalogue::runner run("encoders");
  walk(run);
}
