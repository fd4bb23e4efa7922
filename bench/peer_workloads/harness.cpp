#include "harness.hpp"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace peer_bench {

namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double setting(const char* name, double otherwise) {
  const char* const given = std::getenv(name);
  return given ? std::atof(given) : otherwise;
}

// A line of /proc/self/status in bytes; it has KiB.
long long status_bytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field + ":")) return std::atoll(line.c_str() + field.size() + 1) * 1024;
  return -1;
}

}  // namespace

timing time_calls(const std::function<void()>& call) {
  static const double budget = setting("PEERS_BUDGET_S", 0.25);
  static const std::size_t least = static_cast<std::size_t>(setting("PEERS_MIN_REPS", 7));
  constexpr std::size_t most = 3000;
  constexpr double warm_up = 0.03, shortest = 20e-6;

  double begin = seconds();
  call();
  const bool long_one = seconds() - begin > 0.5;
  begin = seconds();
  int calls = 0;
  do {
    call();
    ++calls;
  } while (!long_one && (calls < 3 || (seconds() - begin < warm_up && calls < 200)));
  const double one = std::max((seconds() - begin) / calls, 1e-8);
  const int group = std::max(1, static_cast<int>(shortest / one));

  std::vector<double> all;
  all.reserve(most);
  begin = seconds();
  while ((seconds() - begin < budget || all.size() < least) && all.size() < most) {
    const double before = seconds();
    for (int i = 0; i < group; ++i) call();
    all.push_back((seconds() - before) / group * 1e6);
  }
  std::ranges::sort(all);
  const std::size_t n = all.size();
  return {all[n / 2], all[n / 10], all[n * 9 / 10], static_cast<long long>(n) * group};
}

void deviation::see(double got, double wanted) {
  const double off = std::abs(got - wanted);
  if (!(off <= error)) error = off;  // a NaN stays, as no comparison with it holds
  scale = std::max(scale, std::abs(wanted));
}

void print_timing(const std::string& workload, int batch, const char* mode, const timing& t, const deviation* d) {
  std::printf(
      "{\"workload\":\"%s\",\"batch\":%d,\"mode\":\"%s\",\"peer\":\"tectum\",\"median_us\":%.3f,\"p10\":%.3f,"
      "\"p90\":%.3f,\"reps\":%lld",
      workload.c_str(), batch, mode, t.median, t.tenth, t.ninetieth, t.calls);
  if (d) std::printf(",\"err\":%.2g", d->error);
  std::puts("}");
  std::fflush(stdout);
}

void print_deviation(const std::string& workload, int batch, const char* what, const deviation& d) {
  std::printf("{\"workload\":\"%s\",\"batch\":%d,\"compared\":\"%s\",\"err\":%.3g,\"largest\":%.3g}\n",
              workload.c_str(), batch, what, d.error, d.scale);
  std::fflush(stdout);
}

void report_wrong(const std::string& workload, int batch, const deviation& d) {
  std::fprintf(stderr, "%s, batch %d: off by %g, where the largest value is %g\n", workload.c_str(), batch, d.error,
               d.scale);
}

void print_memory(const std::string& workload, int batch, const char* mode,
                  const std::function<void(const peak_of_calls&)>& measure) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot start a process");
  if (child == 0) {
    int status = 1;
    try {
      measure([&](const std::function<void()>& call, const std::function<accounted()>& after) {
        malloc_trim(0);
        std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew, without what loading took
        const long long loaded = status_bytes("VmRSS");
        for (int i = 0; i < 3; ++i) call();
        const long long peak = status_bytes("VmHWM");
        const accounted of = after();
        std::printf(
            "{\"workload\":\"%s\",\"batch\":%d,\"mode\":\"%s\",\"peer\":\"tectum\",\"peak_bytes\":%lld,"
            "\"loaded_bytes\":%lld,\"parameter_bytes\":%lld,\"arena_bytes\":%lld",
            workload.c_str(), batch, mode, peak, loaded, of.parameters, of.arena);
        if (of.planned >= 0) std::printf(",\"planned_bytes\":%lld", of.planned);
        std::puts("}");
        status = 0;
      });
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
    }
    std::fflush(nullptr);
    _exit(status);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(workload + ": memory could not be measured");
}

}  // namespace peer_bench
