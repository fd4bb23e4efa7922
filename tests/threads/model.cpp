// A model is shared between threads, each with a workspace of its own: the same bits as in one thread.
#include <doctest/doctest.h>

#include <thread>

#include "../model/zoo.hpp"

namespace {

std::vector<float> inference(const tt::model<zoo::network>& m, tt::workspace<zoo::network>& w, const zoo::batch& x) {
  return x.with_inputs([&](const auto&... in) { return values_of(m(w, zoo::guess, in...)); });
}

constexpr int threads = 16, calls = 8;

}  // namespace

TEST_CASE("inference from 16 threads") {
  const tt::model<zoo::network> m{tt::seed{1}};
  std::vector<zoo::batch> batches;
  std::vector<std::vector<float>> want;
  tt::workspace<zoo::network> w{zoo::samples};
  for (unsigned i = 0; i < threads; ++i) {
    batches.emplace_back(i);
    want.push_back(inference(m, w, batches.back()));
  }
  CHECK(want[0] != want[1]);

  std::vector<int> wrong(threads, -1);
  std::vector<std::thread> all;
  for (std::size_t t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      tt::workspace<zoo::network> own{zoo::samples};
      int differing = 0;
      for (std::size_t i = 0; i < calls; ++i) {
        const std::size_t which = (t + i) % threads;
        differing += inference(m, own, batches[which]) != want[which];
      }
      wrong[t] = differing;
    });
  for (std::thread& t : all) t.join();
  for (const int n : wrong) CHECK(n == 0);
}

TEST_CASE("a model and a workspace in each thread, training") {
  const auto train = [](unsigned seed) {
    tt::model<zoo::network> m{tt::seed{seed}};
    tt::workspace<zoo::network> w{zoo::samples};
    const zoo::batch x{seed};
    for (std::uint64_t step = 0; step < 3; ++step) {
      x.with([&](const auto&... in) { m.gradients_at({seed, step}, w, zoo::loss, zoo::distance, in...); });
      for (tt::index i = 0; i < m.size(); ++i) m.data()[i] -= 0.05f * w.gradients(m.size())[i];
    }
    return std::vector<float>(m.data(), m.data() + m.size());
  };
  std::vector<std::vector<float>> got(4);
  std::vector<std::thread> all;
  for (unsigned t = 0; t < 4; ++t) all.emplace_back([&, t] { got[t] = train(t % 2); });
  for (std::thread& t : all) t.join();
  CHECK(got[0] == train(0));
  CHECK(got[1] == train(1));
  CHECK(got[2] == got[0]);
  CHECK(got[3] == got[1]);
  CHECK(got[0] != got[1]);
}
