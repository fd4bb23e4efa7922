// Deep sets: the order of the modalities does not matter, what is absent is no member.
#include <doctest/doctest.h>

#include <cmath>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>

namespace tt = tectum;

namespace {

constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"third"> third;
constexpr tt::name<"y"> y;

constexpr auto fused(auto set) {
  return tt::architecture([=] {
    return tt::equations(left = tt::input{tt::features{3, true}}, right = tt::input{tt::features{3, true}},
                         third = tt::input{tt::features{3, true}}, y = set);
  });
}
const double a[2][3] = {{1, -2, 0.5}, {0.25, 3, -1}}, b[2][3] = {{4, 0.5, -1}, {-2, 1, 0.125}},
             c[2][3] = {{-0.5, 1.5, 0.75}, {2, 0, 1}};
const unsigned char all[2] = {1, 1}, first[2] = {1, 0}, none[2] = {0, 0};

constexpr auto weighed(const auto&... x) {
  return tt::deep_sets<tt::sum_pool, tt::set_weights::attention, false>({.hidden = 4, .p = 1}, x...);
}

}  // namespace

TEST_CASE("the order of the modalities does not matter") {
  static constexpr auto one = fused(weighed(left, right, third));
  static constexpr auto other = fused(weighed(third, left, right));
  tt::model<one, double> m{tt::seed{3}};
  tt::model<other, double> n{tt::seed{3}};
  const auto r = m(left = tt::optional(a, all), right = tt::optional(b, all), third = tt::optional(c, all)),
             q = n(left = tt::optional(a, all), right = tt::optional(b, all), third = tt::optional(c, all));
  for (int s = 0; s < 2; ++s)
    for (int k = 0; k < 3; ++k) {
      CHECK(r(s, k) == doctest::Approx(q(s, k)).epsilon(1e-12));
      CHECK(r(s, k) != 0);
    }
}

TEST_CASE("an absent modality is no member of the set; of none the result is 0") {
  static constexpr auto mean =
      fused(tt::deep_sets<tt::mean_pool, tt::set_weights::equal, false>({}, left, right, third));
  static constexpr auto sum = fused(tt::deep_sets<tt::sum_pool, tt::set_weights::equal, false>({}, left, right, third));
  tt::model<mean, double> m;
  tt::model<sum, double> s;
  const auto r = m(left = tt::optional(a, first), right = tt::optional(b, first), third = tt::optional(c, none)),
             q = s(left = tt::optional(a, first), right = tt::optional(b, first), third = tt::optional(c, none));
  const auto length = [](const double* x) { return std::sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]); };
  for (int k = 0; k < 3; ++k) {
    const double both = a[0][k] / length(a[0]) + b[0][k] / length(b[0]);
    CHECK(r(0, k) == doctest::Approx(both / 2));
    CHECK(q(0, k) == doctest::Approx(both));
    CHECK(r(1, k) == 0);
    CHECK(q(1, k) == 0);
  }
}

TEST_CASE("attention over one member is that member") {
  static constexpr auto network = fused(weighed(left, right, third));
  tt::model<network, double> model{tt::seed{4}};
  const auto r = model(left = tt::optional(a, all), right = tt::optional(b, none), third = tt::optional(c, none));
  for (int s = 0; s < 2; ++s) {
    const double sum = std::abs(a[s][0]) + std::abs(a[s][1]) + std::abs(a[s][2]);
    for (int k = 0; k < 3; ++k) CHECK(r(s, k) == doctest::Approx(a[s][k] / sum));
  }
}

TEST_CASE("parameters: a projection each, two layers of attention of half the width") {
  static constexpr auto network = fused(
      tt::deep_sets<tt::median_pool, tt::set_weights::attention>({.width = 6, .across = true}, left, right, third));
  static_assert(tt::parameter_count(network) == 3 * (3 * 6 + 6) + (6 * 3 + 3) + (3 + 1));
  tt::model<network, double> model{tt::seed{5}};
  const auto r = model(left = tt::optional(a, all), right = tt::optional(b, all), third = tt::optional(c, none));
  CHECK(r(0, 5) != r(1, 5));
}
