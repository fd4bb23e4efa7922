// Values of the small layers, against numbers worked out by hand or by loops of their own.
#include "network.hpp"

#include <tectum/operators/losses/cross_entropy.hpp>

using namespace one_layer;

namespace {

template <const auto& Network, class Tensor>
std::vector<double> through(const Tensor& input) {
  tt::model<Network, double> model{tt::seed{1}};
  const auto result = model(x = input);
  return {result.data(), result.data() + result.size()};
}
using numbers = std::vector<double>;

constexpr tt::picture four_by_four{.height = 4, .width = 4};
constexpr auto largest = of(four_by_four, tt::max_pool{.kernel = 2});
constexpr auto largest_padded = of(four_by_four, tt::max_pool{.kernel = 3, .stride = 2, .padding = 1});
constexpr auto mean = of(four_by_four, tt::average_pool{.kernel = 2});
constexpr auto mean_with_border = of(four_by_four, tt::average_pool{.kernel = 2, .stride = 3, .padding = 1});
constexpr auto mean_inside =
    of(four_by_four, tt::average_pool{.kernel = 2, .stride = 3, .padding = 1, .count_padding = false});
constexpr auto whole = of(four_by_four, tt::global_average_pool);
constexpr auto blocks = of(tt::picture{.channels = 2, .height = 2, .width = 4}, tt::patches_of{.patch = 2});
constexpr auto pixels = of(tt::picture{.channels = 2, .height = 2, .width = 4}, tt::patches);
constexpr auto flat = of(tt::picture{.channels = 2, .height = 2, .width = 4},
                         tt::flatten | tt::as_sequence{2} | tt::last_token);
constexpr auto normal = of(tt::features{4}, tt::layer_norm{.epsilon = 0.25f});
constexpr auto shares = of(tt::features{3}, tt::softmax);
constexpr auto long_places = of(tt::sequence{.length = 600, .width = 6}, tt::sinusoidal_positions);

}  // namespace

TEST_CASE("windows") {
  const numbers picture{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 15, 14, 13};
  const auto in = tt::tensor(picture, {1, 1, 4, 4});
  CHECK(through<largest>(in) == numbers{6, 8, 16, 14});
  CHECK(through<largest_padded>(in) == numbers{6, 8, 16, 15});
  CHECK(through<mean>(in) == numbers{3.5, 5.5, 12.5, 12.5});
  CHECK(through<mean_with_border>(in) == numbers{0.25, 1.75, 6.25, 12.5});
  CHECK(through<mean_inside>(in) == numbers{1, 3.5, 12.5, 12.5});
  CHECK(through<whole>(in) == numbers{8.5});
  const numbers below_zero(16, -1);  // the border never wins
  CHECK(through<largest_padded>(tt::tensor(below_zero, {1, 1, 4, 4})) == numbers{-1, -1, -1, -1});
}

TEST_CASE("a picture as a sequence") {
  numbers picture(16);
  for (std::size_t i = 0; i < 16; ++i) picture[i] = static_cast<double>(i);
  const auto in = tt::tensor(picture, {1, 2, 2, 4});
  CHECK(through<blocks>(in) == numbers{0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15});
  CHECK(through<pixels>(in) == numbers{0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15});
  CHECK(through<flat>(in) == numbers{8, 9, 10, 11, 12, 13, 14, 15});
}

TEST_CASE("layer_norm and softmax") {
  const numbers row{1, 3, 5, 7};  // mean 4, variance 5
  const numbers y_normal = through<normal>(tt::tensor(row, {1, 4}));
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(y_normal[i] == doctest::Approx((row[i] - 4) / std::sqrt(5.25)).epsilon(1e-12));
  const numbers y_shares = through<shares>(tt::tensor(numbers{0, std::log(2.0), std::log(5.0)}, {1, 3}));
  CHECK(y_shares[0] == doctest::Approx(0.125));
  CHECK(y_shares[2] == doctest::Approx(0.625));
}

TEST_CASE("sines and cosines of places") {
  const numbers p = through<long_places>(tt::tensor(numbers(600 * 6), {1, 600, 6}));
  double worst = 0;
  for (std::size_t t = 0; t < 600; ++t)
    for (std::size_t i = 0; i < 6; ++i) {
      const double angle = static_cast<double>(t) * std::pow(10000.0, -static_cast<double>(i / 2 * 2) / 6);
      worst = std::max(worst, std::abs(p[t * 6 + i] - (i % 2 ? std::cos(angle) : std::sin(angle))));
    }
  CHECK(worst < 1e-11);
}

namespace {

constexpr tt::sequence three_tokens{.length = 3, .width = 2, .padded = true};
constexpr auto of_mean = of(three_tokens, tt::mean_pool);
constexpr auto of_largest = of(three_tokens, tt::time_max_pool);
constexpr auto of_first = of(three_tokens, tt::first_token);
constexpr auto of_last = of(three_tokens, tt::last_token);
constexpr auto of_any_largest = of(tt::sequence{.length = 3, .width = 2}, tt::time_max_pool);

}  // namespace

