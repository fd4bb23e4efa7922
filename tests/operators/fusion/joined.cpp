// Tokens of several values in one sequence: what becomes of their masks when they are joined and parted again.
#include <doctest/doctest.h>

#include <cmath>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/layers/learned.hpp>
#include <tectum/operators/layers/mean_pool.hpp>
#include <tectum/operators/layers/scale.hpp>
#include <tectum/operators/layers/slice.hpp>
#include <tectum/operators/losses/mse.hpp>
#include <vector>

#include "../numbers.hpp"

namespace tt = tectum;

namespace {

using tests::all;
using tests::numbers;

constexpr tt::name<"x"> x;
constexpr tt::name<"y"> y;
constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"pooled"> pooled;
constexpr tt::name<"tokens"> tokens;
constexpr tt::name<"joined"> joined;
constexpr tt::name<"latents"> latents;
constexpr tt::name<"heard"> heard;
constexpr tt::name<"tail"> tail;
constexpr tt::name<"again"> again;
constexpr tt::name<"target"> target;
constexpr tt::name<"loss"> loss;

// As bottleneck tokens are used: learned tokens before those of a modality, a layer over all, and both parts again.
inline constexpr auto bottleneck = tt::architecture([] {
  return tt::equations(
      x = tt::input{tt::sequence{.length = 3, .width = 2, .padded = true}}, target = tt::input{tt::features{2}},
      tokens = tt::learned(tt::sequence{.length = 2, .width = 2}), joined = tt::fuse(tt::concat{.axis = 0}, tokens, x),
      y = joined | tt::scale_by{.features = true, .initial = 3} | tt::mean_pool,
      latents = joined | tt::slice{.count = 2, .axis = 0}, heard = joined | tt::slice{.begin = 2, .axis = 0},
      tail = joined | tt::slice{.begin = 1, .axis = 0} | tt::slice{.begin = 2, .axis = 0},
      again = tt::fuse(tt::sum{}, heard, x), loss = tt::fuse(tt::mse{}, y, target));
});
constexpr const tt::graph_value& value_of(const tt::label* name) {
  const tt::graph_view g = tt::compiled<bottleneck>::view();
  for (const tt::graph_equation& e : g.equations)
    if (e.name == name) return tt::compiled<bottleneck>::view().values.items[e.value];
  return g.values.items[0];
}

}  // namespace

TEST_CASE("masks are joined, and parted again") {
  static_assert(value_of(joined.entry()).shape.padded && value_of(joined.entry()).shape.length() == 5);
  static_assert(!value_of(latents.entry()).shape.masked() && value_of(latents.entry()).mask == -1);
  static_assert(value_of(heard.entry()).mask == value_of(x.entry()).mask);
  static_assert(value_of(tail.entry()).shape.padded && value_of(tail.entry()).shape.length() == 2);
  static_assert(value_of(tail.entry()).mask != value_of(x.entry()).mask);
  const tt::graph_view g = tt::compiled<bottleneck>::view();
  const tt::graph_mask& part = g.masks[value_of(tail.entry()).mask];
  CHECK(part.part_of == value_of(x.entry()).mask);
  CHECK(part.begin == 1);
  CHECK(g.masks.size() == 4);  // of x, of all, of all but the first, of the last two

  tt::model<bottleneck, double> model{tt::seed{1}};
  const numbers learned{1, 2, 3, 4};
  REQUIRE(model.set("tokens.learned.weight", learned.data()));
  const double nan = std::nan("");
  const numbers in{5, 6, nan, nan, nan, nan, 7, 8, 9, 10, nan, nan};
  const int lengths[] = {1, 2};
  tt::workspace<bottleneck, double> workspace{2};
  const auto sound = tt::padded(tt::tensor(in, {2, 3, 2}), lengths);
  const auto mean = model(workspace, y, x = sound);
  CHECK(mean(0, 0) == doctest::Approx(3 * (1 + 3 + 5) / 3.0));
  CHECK(mean(1, 1) == doctest::Approx(3 * (2 + 4 + 8 + 10) / 4.0));
  const auto end = model(workspace, tail, x = sound);
  CHECK(numbers(end.data(), end.data() + 8) == numbers{0, 0, 0, 0, 9, 10, 0, 0});
  const auto twice = model(workspace, again, x = sound);
  CHECK(numbers(twice.data(), twice.data() + 6) == numbers{10, 12, 0, 0, 0, 0});
}

