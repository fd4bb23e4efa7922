// A call whose parts are shared among threads: the same bits however many there are, and whoever runs them.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <tectum/operators/layers.hpp>
#include <tectum/operators/losses.hpp>
#include <tectum/thread_pool.hpp>
#include <tectum/training/trainer.hpp>

#include "../allocation/counting.hpp"
#include "../model/networks.hpp"

namespace {

constexpr tt::name<"words"> words;
constexpr tt::name<"sound"> sound;
constexpr tt::name<"table"> table;
constexpr tt::name<"label"> label;
constexpr tt::name<"written"> written;
constexpr tt::name<"heard"> heard;
constexpr tt::name<"scores"> scores;
constexpr tt::name<"loss"> loss;
constexpr tt::name<"alike"> alike;

// What is drawn, what mixes samples, and a loss of pairs, among what goes in parts.
inline constexpr auto network = tt::architecture([] {
  return tt::equations(words = tt::input{tt::tokens{.length = 5, .padded = true, .vocabulary = 9}},
                       sound = tt::input{tt::sequence{.length = 12, .width = 64}},
                       table = tt::input{tt::features{.width = 6, .optional = true}},
                       label = tt::input{tt::category{3}},
                       written = words | tt::embedding{.vocabulary = 9, .dim = 16} | tt::gru{.hidden = 12} |
                                 tt::dropout{0.3} | tt::mean_pool,
                       heard = sound | tt::linear{64} | tt::batch_norm{} | tt::relu | tt::mean_pool | tt::linear{12},
                       alike = tt::fuse(tt::info_nce{}, written, heard),
                       scores = tt::fuse(tt::concat{}, written, heard, table | tt::missing_token{.p = 0.2}) |
                                tt::linear{20} | tt::tanh | tt::dropout{0.5} | tt::linear{3},
                       loss = tt::fuse(tt::cross_entropy{}, scores, label));
});

constexpr int most = 131;

struct data {
  std::vector<std::int32_t> ids, labels;
  std::vector<float> waves, rows;
  std::vector<int> lengths;
  std::vector<std::uint8_t> there;
  data() {
    for (int i = 0; i < most; ++i) {
      lengths.push_back(1 + i % 5);
      there.push_back(i % 3 != 1);
      labels.push_back(i % 3);
    }
    for (int i = 0; i < most * 5; ++i) ids.push_back(i * 7 % 9);
    for (int i = 0; i < most * 768; ++i) waves.push_back(static_cast<float>(i * 31 % 101 - 50) / 50.0f);
    for (int i = 0; i < most * 6; ++i) rows.push_back(static_cast<float>(i * 17 % 29 - 14) / 10.0f);
  }
  template <class F>
  auto inputs(tt::index n, F f) const {
    const auto count = static_cast<std::size_t>(n);
    const std::vector<int> some(lengths.begin(), lengths.begin() + n);
    const std::vector<std::uint8_t> given(there.begin(), there.begin() + n);
    return f(words = tt::padded(tt::tensor(ids.data(), {count, 5}), some),
             sound = tt::tensor(waves.data(), {count, 12, 64}),
             table = tt::optional(tt::tensor(rows.data(), {count, 6}), given));
  }
  template <class F>
  auto all(tt::index n, F f) const {
    return inputs(n, [&](const auto&... in) {
      return f(in..., label = tt::tensor(labels.data(), {static_cast<std::size_t>(n)}));
    });
  }
};

// An executor that runs everything on one thread, the last task first.
struct backwards {
  int lanes;
  int concurrency() const { return lanes; }
  template <class F>
  void run(int n, F task) {
    for (int i = n; i-- > 0;) task(i);
  }
};

struct results {
  std::vector<float> inferred, losses, gradients, trained;
  bool operator==(const results&) const = default;
};

results all_results(tt::index batch, tt::executor threads) {
  const data d;
  results r;
  tt::model<network> m{tt::seed{4}};
  tt::workspace<network> w{most, threads};
  d.inputs(batch, [&](const auto&... in) { r.inferred = values_of(m(w, scores, in...)); });
  d.all(batch, [&](const auto&... in) {  // with steps of all samples among the others
    const auto [a, s, b] = m(w, alike, scores, loss, in...);
    r.losses = {a.value(), b.value()};
    for (const float x : values_of(s)) r.inferred.push_back(x);
  });
  d.all(batch, [&](const auto&... in) {
    const auto [a, b] = m.gradients_at({5, 6}, w, loss, alike, in...);
    r.losses.push_back(a.value());
    r.losses.push_back(b.value());
  });
  r.gradients.assign(w.gradients(m.size()), w.gradients(m.size()) + m.size());
  tt::model<network> trained{tt::seed{4}};
  tt::trainer t{trained, tt::adam{.learning_rate = 1e-2}, {.batch = most, .clip_norm = 1, .threads = threads}};
  for (int step = 0; step < 3; ++step)
    d.all(batch, [&](const auto&... in) { r.losses.push_back(t.step(loss, alike, in...)); });
  r.trained.assign(trained.data(), trained.data() + trained.size());
  return r;
}

}  // namespace

