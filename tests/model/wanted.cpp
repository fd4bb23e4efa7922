// What is wanted is computed, from what it needs; where it lies; how large a batch may be.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "networks.hpp"

namespace {
using model = tt::model<two::network>;
using workspace = tt::workspace<two::network>;
}  // namespace

TEST_CASE("a wanted value needs its own inputs only, and is the same however it is asked for") {
  const model m{tt::seed{3}};
  workspace w{two::samples}, other{two::samples};
  const two::numbers<float> x;
  const auto scores = values_of(m(w, two::scores, two::a = x.a, two::b = x.b));
  CHECK(scores.size() == 18);
  const auto left = values_of(m(w, two::left, two::a = x.a));
  const auto side = values_of(m(w, two::side, two::a = x.a));
  const auto [all_side, all_scores, all_left] = m(other, two::side, two::scores, two::left, two::a = x.a, two::b = x.b);
  CHECK(values_of(all_scores) == scores);
  CHECK(values_of(all_left) == left);
  CHECK(values_of(all_side) == side);
  CHECK(all_left.extent(0) == 6);
  CHECK(all_left.extent(1) == 8);
}

TEST_CASE("nothing named: every equation that nothing else uses") {
  const model m{tt::seed{3}};
  workspace w{two::samples};
  const two::numbers<float> x;
  const auto [side, loss] = m(w, two::a = x.a, two::b = x.b, two::label = x.label);
  CHECK(loss.rank() == 0);
  CHECK(loss.value() > 0.5f);
  const float first = loss.value();
  const auto kept = values_of(side);
  CHECK(m(w, two::loss, two::a = x.a, two::b = x.b, two::label = x.label).value() == first);
  CHECK(values_of(m(w, two::side, two::a = x.a)) == kept);
}

TEST_CASE("a wanted part of a concatenation is right beside the whole") {
  const model m{tt::seed{3}};
  workspace w{two::samples};
  const two::numbers<float> x;
  const auto [joint, left] = m(w, two::joint, two::left, two::a = x.a, two::b = x.b);
  for (int s = 0; s < two::samples; ++s) {
    for (int i = 0; i < 8; ++i) CHECK(joint(s, i) == left(s, i));
    for (int i = 0; i < 5; ++i) CHECK(joint(s, 14 + i) == x.a[s][i]);
  }
}

TEST_CASE("inputs are read where they are") {
  const model m{tt::seed{3}};
  workspace w{two::samples};
  const two::numbers<float> x;
  CHECK(m(w, two::a, two::a = x.a).data() == &x.a[0][0]);
  const two::numbers<double> converted;  // another scalar costs a copy
  CHECK(static_cast<const void*>(m(w, two::a, two::a = converted.a).data()) != &converted.a[0][0]);
  CHECK(values_of(m(w, two::scores, two::a = x.a, two::b = x.b)).size() == 18);
}

TEST_CASE("a batch smaller than the capacity") {
  const model m{tt::seed{3}};
  workspace exact{3}, roomy{50};
  const two::numbers<float> x;
  float a[3][5], b[3][7];
  std::copy(&x.a[0][0], &x.a[0][0] + 15, &a[0][0]);
  std::copy(&x.b[0][0], &x.b[0][0] + 21, &b[0][0]);
  const auto want = values_of(m(exact, two::scores, two::a = a, two::b = b));
  CHECK(values_of(m(roomy, two::scores, two::a = a, two::b = b)) == want);
  CHECK(values_of(m(two::scores, two::a = a, two::b = b)) == want);

  tt::model<two::network> trained{tt::seed{3}};
  const std::vector<int> label{0, 2, 1};
  trained.gradients(exact, two::loss, two::a = a, two::b = b, two::label = label);
  trained.gradients(roomy, two::loss, two::a = a, two::b = b, two::label = label);
  const float *g = exact.gradients(m.size()), *h = roomy.gradients(m.size());
  CHECK(std::vector<float>(g, g + m.size()) == std::vector<float>(h, h + m.size()));
}

#if TECTUM_EXCEPTIONS
TEST_CASE("a batch beyond the capacity is refused with both numbers, and the workspace works on") {
  const model m{tt::seed{3}};
  workspace w{4};
  const two::numbers<float> x;
  std::string said;
  try {
    m(w, two::left, two::a = x.a);
  } catch (const tt::error& e) {
    said = e.what();
    CHECK(e.kind() == tt::error_kind::state);
  }
  CHECK(said == "the workspace was made for batches of at most 4 samples, got 6");
  float a[4][5];
  std::copy(&x.a[0][0], &x.a[0][0] + 20, &a[0][0]);
  CHECK(m(w, two::left, two::a = a).extent(0) == 4);
}
#endif

TEST_CASE("the bytes of a workspace are known beforehand") {
  for (const int capacity : {1, 7, 64}) {
    const workspace w{capacity};
    CHECK(w.bytes() == workspace::planned_bytes(capacity));
  }
  static_assert(workspace::planned_bytes(2) > workspace::planned_bytes(1));
  static_assert(tt::workspace<two::network, double>::planned_bytes(1) > workspace::planned_bytes(1));
  // Training must keep what inference may forget.
  workspace w{8};
  const tt::index before = w.bytes();
  w.prepare_training(two::loss);
  CHECK(w.bytes() > before);
}
