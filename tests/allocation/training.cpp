#include <doctest/doctest.h>

#include "../training/network.hpp"
#include "counting.hpp"

using namespace training_test;

TEST_CASE("after the first step nothing is allocated") {
  const samples some(24);
  auto data = some.data();
  model m;
  tt::trainer trainer{m, tt::adam{}, {.batch = 24, .clip_norm = 1}};
  const tt::detail::row_order order(24);
  const auto step = [&](tt::index n) {
    auto batch = data.batch(order.from(0, n));
    std::apply([&](const auto&... b) { trainer.step(loss, b...); }, batch);
  };
  const std::size_t before = allocations;
  step(24);
  CHECK(allocations > before);  // it does count
  const std::size_t warm = allocations;
  for (int i = 0; i < 3; ++i) step(24);
  step(7);
  CHECK(allocations == warm);
}

TEST_CASE("epochs of fit cost the report alone") {
  const samples some(40);
  auto data = some.data(), held = some.data();
  const auto cost = [&](int epochs) {
    model m;
    tt::trainer trainer{m, tt::adamw{}, {.batch = 16, .epochs = epochs, .progress = silent}};
    trainer.fit(data, loss, held, tt::accuracy(answer, kind));
    const std::size_t before = allocations;
    trainer.fit(data, loss, held, tt::accuracy(answer, kind));
    return allocations - before;
  };
  cost(1);
  CHECK(cost(16) - cost(8) <= 1);  // the list of epochs, which doubles
}
