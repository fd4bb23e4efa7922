#include <doctest/doctest.h>

#include "../operators/encoders/catalogue_encoders.hpp"
#include "../operators/layers/catalogue_positions.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) {
  catalogue::positions(visit);
  catalogue::encoders(visit);
};
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("positions") {
  CHECK(named);
  catalogue::runner run("positions");
  walk(run);
}
