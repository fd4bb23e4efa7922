// The evidential loss: values and gradients, annealing, what is large.
#include <cmath>
#include <string>

#include "alone.hpp"

using namespace loss_alone;

namespace {

constexpr tt::features four{.width = 4};
constexpr tt::category labels{4};

constexpr tt::evidential_cross_entropy with(double kl_weight, bool annealed = false) {
  return {.kl_weight = kl_weight, .annealed = annealed, .reduction = tt::reduction::none};
}
const numbers scores{0.5, 2, 0, 1.25, 3, 0.25, 5, 4.5, 30, 0, 28, 1, 0, 0, 0, 0};
const ids right{1, 0, 2, 3};
const numbers each(4, 1);

}  // namespace

// The gamma function and its derivatives of mpmath with 40 digits, gradients by differences there.
TEST_CASE("evidential_cross_entropy") {
  are(of<with(0), four, labels>(scores, right, each).y,
      {0.63654652950618668, 2.5830857900684146, 2.1269280110435835, 1.8333333333333333}, "without divergence");
  are(of<with(0.25), four, labels>(scores, right, each).y,
      {0.85330991945897286, 4.8326701192220507, 23.232824798832139, 1.8333333333333333}, "a quarter");
  const outcome o = of<with(1), four, labels>(scores, right, each);
  are(o.y, {1.5036000893173314, 11.581423106682959, 86.550515162197805, 1.8333333333333333}, "values");
  are(o.d[0],
      {0.231248179954756, -0.50382499573688, -0.395210890642185, 1.50120923595264,   //
       -0.947845894222639, -0.839609963676048, 2.23274564170093, 1.15513725725109,   //
       3.88079707797538, -0.999999999995031, -0.88079707797826, -0.646145015937908,  //
       0.283822955737115, 0.283822955737115, 0.283822955737115, -1.36111111111111},
      "gradients");
  CHECK(of<tt::evidential_cross_entropy{}, four, labels>(scores, right).y[0] ==
        doctest::Approx((1.5036000893173314 + 11.581423106682959 + 86.550515162197805 + 1.8333333333333333) / 4));
}

TEST_CASE("annealing multiplies the weight of the divergence") {
  const auto share = [](double s) {
    return [s](auto& m) { REQUIRE(m.set("y.evidential_cross_entropy.annealing", &s)); };
  };
  const auto run = [&](double s) { return of<with(0.5, true), four, labels>(scores, right, each, share(s)); };
  const outcome fixed = of<with(0.5), four, labels>(scores, right, each);
  CHECK(of<with(0.5, true), four, labels>(scores, right, each).y == fixed.y);
  CHECK(run(1).d[0] == fixed.d[0]);
  are(run(0.5).y, of<with(0.25), four, labels>(scores, right, each).y, "half");
  are(run(0).d[0], of<with(0), four, labels>(scores, right, each).d[0], "none");
}

TEST_CASE("evidence beyond any float gives finite losses and gradients; less than none counts as none") {
  const numbers far{1e4, 0, 0, 9e3, 0, 1e4, 0, 0, 2, 1, 1.5, 0, 2, 1, 1.5, -8};
  const outcome o = of<with(0), four, labels>(far, ids{3, 1, 0, 0}, each);
  CHECK(o.y[0] == doctest::Approx(1000));
  CHECK(o.y[1] == doctest::Approx(0));
  CHECK(o.y[3] == o.y[2]);
  CHECK(o.d[0][0] == doctest::Approx(1));
  CHECK(o.d[0][3] == doctest::Approx(-1));
  CHECK(o.d[0][11] > 0);
  CHECK(o.d[0][15] == 0);
  const outcome kl = of<with(1), four, labels>(far, ids{3, 1, 0, 0}, each);
  // The divergence of (e^10000, 1, 1, 1) from (1, 1, 1, 1): 3 (l - 1) less log 6, by Stirling's series.
  CHECK(kl.y[0] == doctest::Approx(1000 + 3 * (1e4 - 1) - std::log(6.0)).epsilon(1e-12));
  CHECK(kl.d[0][0] == doctest::Approx(1 + 3).epsilon(1e-9));
}

TEST_CASE("with one hot evidence and none elsewhere, more of it is better until it is against the label") {
  const numbers rising{1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0};
  const numbers good = of<with(1), four, labels>(rising, ids{0, 0, 0, 0}, each).y,
                bad = of<with(1), four, labels>(rising, ids{1, 1, 1, 1}, each).y;
  for (std::size_t i = 1; i < 4; ++i) {
    CHECK(good[i] < good[i - 1]);
    CHECK(bad[i] > bad[i - 1]);
  }
  CHECK(good[3] < 0.01);
}

TEST_CASE("evidential_cross_entropy refuses") {
  const tt::shape f = tt::features_of(4), s = tt::sequence_of(3, 4), c = tt::shape_of(labels);
  const auto words = [](int length, int vocabulary, int ignored = tt::no_id) {
    return tt::shape_of(tt::tokens{.length = length, .vocabulary = vocabulary, .ignore = ignored});
  };
  const auto says = [](const char* sentence) { return std::string("evidential_cross_entropy: ") + sentence; };
  const tt::evidential_cross_entropy loss;
  CHECK(refusal(loss, f, f) == says("the second input must be a category, or tokens"));
  CHECK(refusal(loss, tt::picture_of(4, 1, 1), c) == says("the scores must be features, or a sequence of them"));
  CHECK(refusal(loss, s, c) == says("the target of features is a category, of a sequence it is tokens"));
  CHECK(refusal(loss, f, words(1, 4)) == says("the target of features is a category, of a sequence it is tokens"));
  CHECK(refusal(loss, s, words(2, 4)) == says("there must be one target a place"));
  CHECK(refusal(loss, s, words(3, 5)) == says("there must be one score a class"));
  CHECK(refusal(loss, s, words(3, 4, 4)) == says("the ignored id must be negative or one of the classes"));
  CHECK(refusal(tt::evidential_cross_entropy{.kl_weight = -1}, f, c) == says("kl_weight must be 0 or more"));
  CHECK(refusal(loss, s, words(3, 4)) == std::string());
}