TEST_CASE("a sequence in one row looks at valid tokens only") {
  const double nan = std::nan("");
  const numbers tokens{1, -4, 3, -2, nan, nan, nan, nan, nan, nan, nan, nan, -1, 0, -3, 5, -2, 1};
  const int lengths[] = {2, 0, 3};
  const auto in = tt::padded(tt::tensor(tokens, {3, 3, 2}), lengths);
  CHECK(through<of_mean>(in) == numbers{2, -3, 0, 0, -2, 2});
  CHECK(through<of_largest>(in) == numbers{3, -2, 0, 0, -1, 5});
  CHECK(through<of_first>(in) == numbers{1, -4, 0, 0, -1, 0});
  CHECK(through<of_last>(in) == numbers{3, -2, 0, 0, -2, 1});
  const numbers any = through<of_any_largest>(tt::tensor(numbers{1, 7, nan, 2, 5, 9}, {1, 3, 2}));
  CHECK(tt::math::is_nan(any[0]));
  CHECK(any[1] == 9);
}

namespace {

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"label"> label;
constexpr tt::name<"loss"> loss;

constexpr auto looked_up = of(tt::tokens{.length = 4}, tt::embedding{.vocabulary = 3, .dim = 2});
constexpr auto halves = tt::architecture([] {
  return tt::equations(x = tt::input{tt::sequence{.length = 2, .width = 3}}, tt::named(a, b) = x | tt::split{1});
});
constexpr auto skipped = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{3}}, a = x | tt::linear{3},
                       b = x | tt::residual(tt::linear{3} | tt::tanh));
});

}  // namespace

TEST_CASE("embedding looks rows up, and an input's ids are checked against its vocabulary") {
  tt::model<looked_up, double> model{tt::seed{1}};
  numbers table(6);
  REQUIRE(model.get("y.embedding.weight", table.data()));
  const std::vector<int> ids{2, 1, 1, 0}, beyond{2, 1, 3, 0};
  const auto result = model(x = tt::tensor(ids, {1, 4}));
  CHECK(numbers(result.data(), result.data() + 8) ==
        numbers{table[4], table[5], table[2], table[3], table[2], table[3], table[0], table[1]});
  CHECK_THROWS_WITH_AS(model(x = tt::tensor(beyond, {1, 4})),
                       "input \"x\": id 3 at row 0, position 2 is out of range [0, 3)", tt::error);
}

TEST_CASE("split and residual") {
  tt::model<halves, double> model{tt::seed{1}};
  const numbers in{1, 2, 3, 4, 5, 6};
  const auto left = model(a, x = tt::tensor(in, {1, 2, 3})), right = model(b, x = tt::tensor(in, {1, 2, 3}));
  CHECK(numbers(left.data(), left.data() + 2) == numbers{1, 4});
  CHECK(numbers(right.data(), right.data() + 4) == numbers{2, 3, 5, 6});

  tt::model<skipped, double> around{tt::seed{1}};
  numbers w(9), bias(3);
  REQUIRE(around.get("b.linear.weight", w.data()));
  REQUIRE(around.get("b.linear.bias", bias.data()));
  const auto y_skipped = around(b, x = tt::tensor(numbers{1, -2, 3}, {1, 3}));
  CHECK(y_skipped(0, 1) == doctest::Approx(-2 + std::tanh(w[3] - 2 * w[4] + 3 * w[5] + bias[1])));
}

namespace {

constexpr auto dropped = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{64}}, label = tt::input{tt::category{64}},
                       y = x | tt::linear{64} | tt::dropout{0.25f} | tt::dropout{0.5f},
                       loss = tt::fuse(tt::cross_entropy{}, y, label));
});

}  // namespace

TEST_CASE("dropout: what is kept, how much, and the same again") {
  tt::model<dropped, double> model{tt::seed{1}};
  numbers w(64 * 64), one(64, 1.0);
  REQUIRE(model.set("y.linear.weight", w.data()));
  REQUIRE(model.set("y.linear.bias", one.data()));
  const numbers in(200 * 64);
  const std::vector<int> labels(200);
  tt::workspace<dropped, double> workspace{200};
  const auto train = [&](std::uint64_t seed, std::uint64_t stream) {
    model.gradients_at({seed, stream}, workspace, y, loss, x = tt::tensor(in, {200, 64}), label = labels);
    const auto [result, value] =
        model.gradients_at({seed, stream}, workspace, y, loss, x = tt::tensor(in, {200, 64}), label = labels);
    return numbers(result.data(), result.data() + 200 * 64);
  };
  const numbers first = train(1, 1);
  double kept = 0;
  for (double v : first) {
    CHECK((v == 0 || v == doctest::Approx(1 / 0.75 / 0.5)));
    kept += v != 0;
  }
  CHECK(kept / 12800 == doctest::Approx(0.375).epsilon(0.03));  // the two draw different numbers
  CHECK(train(1, 1) == first);
  CHECK(train(1, 2) != first);
  CHECK(train(2, 1) != first);
  const auto plain = model(y, x = tt::tensor(in, {200, 64}));
  CHECK(numbers(plain.data(), plain.data() + 64) == one);
}