TEST_CASE("the gradient of a learned value is that of all samples") {
  tt::model<bottleneck, double> model{tt::seed{4}};
  const numbers in{0.3, -0.8, 0.5, 0.1, -0.4, 0.9, -0.2, 0.7, 0.6, -0.5, -0.9, 0.2}, wanted{0.5, -0.1, 0.4, -0.7};
  const int lengths[] = {1, 3};
  tt::workspace<bottleneck, double> workspace{2};
  const auto loss_now = [&] {
    return model(workspace, loss, x = tt::padded(tt::tensor(in, {2, 3, 2}), lengths),
                 target = tt::tensor(wanted, {2, 2}))
        .data()[0];
  };
  numbers weight(4), gradient(4), gain(2), of_gain(2);
  REQUIRE(model.get("tokens.learned.weight", weight.data()));
  REQUIRE(model.get("y.scale_by.weight", gain.data()));
  CHECK(gain == numbers{3, 3});
  for (const double w : weight) CHECK(std::abs(w) < 0.2);
  model.gradients(workspace, loss, x = tt::padded(tt::tensor(in, {2, 3, 2}), lengths),
                  target = tt::tensor(wanted, {2, 2}));
  REQUIRE(model.get_gradient(workspace, "tokens.learned.weight", gradient.data()));
  REQUIRE(model.get_gradient(workspace, "y.scale_by.weight", of_gain.data()));
  const auto slope = [&](const char* name, numbers& values, std::size_t i) {
    const double kept = values[i];
    values[i] = kept + 1e-5;
    model.set(name, values.data());
    const double up = loss_now();
    values[i] = kept - 1e-5;
    model.set(name, values.data());
    const double down = loss_now();
    values[i] = kept;
    model.set(name, values.data());
    return (up - down) / 2e-5;
  };
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(gradient[i] == doctest::Approx(slope("tokens.learned.weight", weight, i)).epsilon(1e-7));
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(of_gain[i] == doctest::Approx(slope("y.scale_by.weight", gain, i)).epsilon(1e-7));
}

// A gradient given where a derived mask says that nothing is there is not looked at.
TEST_CASE("gradients from outside come in through derived masks") {
  tt::model<bottleneck, double> model{tt::seed{4}};
  const numbers in(12, 1.0);
  const double nan = std::nan("");
  const numbers given{nan, nan, nan, nan, 5, 6, nan, nan};
  const int lengths[] = {1, 2};
  tt::workspace<bottleneck, double> workspace{2};
  model.backward(workspace, tt::gradient(tail) = tt::tensor(given, {2, 2, 2}),
                 x = tt::padded(tt::tensor(in, {2, 3, 2}), lengths));
  const auto dx = workspace.gradient(x);
  CHECK(numbers(dx.data(), dx.data() + 12) == numbers{0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 0, 0});
}

TEST_CASE("early fusion: sequences one behind the other, whatever is padded or absent") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{tt::sequence{.length = 2, .width = 1, .padded = true}},
                         right = tt::input{tt::sequence{.length = 3, .width = 1, .optional = true}},
                         y = tt::fuse(tt::concat{.axis = 0}, left, right), pooled = y | tt::mean_pool);
  });
  const double nan = std::nan("");
  const numbers in{1, nan, 2, 4}, more{3, 5, 9, nan, nan, nan};
  const int lengths[] = {1, 2};
  const bool there[] = {true, false};
  tt::model<network, double> model;
  const auto l = tt::padded(tt::tensor(in, {2, 2, 1}), lengths);
  const auto r = tt::optional(tt::tensor(more, {2, 3, 1}), there);
  CHECK(all(model(y, left = l, right = r)) == numbers{1, 0, 3, 5, 9, 2, 4, 0, 0, 0});
  CHECK(all(model(pooled, left = l, right = r)) == numbers{4.5, 3});
  const tt::graph_view g = tt::compiled<network>::view();
  CHECK(g.values[g.operators[0].values].shape.padded);
  CHECK(!g.values[g.operators[0].values].shape.optional);
}
