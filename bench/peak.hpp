// What one core of this machine can do, measured in the binary that compares with it.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <tectum/kernels/native.hpp>
#include <vector>

namespace bench {

using lanes = tectum::simd<float, tectum::native_width<float>>;

#if defined(__x86_64__)
#define TECTUM_KEEP(x) asm volatile("" : "+v"(x.v))
#else
#define TECTUM_KEEP(x) asm volatile("" : "+w"(x.v))
#endif

// Twelve chains of fused multiply-adds, registers only.
[[gnu::noinline]] inline float multiply_add(std::int64_t rounds) {
  lanes a(0.999f), b(0.001f), c0(1), c1(2), c2(3), c3(4), c4(5), c5(6), c6(7), c7(8), c8(9), c9(10), c10(11), c11(12);
  TECTUM_KEEP(a);
  TECTUM_KEEP(b);
  const auto step = [&](lanes& c) __attribute__((always_inline)) {
    c = fma(c, a, b);
    TECTUM_KEEP(c);
  };
  for (std::int64_t i = 0; i < rounds; ++i)
    step(c0), step(c1), step(c2), step(c3), step(c4), step(c5), step(c6), step(c7), step(c8), step(c9), step(c10),
        step(c11);
  return horizontal_sum(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11);
}
inline constexpr double flops_a_round = 12.0 * 2 * lanes::width;

// The shortest of `runs` runs of f, in seconds: the host may take the core away in between.
template <class F>
double shortest(int runs, F f) {
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    f();
    const std::chrono::duration<double> t = std::chrono::steady_clock::now() - start;
    if (t.count() < best) best = t.count();
  }
  return best;
}

// GFLOP/s of multiply-adds.
inline double peak() {
  static const double best =
      flops_a_round * 50000 / shortest(40, [] { benchmark::DoNotOptimize(multiply_add(50000)); }) / 1e9;
  return best;
}
// GB/s, read and written, of a copy of 64 MB.
inline double peak_of_memory() {
  static const double best = [] {
    std::vector<char> from(64 << 20, 1), to(from.size());
    const double t = shortest(8, [&] {
      std::memcpy(to.data(), from.data(), from.size());
      benchmark::ClobberMemory();
    });
    return 2 * static_cast<double>(from.size()) / t / 1e9;
  }();
  return best;
}

}  // namespace bench
