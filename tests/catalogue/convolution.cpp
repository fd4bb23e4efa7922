#include <doctest/doctest.h>

#include "../operators/layers/catalogue_convolution.hpp"

#include "runner.hpp"

namespace {
const auto walk = [](auto&& visit) {
  catalogue::convolution(visit);
  catalogue::pooling(visit);
};
const bool named = (walk(catalogue::names()), true);
}  // namespace

TEST_CASE("convolution and pooling") {
  CHECK(named);
  catalogue::runner run("convolution and pooling");
  walk(run);
}
