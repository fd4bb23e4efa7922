#include <doctest/doctest.h>

#include "../operators/attention/catalogue_attention.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) { catalogue::attention(visit); };
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("attention") {
  CHECK(named);
  catalogue::runner run("attention");
  walk(run);
}
