// Every operator on its own, forward and backward: microseconds, GFLOP/s and GB/s beside what this core can do,
// measured in the same run. Options of Google Benchmark, as --benchmark_filter=gmu; or
//   --check FILE    how much faster than the reference engine each is at 32 samples, in one run; fails where that is
//   less
//                   than half of what FILE says
//   --record FILE   writes FILE
// Bytes are those of inputs, results and parameters, backward twice that; arithmetic backward is twice that of forward.
#include "peak.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>

#include "operators/timed_operator.hpp"

namespace {

using bench::timed_operator;

std::string name_of(const bench::plain_operator& o, const char* way) { return std::string(o.table->name) + "/" + way; }

void measure(benchmark::State& state, const bench::plain_operator& o, tectum::index batch, bool backward) {
  bench::peak();
  bench::peak_of_memory();
  const timed_operator t(o, batch);
  if (backward) t.record();
  double best = 1e9;
  for (auto _ : state) {
    const double s = bench::shortest(1, [&] {
      if (backward) t.backward();
      else t.forward();
      benchmark::ClobberMemory();
    });
    best = std::min(best, s);
    state.SetIterationTime(s);
  }
  const double work = (backward ? 2 : 1) * t.flops() / best / 1e9, moved = (backward ? 2 : 1) * t.bytes() / best / 1e9;
  state.counters["best_us"] = best * 1e6;
  state.counters["GFLOP/s"] = work;
  state.counters["GB/s"] = moved;
  state.counters["peak_GFLOP/s"] = bench::peak();
  state.counters["copy_GB/s"] = bench::peak_of_memory();
}

// Operator and way: how many times faster than the reference engine.
std::map<std::string, double> ratios() {
  std::map<std::string, double> all;
  for (const bench::plain_operator& o : bench::operators()) {
    const timed_operator t(o, 32);
    if (t.is_view()) continue;
    const auto seconds = [](const auto& call) {
      const double once = bench::shortest(2, call);
      const int calls = static_cast<int>(std::clamp(1e-3 / once, 1.0, 200.0));
      return bench::shortest(7,
                             [&] {
                               for (int i = 0; i < calls; ++i) call();
                             }) /
             calls;
    };
    all[name_of(o, "forward")] = seconds([&] { t.forward(false); }) / seconds([&] { t.forward(); });
    if (!t.has_gradient()) continue;
    t.record();
    all[name_of(o, "backward")] = seconds([&] { t.backward(false); }) / seconds([&] { t.backward(); });
  }
  return all;
}

int record(const char* path) {
  std::ofstream file(path);
  for (const auto& [name, ratio] : ratios()) {
    char line[200];
    std::snprintf(line, sizeof line, "%s %.2f\n", name.c_str(), ratio);
    file << line;
  }
  return file.flush() ? 0 : 1;
}

int check(const char* path) {
  std::map<std::string, double> expected;
  std::ifstream file(path);
  std::string name;
  for (double ratio = 0; file >> name >> ratio;) expected[name] = ratio;
  if (expected.empty()) throw std::runtime_error(std::string("no ratios in ") + path);
  int slower = 0, unknown = 0;
  std::printf("%-42s %10s %10s\n", "operator, 32 samples", "now", "recorded");
  for (const auto& [operator_name, ratio] : ratios()) {
    const auto e = expected.find(operator_name);
    const bool known = e != expected.end(), bad = known && ratio < e->second / 2;
    slower += bad;
    unknown += !known;
    std::printf("%-42s %9.2fx %9.2fx%s\n", operator_name.c_str(), ratio, known ? e->second : 0.0,
                bad     ? "  SLOWER"
                : known ? ""
                        : "  not recorded");
  }
  std::printf("%d slower, %d not recorded\n", slower, unknown);
  return slower + unknown > 0 ? 1 : 0;
}

}  // namespace

int main(int count, char** arguments) try {
  std::vector<bench::plain_operator>& all = bench::operators();
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return std::string(a.table->name) < b.table->name; });
  if (count == 3 && std::string(arguments[1]) == "--record") return record(arguments[2]);
  if (count == 3 && std::string(arguments[1]) == "--check") return check(arguments[2]);
  for (const bench::plain_operator& o : all) {
    const timed_operator one(o, 1);
    if (one.is_view()) continue;
    for (const bool backward : {false, true}) {
      if (backward && !one.has_gradient()) continue;
      for (const int batch : {1, 8, 32, 256})
        benchmark::RegisterBenchmark(
            (name_of(o, backward ? "backward" : "forward") + "/" + std::to_string(batch)).c_str(),
            [&o, batch, backward](benchmark::State& s) { measure(s, o, batch, backward); })
            ->UseManualTime();
    }
  }
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "operators_benchmark: %s\n", e.what());
  return 1;
}
