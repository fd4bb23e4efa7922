// The steady state allocates nothing: inference and gradients, of nearly every operator.
#include <doctest/doctest.h>

#include <algorithm>

#include "../model/zoo.hpp"
#include "counting.hpp"

namespace {
// Allocations while f runs.
template <class F>
std::size_t allocated(F f) {
  const std::size_t before = allocations;
  f();
  return allocations - before;
}
}  // namespace

TEST_CASE("the counter counts") {
  CHECK(allocated([] { tt::memory<float> m(3); }) == 1);
  CHECK(allocated([] {
          tt::workspace<zoo::network> w{2};
          CHECK(w.capacity() == 2);
        }) > 1);
}

TEST_CASE("inference of a prepared workspace allocates nothing, from the first call on") {
  const tt::model<zoo::network> m{tt::seed{1}};
  const zoo::batch x;
  tt::workspace<zoo::network> w{zoo::samples};
  w.prepare(zoo::guess);
  float sum = 0;
  const auto call = [&] { sum += x.with_inputs([&](const auto&... in) { return m(w, zoo::guess, in...)(0, 0); }); };
  for (int i = 0; i < 3; ++i) CHECK(allocated(call) == 0);
  w.prepare(zoo::read, zoo::seen);
  CHECK(allocated([&] {
          const auto [read, seen] =
              m(w, zoo::read, zoo::seen, zoo::words = tt::padded(x.words, x.lengths), zoo::image = x.image);
          sum += read(0, 0) + seen(0, 0);
        }) == 0);
  CHECK(sum > 0);
}

TEST_CASE("an unprepared workspace grows in the first call for gradients, and in no other") {
  tt::model<zoo::network> m{tt::seed{1}};
  const zoo::batch x;
  tt::workspace<zoo::network> w{zoo::samples};
  const auto call = [&] { x.with([&](const auto&... in) { m.gradients(w, in...); }); };
  CHECK(allocated(call) > 0);
  for (int i = 0; i < 3; ++i) CHECK(allocated(call) == 0);
}

TEST_CASE("gradients allocate nothing") {
  tt::model<zoo::network> m{tt::seed{1}};
  const zoo::batch x;
  tt::workspace<zoo::network> w{zoo::samples};
  w.prepare_training(zoo::loss, zoo::distance);
  std::uint64_t step = 0;
  const auto call = [&] {
    x.with([&](const auto&... in) { m.gradients_at({4, ++step}, w, zoo::loss, zoo::distance, in...); });
  };
  for (int i = 0; i < 3; ++i) CHECK(allocated(call) == 0);
  float largest = 0;
  for (tt::index i = 0; i < m.size(); ++i) largest = std::max(largest, w.gradients(m.size())[i]);
  CHECK(largest > 0);
}
