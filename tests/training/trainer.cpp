#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include <tectum/kernels/reference.hpp>

#include "network.hpp"

using namespace training_test;

namespace {

bool same_bits(const model& a, const model& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("a network learns, the last short batch included, and the report says so") {
  const samples train(250), test(200, 9);
  auto data = train.data(), held = test.data();
  model m{tt::seed{3}};
  tt::trainer trainer{
      m, tt::adam{.learning_rate = 1e-2}, {.batch = 64, .epochs = 8, .clip_norm = 5, .progress = silent}};
  const double before = trainer.evaluate(tt::accuracy(answer, kind), held);
  const tt::fit_report report = trainer.fit(data, loss, held, tt::accuracy(answer, kind));
  CHECK(report.epochs.size() == 8);
  CHECK(trainer.steps() == 8 * 4);
  CHECK(report.epochs.back().loss < 0.6 * report.epochs.front().loss);
  const double after = trainer.evaluate(tt::accuracy(answer, kind), held);
  CHECK(after > 0.75);
  CHECK(after > before + 0.2);
  CHECK(after == report.epochs[static_cast<std::size_t>(report.best_epoch)].metric);
  CHECK(trainer.evaluate(loss, held) ==
        doctest::Approx(report.epochs[static_cast<std::size_t>(report.best_epoch)].validation_loss));
}

TEST_CASE("same seed, same bits; another seed, other bits") {
  const samples train(150);
  const auto run = [&](std::uint64_t seed) {
    auto data = train.data();
    model m{tt::seed{3}};
    tt::trainer{m, tt::adam{}, {.batch = 16, .epochs = 3, .seed = {seed}, .progress = silent}}.fit(data, loss);
    return m;
  };
  const model a = run(5), b = run(5), c = run(6);
  CHECK(same_bits(a, b));
  CHECK_FALSE(same_bits(a, c));
}

TEST_CASE("every sample is drawn once an epoch, in another order each time") {
  struct counting {
    std::vector<int> seen = std::vector<int>(37);
    std::vector<tt::index> order;
    samples all{37};
    tt::index size() const { return 37; }
    auto batch(std::span<const tt::index> rows) {
      const auto row = static_cast<std::size_t>(rows[0]);
      for (const tt::index r : rows) ++seen[static_cast<std::size_t>(r)], order.push_back(r);
      return std::tuple(left = tt::tensor(all.left.data() + row * 5, {1, 5}),
                        right = tt::tensor(all.right.data() + row * 3, {1, 3}),
                        kind = tt::tensor(all.kind.data() + row, {1}));
    }
  } data;
  model m;
  tt::trainer trainer{m, tt::sgd{}, {.batch = 1, .epochs = 2, .progress = silent}};
  trainer.fit(data, loss);
  for (const int n : data.seen) CHECK(n == 2);
  CHECK(std::vector(data.order.begin(), data.order.begin() + 37) !=
        std::vector(data.order.begin() + 37, data.order.end()));
  CHECK_FALSE(std::is_sorted(data.order.begin(), data.order.begin() + 37));
}

TEST_CASE("a step by hand is the gradient times the learning rate") {
  const samples train(8);
  model m{tt::seed{4}}, by_hand{tt::seed{4}};
  model::workspace_type w(8);
  const auto x = tt::tensor(train.left, {8, 5}), y = tt::tensor(train.right, {8, 3});
  const float expected = by_hand.gradients(w, loss, left = x, right = y, kind = train.kind).value();
  const float* g = w.gradients(by_hand.size());
  for (tt::index i = 0; i < by_hand.size(); ++i) by_hand.data()[i] -= 0.5f * g[i];
  tt::trainer trainer{m, tt::sgd{.learning_rate = 0.5}, {.batch = 8}};
  CHECK(trainer.step(loss, left = x, right = y, kind = train.kind) == expected);
  for (tt::index i = 0; i < m.size(); ++i) REQUIRE(m.data()[i] == doctest::Approx(by_hand.data()[i]).epsilon(1e-6));

  // Clipped: as long as the limit, in the same direction.
  model clipped{tt::seed{4}};
  double norm = 0, moved = 0;
  for (tt::index i = 0; i < m.size(); ++i) norm += static_cast<double>(g[i]) * static_cast<double>(g[i]);
  norm = std::sqrt(norm);
  tt::trainer clipping{clipped, tt::sgd{.learning_rate = 1}, {.batch = 8, .clip_norm = norm / 4}};
  clipping.step(loss, left = x, right = y, kind = train.kind);
  CHECK(clipping.gradient_norm() == doctest::Approx(norm).epsilon(1e-5));
  const model start{tt::seed{4}};
  for (tt::index i = 0; i < m.size(); ++i) {
    const double step = static_cast<double>(start.data()[i] - clipped.data()[i]);
    moved += step * step;
    REQUIRE(step == doctest::Approx(static_cast<double>(g[i]) / 4).epsilon(1e-3));
  }
  CHECK(std::sqrt(moved) == doctest::Approx(norm / 4).epsilon(1e-4));
}

TEST_CASE("a schedule sets the rate of each step") {
  const samples train(40);
  auto data = train.data();
  model m;
  tt::trainer trainer{
      m, tt::sgd{.learning_rate = 0.2}, {.batch = 8, .epochs = 4, .progress = silent}, tt::warm_up{5, tt::cosine{}}};
  CHECK(trainer.learning_rate() == doctest::Approx(0.04));
  trainer.fit(data, loss);
  CHECK(trainer.learning_rate() == doctest::Approx(0).epsilon(1e-12));
}

TEST_CASE("early stopping counts epochs without a better one, and the best parameters come back") {
  // The validation labels are turned: the better the training, the worse they fit.
  const samples train(120);
  samples wrong(60, 2);
  for (auto& k : wrong.kind) k = (k + 1) % 3;
  auto data = train.data(), held = wrong.data();
  model m{tt::seed{1}};
  tt::trainer trainer{
      m, tt::adam{.learning_rate = 2e-2}, {.batch = 16, .epochs = 40, .patience = 3, .progress = silent}};
  const tt::fit_report report = trainer.fit(data, loss, held);
  CHECK(report.stopped_early);
  CHECK(static_cast<int>(report.epochs.size()) == report.best_epoch + 4);
  const double best = report.epochs[static_cast<std::size_t>(report.best_epoch)].validation_loss;
  for (const tt::epoch_report& e : report.epochs) CHECK(best <= e.validation_loss);
  CHECK(trainer.evaluate(loss, held) == doctest::Approx(best).epsilon(1e-9));

  model last{tt::seed{1}};
  tt::trainer other{
      last, tt::adam{.learning_rate = 2e-2}, {.batch = 16, .epochs = 6, .keep_best = false, .progress = silent}};
  const tt::fit_report all = other.fit(data, loss, held);
  CHECK_FALSE(all.stopped_early);
  CHECK(other.evaluate(loss, held) == doctest::Approx(all.epochs.back().validation_loss).epsilon(1e-9));
}

TEST_CASE("frozen parts stay as they are, bit for bit; biases do not decay") {
  static constexpr auto partly = tt::architecture([] {
    return tt::equations(left = tt::input{tt::features{.width = 5}}, kind = tt::input{tt::category{.classes = 3}},
                         first = left | tt::frozen(tt::linear{9} | tt::relu), answer = first | tt::linear{3},
                         loss = tt::fuse(tt::cross_entropy{}, answer, kind));
  });
  const samples train(30);
  tt::model<partly> m{tt::seed{2}}, before{tt::seed{2}};
  tt::trainer trainer{m, tt::adamw{.learning_rate = 0.1, .weight_decay = 0.5}, {.batch = 30, .progress = silent}};
  for (int i = 0; i < 3; ++i) trainer.step(loss, left = tt::tensor(train.left, {30, 5}), kind = train.kind);
  int kept = 0, changed = 0;
  m.for_each_parameter([&](const char* name, const tt::parameter& p, const float* now) {
    const int i = m.find(name);
    const float* was = before.data() + m.graph().parameters[i].offset;
    const bool same = std::memcmp(now, was, static_cast<std::size_t>(p.stored_size()) * sizeof(float)) == 0;
    const bool frozen = std::strncmp(name, "first", 5) == 0;
    CHECK(same == frozen);
    ++(same ? kept : changed);
  });
  CHECK(kept == 2);
  CHECK(changed == 2);

  // With a rate of decay alone (no gradient reaches anything when the learning rate of Adam's part is nil) weights
  // shrink.
  tt::model<partly> w{tt::seed{2}};
  tt::trainer{w, tt::adamw{.learning_rate = 1e-9, .weight_decay = 1e8}, {.batch = 30}}.step(
      loss, left = tt::tensor(train.left, {30, 5}), kind = train.kind);
  w.for_each_parameter([&](const char* name, const tt::parameter& p, const float* now) {
    const float was = before.data()[w.graph().parameters[w.find(name)].offset];
    const bool decays = p.role == tt::role::weight && std::strncmp(name, "answer", 6) == 0;
    CHECK(*now == doctest::Approx(decays ? 0.9f * was : was).epsilon(1e-4));
  });
}

TEST_CASE("padding of the flat parameters stays zero") {
  const samples train(64);
  auto data = train.data();
  model m;
  tt::trainer{m, tt::adamw{.learning_rate = 1e-2}, {.batch = 16, .epochs = 3, .progress = silent}}.fit(data, loss);
  std::vector<char> used(static_cast<std::size_t>(m.size()));
  m.for_each_parameter([&](const char*, const tt::parameter& p, const float* values) {
    tt::detail::each_element(
        p, [&](tt::index, tt::index at) { used[static_cast<std::size_t>(values + at - m.data())] = 1; });
  });
  int unused = 0;
  for (std::size_t i = 0; i < used.size(); ++i)
    if (!used[i]) {
      ++unused;
      REQUIRE(tt::math::bits(m.data()[i]) == 0);
    }
  CHECK(unused > 0);
}

TEST_CASE("a call that fails changes nothing, and wrong options are refused") {
  const samples train(8);
  model m, before;
  tt::trainer trainer{m, tt::adam{}, {.batch = 8}};
  const auto y = tt::tensor(train.right, {8, 3});
  CHECK_THROWS_AS(trainer.step(loss, left = tt::tensor(train.left, {10, 4}), right = y, kind = train.kind), tt::error);
  CHECK(trainer.steps() == 0);
  CHECK(same_bits(m, before));
  trainer.step(loss, left = tt::tensor(train.left, {8, 5}), right = y, kind = train.kind);
  CHECK(trainer.steps() == 1);
  CHECK_THROWS_AS((tt::trainer{m, tt::adam{}, {.batch = 0}}), tt::error);
}

TEST_CASE("double on the reference engine trains to the same place as float on the native one") {
  const samples train(96);
  auto data = train.data();
  model a{tt::seed{8}};
  tt::model<network, double, tt::reference> b{tt::seed{8}};
  const tt::trainer_options options{.batch = 32, .epochs = 3, .clip_norm = 0.5, .progress = silent};
  const tt::fit_report one = tt::trainer{a, tt::adamw{}, options}.fit(data, loss);
  const tt::fit_report two = tt::trainer{b, tt::adamw{}, options}.fit(data, loss);
  CHECK(one.epochs.back().loss == doctest::Approx(two.epochs.back().loss).epsilon(1e-5));
  for (tt::index i = 0; i < a.size(); ++i) REQUIRE(a.data()[i] == doctest::Approx(b.data()[i]).epsilon(2e-3));
}