TEST_CASE("results do not depend on the number of threads") {
  constexpr tt::plan_view plan = tt::detail::call<network, tt::mode::training, tt::detail::names<>>::plan();
  static_assert(plan.parts.keeps && plan.parts.share * 3 < most);
  for (const tt::index batch : {tt::index{0}, tt::index{1}, tt::index{17}, tt::index{64}, tt::index{most}}) {
    CAPTURE(batch);
    tt::thread_pool alone{1};
    const results want = all_results(batch, alone);
    for (const int n : {2, 3, 16}) {
      CAPTURE(n);
      tt::thread_pool pool{n};
      CHECK(all_results(batch, pool) == want);
      backwards serial{n};
      CHECK(all_results(batch, serial) == want);
    }
    // Without threads gradients are added up in another order.
    const results plain = all_results(batch, {});
    CHECK(plain.inferred == want.inferred);
    const auto half = static_cast<std::ptrdiff_t>(want.inferred.size() / 2);
    CHECK(std::equal(want.inferred.begin(), want.inferred.begin() + half, want.inferred.begin() + half));
    REQUIRE(plain.gradients.size() == want.gradients.size());
    float largest = 0, difference = 0;
    for (std::size_t i = 0; i < plain.gradients.size(); ++i) {
      largest = std::max(largest, std::abs(plain.gradients[i]));
      difference = std::max(difference, std::abs(plain.gradients[i] - want.gradients[i]));
    }
    CHECK(difference <= 2e-6f * largest);
  }
}

TEST_CASE("a product gives the same bits in parts of any size") {
  static constexpr auto wide = tt::architecture([] {
    return tt::equations(table = tt::input{tt::features{700}},
                         scores = table | tt::linear{530} | tt::relu | tt::linear{70});
  });
  const tt::model<wide> m{tt::seed{4}};
  std::vector<float> x(700 * most);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 37 % 211) / 100.0f - 1.0f;
  tt::workspace<wide> alone{most};
  for (const tt::index batch : {tt::index{16}, tt::index{50}, tt::index{most}}) {
    const auto in = [&] { return table = tt::tensor(x.data(), {static_cast<std::size_t>(batch), 700}); };
    const std::vector<float> want = values_of(m(alone, scores, in()));
    for (int n = 2; n <= 16; ++n) {
      backwards threads{n};
      tt::workspace<wide> w{most, threads};
      CHECK(values_of(m(w, scores, in())) == want);
    }
  }
}

TEST_CASE("with threads nothing is allocated either") {
  const data d;
  tt::thread_pool pool{3};
  tt::model<network> m{tt::seed{4}};
  tt::workspace<network> w{most, pool};
  w.prepare(scores);
  w.prepare_training(loss);
  const std::size_t before = allocations.load();
  std::size_t after = 0;
  d.all(most, [&](const auto&... in) {
    m.gradients(w, loss, in...);
    after = allocations.load();
  });
  CHECK(after - before < 20);  // those of the tensors given
  const auto in_call = [&](auto f) {
    std::size_t n = 0;
    d.inputs(most, [&](const auto&... in) {
      const std::size_t begin = allocations.load();
      f(in...);
      n = allocations.load() - begin;
    });
    return n;
  };
  CHECK(in_call([&](const auto&... in) { m(w, scores, in...); }) == 0);
}

TEST_CASE("a pool takes every task once") {
  tt::thread_pool pool{3};
  std::vector<std::atomic<int>> times(1000);
  for (int round = 0; round < 200; ++round) pool.run(1000, [&](int i) { ++times[static_cast<std::size_t>(i)]; });
  pool.run(0, [&](int) { CHECK(false); });
  for (const std::atomic<int>& n : times) CHECK(n == 200);
}
TEST_CASE("a pool is shared: by threads, and by its own tasks") {
  tt::thread_pool pool{2};
  std::atomic<int> done{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&] {
      for (int round = 0; round < 100; ++round) pool.run(4, [&](int) { pool.run(2, [&](int) { ++done; }); });
    });
  for (std::thread& t : callers) t.join();
  CHECK(done == 4 * 100 * 4 * 2);
}
TEST_CASE("a pool sleeps, and wakes up") {
  tt::thread_pool pool{2};
  std::atomic<int> done{0};
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pool.run(2, [&](int) { ++done; });
  }
  CHECK(done == 6);
}

TEST_CASE("TECTUM_THREADS says how many") {
  const char* const was = std::getenv("TECTUM_THREADS");
  const std::string kept = was ? was : "";
  setenv("TECTUM_THREADS", "3", 1);
  CHECK(tt::threads_of_environment() == 3);
  CHECK(tt::thread_pool{}.concurrency() == 3);
  unsetenv("TECTUM_THREADS");
  CHECK(tt::threads_of_environment() >= 1);
  for (const char* wrong : {"0", "-1", "two", "3x", "1025", "99999999999999999999"}) {
    setenv("TECTUM_THREADS", wrong, 1);
    CHECK_THROWS_WITH_AS(tt::threads_of_environment(),
                         (std::string("TECTUM_THREADS must be a number from 1 to 1024, got \"") + wrong + "\"").c_str(),
                         tt::error);
  }
  if (was) setenv("TECTUM_THREADS", kept.c_str(), 1);
  else unsetenv("TECTUM_THREADS");
  CHECK_THROWS_WITH_AS(tt::thread_pool{0}, "thread_pool: threads must be 1 or more, got 0", tt::error);
}
