// Whole modalities dropped in training: how often, which, and what becomes of the rest.
#include <doctest/doctest.h>

#include <cmath>
#include <tectum/operators/fusion/mean.hpp>
#include <tectum/training/modality_dropout.hpp>

#include "network.hpp"

using namespace training_test;

namespace {

constexpr tt::name<"third"> third;

const tt::index count = 4000;
const std::vector<float> ones(4000 * 2, 1.f);

std::vector<tt::index> all_rows() {
  std::vector<tt::index> rows(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<tt::index>(i);
  return rows;
}
template <class Binding>
bool there(const Binding& b, tt::index row) {
  return tt::boundary::sample_present(b.source(), row);
}
// Three standard deviations of a share.
bool is_about(int n, int of, double p) { return std::fabs(n - of * p) <= 3 * std::sqrt(of * p * (1 - p)) + 1e-9; }

auto two_modalities() {
  return tt::dataset(left = tt::tensor(ones, {count, 2}), kind = std::vector<int>(4000, 2),
                     right = tt::tensor(ones, {count, 2}));
}

}  // namespace

TEST_CASE("each modality is dropped with its own probability, by itself") {
  auto data = tt::modality_dropout(two_modalities(), {.keep_one = false}, tt::drop_modality(right, 0.6),
                                   tt::drop_modality(left, 0.2));
  CHECK(data.size() == count);
  const auto rows = all_rows();
  const auto [l, k, r] = data.batch(rows);
  CHECK(!k.source().present);
  int without_left = 0, without_right = 0, without_both = 0;
  for (tt::index i = 0; i < count; ++i) {
    without_left += !there(l, i);
    without_right += !there(r, i);
    without_both += !there(l, i) && !there(r, i);
  }
  CHECK(is_about(without_left, count, 0.2));
  CHECK(is_about(without_right, count, 0.6));
  CHECK(is_about(without_both, count, 0.12));
}

TEST_CASE("one of those that a sample has is kept, each as often as the other") {
  std::vector<unsigned char> has_left(static_cast<std::size_t>(count)), has_right(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < has_left.size(); ++i) {
    has_left[i] = i % 4 != 1 && i % 4 != 3;  // both, right, left, none
    has_right[i] = i % 4 != 2 && i % 4 != 3;
  }
  auto data = tt::modality_dropout(
      tt::dataset(left = tt::optional(tt::tensor(ones, {count, 2}), has_left),
                  right = tt::optional(tt::tensor(ones, {count, 2}), has_right), third = tt::absent),
      {}, tt::drop_modality(left, 1), tt::drop_modality(right, 1), tt::drop_modality(third, 1));
  const auto rows = all_rows();
  const auto [l, r, t] = data.batch(rows);
  CHECK(t.source().absent);
  int kept_left = 0;
  for (tt::index i = 0; i < count; ++i) {
    const int left_now = there(l, i), right_now = there(r, i);
    if (i % 4 == 0) {
      REQUIRE(left_now + right_now == 1);
      kept_left += left_now;
    } else {
      REQUIRE(left_now == (i % 4 == 2));
      REQUIRE(right_now == (i % 4 == 1));
    }
  }
  CHECK(is_about(kept_left, 1000, 0.5));
}

TEST_CASE("probabilities of 0 drop nothing; batches differ, runs of one seed do not") {
  const auto rows = all_rows();
  const auto pattern = [&](auto& data) {
    std::vector<bool> p;
    const auto [l, k, r] = data.batch(rows);
    for (tt::index i = 0; i < count; ++i) {
      p.push_back(there(l, i));
      p.push_back(there(r, i));
    }
    return p;
  };
  const auto made = [](double p, std::uint64_t seed) {
    return tt::modality_dropout(two_modalities(), {.seed = {seed}}, tt::drop_modality(left, p),
                                tt::drop_modality(right, p));
  };
  auto none = made(0, 1), some = made(0.5, 1), again = made(0.5, 1), other = made(0.5, 2);
  CHECK(pattern(none) == std::vector<bool>(8000, true));
  const auto first_batch = pattern(some), second_batch = pattern(some);
  CHECK(first_batch != second_batch);
  CHECK(pattern(again) == first_batch);
  CHECK(pattern(again) == second_batch);
  CHECK(pattern(other) != first_batch);
  CHECK_THROWS_WITH_AS(made(1.5, 1), "modality_dropout: probabilities must be in [0, 1]", tt::error);
  CHECK_THROWS_AS(made(std::nan(""), 1), tt::error);
}

// The mean of 1 and 3 is 2, of one of them itself: the weights of those that stay sum to 1.
TEST_CASE("fusion leaves out what was dropped") {
  static constexpr auto fused = tt::architecture([] {
    constexpr tt::features two{.width = 2, .optional = true};
    return tt::equations(left = tt::input{two}, right = tt::input{two}, answer = tt::fuse(tt::mean{}, left, right));
  });
  const std::vector<float> threes(4000 * 2, 3.f);
  auto data =
      tt::modality_dropout(tt::dataset(left = tt::tensor(ones, {count, 2}), right = tt::tensor(threes, {count, 2})), {},
                           tt::drop_modality(left, 0.5), tt::drop_modality(right, 0.5));
  const auto rows = all_rows();
  const auto batch = data.batch(rows);
  tt::model<fused> m;
  tt::model<fused>::workspace_type w(count);
  const auto y = std::apply([&](const auto&... b) { return m(w, answer, b...); }, batch);
  int both = 0;
  for (tt::index i = 0; i < count; ++i) {
    const bool l = there(std::get<0>(batch), i), r = there(std::get<1>(batch), i);
    REQUIRE((l || r));
    REQUIRE(y(i, 1) == (l && r ? 2.f : l ? 1.f : 3.f));
    both += l && r;
  }
  CHECK(is_about(both, count, 0.25));
}

// Trained without dropout the network leans on both modalities; trained with it, one alone does better than before.
TEST_CASE("a trainer takes it, and the network learns to do with one modality") {
  static constexpr auto robust = tt::architecture([] {
    return tt::equations(left = tt::input{tt::features{.width = 5, .optional = true}},
                         right = tt::input{tt::features{.width = 3, .optional = true}},
                         kind = tt::input{tt::category{.classes = 3}}, first = left | tt::linear{12} | tt::relu,
                         second = right | tt::linear{12} | tt::relu,
                         answer = tt::fuse(tt::concat{}, first, second) | tt::linear{3},
                         loss = tt::fuse(tt::cross_entropy{}, answer, kind));
  });
  const samples some(300), more(300, 2);
  const auto left_alone = tt::dataset(left = tt::tensor(more.left, {300, 5}), right = tt::absent, kind = more.kind);
  const auto loss_alone = [&](bool drops) {
    tt::model<robust> m{tt::seed{3}};
    tt::trainer t{m, tt::adam{.learning_rate = 1e-2}, {.batch = 30, .epochs = 15, .progress = silent}};
    const tt::fit_report report =
        drops
            ? t.fit(tt::modality_dropout(some.data(), {}, tt::drop_modality(left, 0.4), tt::drop_modality(right, 0.4)),
                    loss)
            : t.fit(some.data(), loss);
    CHECK(report.epochs.back().loss < report.epochs.front().loss);
    auto alone = left_alone;
    return t.evaluate(loss, alone);
  };
  const double without = loss_alone(false), with = loss_alone(true);
  CHECK(with < 0.95 * without);
}
