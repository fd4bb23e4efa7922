// The native kernels against the FMA peak of the same core, measured in the same binary. `peak_%` is the share of it.
#include "peak.hpp"

using namespace tectum;
using bench::peak;

namespace {

// The counters are of the best iteration, as the peak is: on a shared machine the mean tells more of the neighbours.
template <class F>
void timed(benchmark::State& state, double flops, F f) {
  peak();
  double best = 1e9;
  const int inner = flops < 2e7 ? 8 : 1;  // calls between two looks at the clock
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < inner; ++i) {
      f();
      benchmark::ClobberMemory();
    }
    const std::chrono::duration<double> t = std::chrono::steady_clock::now() - start;
    best = t.count() / inner < best ? t.count() / inner : best;
    state.SetIterationTime(t.count() / inner);
  }
  state.counters["best_us"] = best * 1e6;
  state.counters["GFLOP/s"] = flops / best / 1e9;
  state.counters["peak_%"] = 100 * flops / best / 1e9 / peak();
}

std::vector<float> numbers(tectum::index n) {
  std::vector<float> v(static_cast<std::size_t>(n));
  native::fill_uniform(n, 1, 2, v.data());
  return v;
}

void fma_peak(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(bench::multiply_add(10000));
  state.counters["GFLOP/s"] = benchmark::Counter(
      bench::flops_a_round * 10000 * static_cast<double>(state.iterations()) / 1e9, benchmark::Counter::kIsRate);
}

struct product_case {
  tectum::index rows, in, out;
  std::vector<float> x, y, w, bias, scratch;
  explicit product_case(const benchmark::State& s)
      : rows(s.range(0)),
        in(s.range(1)),
        out(s.range(2)),
        x(numbers(rows * in)),
        y(numbers(rows * out)),
        w(numbers(packed_size(out, in))),
        bias(numbers(out)),
        scratch(numbers(native::product_input_gradient_scratch(out, in))) {}
  matrix<float> inputs() { return {x.data(), rows, in, in}; }
  matrix<float> outputs() { return {y.data(), rows, out, out}; }
  packed<float> weights() { return {w.data(), out, in}; }
  double flops() const { return 2.0 * static_cast<double>(rows * in * out); }
};
void product_forward(benchmark::State& state) {
  product_case c(state);
  timed(state, c.flops(), [&] {
    native::product(c.inputs(), c.weights(), {.bias = c.bias.data(), .act = activation::relu}, c.outputs());
  });
}
void product_input_gradient(benchmark::State& state) {
  product_case c(state);
  timed(state, c.flops(),
        [&] { native::product_input_gradient(c.outputs(), c.weights(), c.inputs(), c.scratch.data()); });
}
void product_weight_gradient(benchmark::State& state) {
  product_case c(state);
  timed(state, c.flops(), [&] { native::product_weight_gradient(c.outputs(), c.inputs(), c.weights()); });
}

struct convolution_case {
  convolution_geometry g;
  std::vector<float> x, y, w, scratch;
  explicit convolution_case(const benchmark::State& s) {
    const tectum::index k = s.range(3);
    g = {s.range(0), s.range(2), s.range(2), s.range(1), k, k, s.range(4), s.range(4), k / 2, k / 2};
    x = numbers(g.channels * g.height * g.width);
    y = numbers(g.filters * g.out_height() * g.out_width());
    w = numbers(g.weights());
    scratch = numbers(native::convolution_scratch(g));
  }
  packed<float> weights() { return {w.data(), g.filters, g.taps()}; }
  double flops() const { return 2.0 * static_cast<double>(g.filters * g.out_height() * g.out_width() * g.taps()); }
};
void convolution_forward(benchmark::State& state) {
  convolution_case c(state);
  timed(state, c.flops(), [&] { native::convolution(c.g, c.x.data(), c.weights(), {}, c.y.data(), c.scratch.data()); });
}
void convolution_weight_gradient(benchmark::State& state) {
  convolution_case c(state);
  timed(state, c.flops(),
        [&] { native::convolution_weight_gradient(c.g, c.x.data(), c.y.data(), c.weights(), c.scratch.data()); });
}
void convolution_input_gradient(benchmark::State& state) {
  convolution_case c(state);
  timed(state, c.flops(),
        [&] { native::convolution_input_gradient(c.g, c.y.data(), c.weights(), c.x.data(), c.scratch.data()); });
}

