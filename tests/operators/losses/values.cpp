// Losses against values worked out by hand.
#include <doctest/doctest.h>

#include <cmath>
#include <tectum/model/model.hpp>
#include <tectum/operators/losses.hpp>

namespace tt = tectum;

namespace {

constexpr tt::name<"guess"> guess;
constexpr tt::name<"truth"> truth;
constexpr tt::name<"label"> label;
constexpr tt::name<"loss"> loss;
constexpr tt::name<"other"> other;

}  // namespace

TEST_CASE("mse is the mean over what both sides have") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(guess = tt::input{tt::sequence{2, 2, true}}, truth = tt::input{tt::sequence{2, 2, true}},
                         loss = tt::fuse(tt::mse{}, guess, truth));
  });
  const tt::model<network, double> model;
  const double a[2][2][2] = {{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}, b[2][2][2] = {{{0, 0}, {1, 1}}, {{1, 2}, {3, 4}}};
  const int both[2] = {2, 2}, some[2] = {1, 2}, none[2] = {0, 0}, fewer[2] = {2, 1};
  CHECK(model(guess = tt::padded(a, both), truth = tt::padded(b, both)).value() ==
        doctest::Approx((5 + 13 + 32 + 32) / 8.0));
  CHECK(model(guess = tt::padded(a, some), truth = tt::padded(b, fewer)).value() == doctest::Approx((5 + 32) / 4.0));
  CHECK(model(guess = tt::padded(a, none), truth = tt::padded(b, both)).value() == 0);
}

TEST_CASE("l1 and huber are their formulas") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(guess = tt::input{tt::features{3}}, truth = tt::input{tt::features{3}},
                         loss = tt::fuse(tt::l1{}, guess, truth), other = tt::fuse(tt::huber{2}, guess, truth));
  });
  const tt::model<network, double> model;
  const double a[1][3] = {{1, -4, 0.5}}, b[1][3] = {{0, 1, 0.5}};
  CHECK(model(loss, guess = a, truth = b).value() == doctest::Approx(6 / 3.0));
  CHECK(model(other, guess = a, truth = b).value() == doctest::Approx((0.5 + 2 * (5 - 1)) / 3));
}

TEST_CASE("cross_entropy with smoothing is the mean of the weighted terms") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(guess = tt::input{tt::features{3}}, label = tt::input{tt::category{3}},
                         loss = tt::fuse(tt::cross_entropy{.label_smoothing = 0.3f}, guess, label));
  });
  const tt::model<network, double> model;
  const double x[2][3] = {{1, 2, 3}, {0, -1, 0.5}};
  const int k[2] = {0, 2};
  double expected = 0;
  for (int b = 0; b < 2; ++b) {
    const double total = std::log(std::exp(x[b][0]) + std::exp(x[b][1]) + std::exp(x[b][2]));
    for (int j = 0; j < 3; ++j)
      expected += ((j == k[b] ? 1 - double{0.3f} : 0) + double{0.3f} / 3) * (total - x[b][j]) / 2;
  }
  CHECK(model(guess = x, label = k).value() == doctest::Approx(expected));
}
