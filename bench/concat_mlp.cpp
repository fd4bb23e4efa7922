// Concatenation and an MLP (64/128/256 -> 256 relu -> 64 relu -> 10), timed as bench/peers.sh times its peers: one JSON
// line a cell, p10 the figure to compare. Also the FMA peak of this core, measured in the same run, and the packed
// product's share of it.
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/losses/cross_entropy.hpp>
#include <tectum/training/trainer.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace tt = tectum;

// The caller's tensor: rows of floats somewhere.
struct table {
  const float* data;
  tt::index rows, columns;
};
template <>
struct tectum::tensor_traits<table> {
  using scalar = float;
  static tensor_layout<const float> layout(const table& t) noexcept {
    return row_major_layout(t.data, {t.rows, t.columns});
  }
};

namespace net {
constexpr tt::name<"x"> x;
constexpr tt::name<"y"> y;
constexpr tt::name<"z"> z;
constexpr tt::name<"answer"> answer;
constexpr tt::name<"label"> label;
constexpr tt::name<"loss"> loss;
inline constexpr auto concat_mlp = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{64}}, y = tt::input{tt::features{128}},
                       z = tt::input{tt::features{256}}, label = tt::input{tt::category{10}},
                       answer = tt::fuse(tt::concat{}, x, y, z) | tt::linear{256} | tt::relu | tt::linear{64} |
                                tt::relu | tt::linear{10},
                       loss = tt::fuse(tt::cross_entropy{}, answer, label));
});
}  // namespace net

namespace {

struct timing {
  double median, p10, p90;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Microseconds a call; calls shorter than 20 us are timed in groups.
template <class F>
timing time_it(F f) {
  const char* const given = std::getenv("PEERS_BUDGET_S");
  const double budget = given ? std::atof(given) : 0.25;
  double begin = now();
  int n = 0;
  for (; n < 3 || (now() - begin < 0.03 && n < 200); ++n) f();
  const double one = std::max((now() - begin) / n, 1e-8);
  const int group = std::max(1, static_cast<int>(2e-5 / one));
  std::vector<double> samples;
  for (begin = now(); (now() - begin < budget || samples.size() < 7) && samples.size() < 3000;) {
    const double a = now();
    for (int i = 0; i < group; ++i) f();
    samples.push_back((now() - a) / group * 1e6);
  }
  std::sort(samples.begin(), samples.end());
  return {samples[samples.size() / 2], samples[samples.size() / 10], samples[samples.size() * 9 / 10]};
}

void print(const char* workload, int batch, const char* mode, const char* peer, const timing& t) {
  std::printf(
      "{\"workload\":\"%s\",\"batch\":%d,\"mode\":\"%s\",\"peer\":\"%s\",\"median_us\":%.3f,\"p10\":%.3f,\"p90\":%.3f}"
      "\n",
      workload, batch, mode, peer, t.median, t.p10, t.p90);
  std::fflush(stdout);
}

std::vector<float> noise(int n, float scale) {
  std::vector<float> v(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = scale * (static_cast<float>((static_cast<unsigned>(i) * 2654435761u >> 8) & 0xffff) / 65536.f - .5f);
  return v;
}

// Multiplications with additions a second, from registers alone.
double peak_gflops() {
  using lanes = tt::simd<float, tt::native_width<float>>;
  constexpr int chains = 20, steps = 2000;
  lanes c[chains];
  for (int i = 0; i < chains; ++i) c[i] = lanes(static_cast<float>(i));
  const lanes a(1.0000001f), b(1e-9f);
  const timing t = time_it([&] {
    for (int s = 0; s < steps; ++s)
#pragma GCC unroll 20
      for (int i = 0; i < chains; ++i) c[i] = fma(c[i], a, b);
    asm volatile("" ::"m"(c) : "memory");
  });
  return 2.0 * chains * steps * tt::native_width<float> / t.p10 * 1e-3;
}

double product_gflops(int rows, int in, int out) {
  const std::vector<float> x = noise(rows * in, 1);
  tt::memory<float> w(tt::packed_size(out, in)), y(rows * out);
  for (tt::index i = 0; i < w.size(); ++i) w.data()[i] = 0.01f;
  const timing t = time_it([&] {
    tt::native::product(tt::matrix<const float>{x.data(), rows, in, in}, tt::packed<const float>{w.data(), out, in}, {},
                        tt::matrix<float>{y.data(), rows, out, out});
  });
  return 2.0 * rows * in * out / t.p10 * 1e-3;
}

}  // namespace

int main() {
  std::printf("{\"peak_gflops\":%.1f", peak_gflops());
  for (const int rows : {1, 8, 32, 256})
    std::printf(",\"product_%d_gflops\":%.1f", rows, product_gflops(rows, 448, 256));
  std::printf("}\n");
  for (const int batch : {1, 8, 32, 256}) {
    const std::vector<float> x = noise(batch * 64, 1), y = noise(batch * 128, 1), z = noise(batch * 256, 1);
    std::vector<int> label(static_cast<std::size_t>(batch));
    for (std::size_t i = 0; i < label.size(); ++i) label[i] = static_cast<int>(i % 10);
    tt::model<net::concat_mlp> model{tt::seed{1}};
    tt::workspace<net::concat_mlp> workspace{batch};
    workspace.prepare(net::answer);
    const table bx{x.data(), batch, 64}, by{y.data(), batch, 128}, bz{z.data(), batch, 256};
    print("concat_mlp", batch, "infer", "tectum",
          time_it([&] { model(workspace, net::answer, net::x = bx, net::y = by, net::z = bz); }));
    tt::trainer trainer{model, tt::adam{.learning_rate = 1e-4}, {.batch = batch}};
    print("concat_mlp", batch, "train", "tectum",
          time_it([&] { trainer.step(net::loss, net::x = bx, net::y = by, net::z = bz, net::label = label); }));
  }
}