struct attention_case {
  attention_geometry<float> g;
  tectum::index wide;
  std::vector<float> q, k, v, y, p, dq, dk, dv, scratch;
  explicit attention_case(const benchmark::State& s)
      : g{s.range(0), s.range(1), s.range(2), s.range(3), s.range(3), 0.3f},
        wide(g.heads * g.head_width),
        q(numbers(g.queries * wide)),
        k(numbers(g.keys * wide)),
        v(k),
        y(q),
        p(numbers(g.heads * g.queries * g.keys)),
        dq(q),
        dk(k),
        dv(k),
        scratch(numbers(native::attention_gradient_scratch(g))) {}
  matrix<float> queries(std::vector<float>& m) const { return {m.data(), g.queries, wide, wide}; }
  matrix<float> keys(std::vector<float>& m) const { return {m.data(), g.keys, wide, wide}; }
  double flops() const { return 4.0 * static_cast<double>(g.queries * g.keys * wide); }
};
void attention_forward(benchmark::State& state) {
  attention_case c(state);
  timed(state, c.flops(),
        [&] { native::attention(c.g, c.queries(c.q), c.keys(c.k), c.keys(c.v), nullptr, c.queries(c.y), c.p.data()); });
}
void attention_gradient(benchmark::State& state) {
  attention_case c(state);
  timed(state, 2 * c.flops(), [&] {
    native::attention_gradient(c.g, c.queries(c.q), c.keys(c.k), c.keys(c.v), nullptr, c.p.data(), c.queries(c.y),
                               c.queries(c.dq), c.keys(c.dk), c.keys(c.dv), nullptr, c.scratch.data());
  });
}

void tanh_map(benchmark::State& state) {
  std::vector<float> x = numbers(4096), y = x;
  const matrix<float> from{x.data(), 1, 4096, 4096}, to{y.data(), 1, 4096, 4096};
  for (auto _ : state) {
    native::map(to, [](auto a) { return math::tanh(a); }, from);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(4096 * state.iterations());
}

void products(benchmark::internal::Benchmark* b) {
  b->ArgNames({"rows", "in", "out"})->UseManualTime();
  for (std::int64_t rows : {1, 8, 32, 256})
    for (auto [in, out] : {std::pair<std::int64_t, std::int64_t>{448, 256}, {256, 256}, {1024, 256}})
      b->Args({rows, in, out});
}
void convolutions(benchmark::internal::Benchmark* b) {
  b->ArgNames({"channels", "filters", "size", "kernel", "stride"})->UseManualTime();
  b->Args({16, 32, 14, 5, 1})->Args({1, 16, 28, 5, 1})->Args({32, 64, 16, 3, 1})->Args({32, 64, 16, 3, 2});
}
void attentions(benchmark::internal::Benchmark* b) {
  b->ArgNames({"heads", "queries", "keys", "width"})->UseManualTime();
  b->Args({8, 20, 50, 5})->Args({4, 12, 49, 16})->Args({8, 64, 196, 64});
}

BENCHMARK(fma_peak);
BENCHMARK(product_forward)->Apply(products);
BENCHMARK(product_input_gradient)->Apply(products);
BENCHMARK(product_weight_gradient)->Apply(products);
BENCHMARK(convolution_forward)->Apply(convolutions);
BENCHMARK(convolution_weight_gradient)->Apply(convolutions);
BENCHMARK(convolution_input_gradient)->Apply(convolutions);
BENCHMARK(attention_forward)->Apply(attentions);
BENCHMARK(attention_gradient)->Apply(attentions);
BENCHMARK(tanh_map);

}  // namespace

BENCHMARK_MAIN();
