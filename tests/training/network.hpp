// What the tests of training share: a small network of two inputs, and data that it can learn.
#pragma once

#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/losses/cross_entropy.hpp>
#include <tectum/training/trainer.hpp>
#include <vector>

namespace training_test {

namespace tt = tectum;

inline constexpr tt::name<"left"> left;
inline constexpr tt::name<"right"> right;
inline constexpr tt::name<"kind"> kind;
inline constexpr tt::name<"first"> first;
inline constexpr tt::name<"second"> second;
inline constexpr tt::name<"answer"> answer;
inline constexpr tt::name<"loss"> loss;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(left = tt::input{tt::features{.width = 5}}, right = tt::input{tt::features{.width = 3}},
                       kind = tt::input{tt::category{.classes = 3}}, first = left | tt::linear{12} | tt::relu,
                       second = right | tt::linear{8} | tt::tanh,
                       answer = tt::fuse(tt::concat{}, first, second) | tt::linear{3},
                       loss = tt::fuse(tt::cross_entropy{}, answer, kind));
});
using model = tt::model<network>;

// Class k puts a bump at place k of `right` and at k + 1 of `left`, with noise.
struct samples {
  std::vector<float> left, right;
  std::vector<std::int32_t> kind;
  tt::index count;

  explicit samples(tt::index n, std::uint64_t seed = 1) : count(n) {
    for (tt::index i = 0; i < n; ++i) {
      const auto at = static_cast<std::uint64_t>(i);
      const auto k = static_cast<int>(tt::random::whole(seed, 0, at, 3));
      kind.push_back(k);
      for (int j = 0; j < 5; ++j)
        left.push_back((j == k + 1 ? 1.f : 0.f) +
                       0.7f * tt::random::normal(seed, 1, at * 5 + static_cast<std::uint64_t>(j)));
      for (int j = 0; j < 3; ++j)
        right.push_back((j == k ? 1.f : 0.f) +
                        0.7f * tt::random::normal(seed, 2, at * 3 + static_cast<std::uint64_t>(j)));
    }
  }
  auto data() const {
    return tt::dataset(training_test::left = tt::tensor(left, {count, 5}),
                       training_test::right = tt::tensor(right, {count, 3}), training_test::kind = kind);
  }
};

inline constexpr tt::progress_options silent{.style = tt::progress_style::quiet};

}  // namespace training_test
