// Inference of a large batch goes through the steps part by part: the same as each sample alone, wherever its inputs
// lie.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <tectum/operators/layers/embedding.hpp>
#include <tectum/operators/layers/mean_pool.hpp>
#include <tectum/operators/layers/softmax.hpp>
#include <tectum/operators/losses/info_nce.hpp>

#include "networks.hpp"

namespace {

constexpr tt::name<"words"> words;
constexpr tt::name<"sound"> sound;
constexpr tt::name<"table"> table;
constexpr tt::name<"written"> written;
constexpr tt::name<"heard"> heard;
constexpr tt::name<"joint"> joint;
constexpr tt::name<"y"> y;
constexpr tt::name<"loss"> loss;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(
      words = tt::input{tt::tokens{.length = 5, .padded = true, .vocabulary = 9}},
      sound = tt::input{tt::sequence{.length = 40, .width = 70, .padded = true}},
      table = tt::input{tt::features{.width = 6, .optional = true}},
      written = words | tt::embedding{.vocabulary = 9, .dim = 48} | tt::mean_pool,
      heard = sound | tt::linear{96} | tt::tanh | tt::linear{64} | tt::relu,
      joint = tt::fuse(tt::concat{}, written | tt::linear{8}, table, heard | tt::mean_pool | tt::linear{8}),
      y = joint | tt::linear{33} | tt::softmax);
});
template <const auto& Network, class... Names>
constexpr tt::plan_view plan_of(const Names&...) {
  return tt::detail::call<Network, tt::mode::inference, tt::detail::names<Names...>>::plan();
}

constexpr int samples = 70;

struct data {
  std::vector<std::int32_t> ids;
  std::vector<float> waves, rows;
  std::vector<int> read_lengths, heard_lengths;
  std::vector<std::uint8_t> there;
  data() {
    for (int i = 0; i < samples; ++i) {
      read_lengths.push_back(i % 6);
      heard_lengths.push_back(40 - i % 41);
      there.push_back(i % 3 != 1);
    }
    for (int i = 0; i < samples * 5; ++i) ids.push_back(i * 7 % 9);
    for (int i = 0; i < samples * 40 * 70; ++i) waves.push_back(static_cast<float>(i * 31 % 101 - 50) / 50.0f);
    for (int i = 0; i < samples * 6; ++i) rows.push_back(static_cast<float>(i * 17 % 29 - 14) / 10.0f);
  }
  // f(arguments...) of n samples from `first` on; sounds of type T.
  template <class T, class F>
  auto give(int first, int n, F f) const {
    const std::size_t at = static_cast<std::size_t>(first), count = static_cast<std::size_t>(n);
    const std::vector<T> part(waves.begin() + first * 2800, waves.begin() + (first + n) * 2800);
    const std::vector<int> read_part(read_lengths.begin() + first, read_lengths.begin() + first + n),
        heard_part(heard_lengths.begin() + first, heard_lengths.begin() + first + n);
    const std::vector<std::uint8_t> there_part(there.begin() + first, there.begin() + first + n);
    return f(words = tt::padded(tt::tensor(ids.data() + 5 * at, {count, 5}), read_part),
             sound = tt::padded(tt::tensor(part, {count, 40, 70}), heard_part),
             table = tt::optional(tt::tensor(rows.data() + 6 * at, {count, 6}), there_part));
  }
};

template <class T>
void same_as_alone() {
  const data d;
  tt::model<network> model{tt::seed{3}};
  tt::workspace<network> many{samples}, one{1};
  d.give<T>(0, samples, [&](const auto&... in) {
    const auto [all_y, all_heard, all_joint] = model(many, y, heard, joint, in...);
    for (int b = 0; b < samples; ++b)
      d.give<T>(b, 1, [&](const auto&... alone) {
        const auto [a_y, a_heard, a_joint] = model(one, y, heard, joint, alone...);
        const auto compare = [&](const auto& whole, const auto& single) {
          for (tt::index i = 0; i < single.size(); ++i)
            CHECK(whole.data()[b * single.size() + i] == doctest::Approx(single.data()[i]).epsilon(1e-6));
        };
        compare(all_y, a_y);
        compare(all_heard, a_heard);
        compare(all_joint, a_joint);
      });
    const std::vector<float> once = values_of(model(many, y, in...));
    CHECK(once == values_of(model(many, y, in...)));
  });
}

}  // namespace

TEST_CASE("a batch that goes through in parts gives what each sample gives alone") {
  static_assert(plan_of<network>(y, heard, joint).parts.near > 0 &&
                plan_of<network>(y, heard, joint).parts.near < samples / 2);
  static_assert(plan_of<network>(y).parts.near < samples / 2);
  same_as_alone<float>();
  same_as_alone<double>();  // the workspace holds a copy
}

TEST_CASE("losses and pairs of samples are of the whole batch, what lies before them is not") {
  constexpr auto both = [](auto end) {
    return tt::architecture([=] {
      return tt::equations(words = tt::input{tt::sequence{.length = 64, .width = 64}}, sound = words | tt::linear{64},
                           written = sound | tt::mean_pool, heard = words | tt::mean_pool | tt::linear{64}, loss = end);
    });
  };
  static constexpr auto pairs = both(tt::fuse(tt::info_nce{.normalize = true}, written, heard));
  constexpr tt::plan_view plan = plan_of<pairs>(loss);
  static_assert(plan.parts.near > 0 && plan.parts.near < 64);
  static_assert(plan.steps[plan.steps.size() - 1].whole && !plan.steps[0].whole);
  static_assert(plan_of<pairs>(written).parts.near > 0 && plan_of<pairs>(written).parts.near < 64);

  const tt::model<pairs> model{tt::seed{2}};
  const data d;
  const std::vector<float> x(d.waves.begin(), d.waves.begin() + 48 * 64 * 64);
  tt::workspace<pairs> w{48};
  const auto in = [&](auto&& f) { return f(words = tt::tensor(x, {48, 64, 64})); };
  const auto [a, b, together] = in([&](auto t) { return model(w, written, heard, loss, t); });
  CHECK(together.value() == in([&](auto t) { return model(w, loss, t); }).value());
  // From the definition: matching pairs against all others.
  double sum = 0;
  for (int way = 0; way < 2; ++way)
    for (int i = 0; i < 48; ++i) {
      double own = 0, all = 0;
      for (int k = 0; k < 48; ++k) {
        double dot = 0, one = 0, other = 0;
        for (int c = 0; c < 64; ++c) {
          const double p = a.data()[(way ? k : i) * 64 + c], q = b.data()[(way ? i : k) * 64 + c];
          dot += p * q;
          one += p * p;
          other += q * q;
        }
        const double s = dot / std::sqrt(one * other) / 0.07;
        all += std::exp(s);
        if (k == i) own = s;
      }
      sum += std::log(all) - own;
    }
  CHECK(together.value() == doctest::Approx(sum / 96).epsilon(1e-4));
}
