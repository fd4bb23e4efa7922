// Two ways to write one fusion: the same results and the same gradients of the inputs.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <tectum/kernels/reference.hpp>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>
#include <vector>

#include "../numbers.hpp"

namespace tt = tectum;

namespace {

using tests::all;
using tests::close;
using tests::numbers;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"c"> c;
constexpr tt::name<"first"> first;
constexpr tt::name<"second"> second;
constexpr tt::name<"gate"> gate;
constexpr tt::name<"y"> y;
constexpr tt::name<"z"> z;

constexpr int samples = 3;

// Numbers without a pattern.
void fill(double* x, std::size_t n, double seed) {
  for (std::size_t i = 0; i < n; ++i) x[i] = std::sin(seed + 1.7 * static_cast<double>(i * i % 101 + i));
}
numbers drawn(std::size_t n, double seed) {
  numbers v(n);
  fill(v.data(), n, seed);
  return v;
}

// A network with parameters set by name, and what it gives.
template <const auto& Architecture>
struct network {
  tt::model<Architecture, double, tt::reference> model;
  typename decltype(model)::workspace_type workspace{samples};

  void set(const std::string& name, const numbers& v) {
    const int i = model.find(name.c_str());
    REQUIRE_MESSAGE(i >= 0, name);
    REQUIRE(model.graph().parameters[i].what.size() == static_cast<long long>(v.size()));
    model.set(name.c_str(), v.data());
  }
  void set_layer(const std::string& name, const numbers& weight, const numbers& bias) {
    set(name + ".weight", weight);
    set(name + ".bias", bias);
  }
};

// The results of both for the same inputs and the same gradients of the results, then the gradients of the inputs.
template <class Left, class Right, class Inputs, class... Arguments>
void equal(Left& left, Right& right, const Inputs& inputs, double epsilon, const Arguments&... arguments) {
  close(all(left.model.backward(left.workspace, arguments...)),
        all(right.model.backward(right.workspace, arguments...)), epsilon);
  inputs([&](const auto& name) {
    close(all(left.workspace.gradient(name)), all(right.workspace.gradient(name)), epsilon);
  });
}
constexpr auto of_a = [](auto&& compare) { compare(a); };
constexpr auto of_both = [](auto&& compare) {
  compare(a);
  compare(b);
};

struct vectors {
  double a[samples][3], b[samples][4], dy[samples][4];
  vectors() {
    fill(&a[0][0], samples * 3, 0.3);
    fill(&b[0][0], samples * 4, 0.8);
    fill(&dy[0][0], samples * 4, 1.1);
  }
};
struct pictures {
  double a[samples][4][2][3], dy[samples][4][2][3];
  pictures() {
    fill(&a[0][0][0][0], samples * 24, 0.4);
    fill(&dy[0][0][0][0], samples * 24, 2.2);
  }
};

template <class Make>
constexpr auto of_vectors(Make make) {
  return tt::architecture(
      [=] { return tt::equations(a = tt::input{tt::features{3}}, b = tt::input{tt::features{4}}, y = make()); });
}
template <class Make>
constexpr auto of_picture(Make make) {
  return tt::architecture(
      [=] { return tt::equations(a = tt::input{tt::picture{.channels = 4, .height = 2, .width = 3}}, y = make()); });
}
numbers joined(numbers begin, const numbers& rest) {
  begin.insert(begin.end(), rest.begin(), rest.end());
  return begin;
}

inline constexpr auto summed = of_vectors([] { return tt::fuse(tt::sum{}, a | tt::linear{4}, b | tt::linear{4}); });
inline constexpr auto concatenated = of_vectors([] { return tt::fuse(tt::concat{}, a, b) | tt::linear{4}; });
inline constexpr auto multiplicative = of_vectors([] { return tt::multiplicative_vector(4, a, b); });
inline constexpr auto raw_film = of_vectors([] { return tt::fuse(tt::film{.delta = false}, b, a); });
inline constexpr auto film = of_vectors([] { return tt::fuse(tt::film{}, b, a); });
inline constexpr auto unit = of_vectors([] { return tt::fuse(tt::gmu{.features = 4}, a, b); });
inline constexpr auto mean_of_tanh = of_vectors(
    [] { return tt::fuse(tt::mean{}, a | tt::linear{4, false} | tt::tanh, b | tt::linear{4, false} | tt::tanh); });
inline constexpr auto mmtm_of_one =
    of_picture([] { return tt::fuse(tt::channel_excite{}, a, tt::fuse(tt::channel_squeeze{.ratio = 2}, a)); });
inline constexpr auto written_out = of_picture([] {
  return tt::fuse(tt::modulate{}, a,
                  a | tt::global_average_pool | tt::linear{2} | tt::relu | tt::linear{4} | tt::sigmoid,
                  a | tt::global_average_pool | tt::affine{.scale = 0});
});
inline constexpr auto twice =
    of_picture([] { return tt::fuse(tt::channel_excite{.gain = 2}, a, tt::fuse(tt::channel_squeeze{}, a)); });

}  // namespace

TEST_CASE("a sum of linear layers is a linear layer of block weights on the concatenation") {
  network<summed> left;
  network<concatenated> right;
  const numbers w = drawn(12, 1), v = drawn(16, 2), of_w = drawn(4, 3), of_v = drawn(4, 4);
  numbers block, bias;
  for (std::size_t o = 0; o < 4; ++o) {
    for (std::size_t i = 0; i < 3; ++i) block.push_back(w[3 * o + i]);
    for (std::size_t i = 0; i < 4; ++i) block.push_back(v[4 * o + i]);
    bias.push_back(of_w[o] + of_v[o]);
  }
  left.set_layer("y.linear", w, of_w);
  left.set_layer("y.linear_2", v, of_v);
  right.set_layer("y.linear", block, bias);
  const vectors x;
  equal(left, right, of_both, 1e-13, tt::gradient(y) = x.dy, a = x.a, b = x.b);
}

TEST_CASE("a multiplicative interaction of vectors is FiLM, raw and as a difference from 1") {
  network<multiplicative> left;
  network<raw_film> raw;
  network<film> difference;
  const numbers scale = drawn(12, 1), shift = drawn(12, 2), of_scale = drawn(4, 3), of_shift = drawn(4, 4);
  numbers less = of_scale;
  for (double& v : less) v -= 1;
  left.set_layer("y.linear", scale, of_scale);
  left.set_layer("y.linear_2", shift, of_shift);
  raw.set_layer("y.film", joined(scale, shift), joined(of_scale, of_shift));
  difference.set_layer("y.film", joined(scale, shift), joined(less, of_shift));
  const vectors x;
  equal(left, raw, of_both, 1e-13, tt::gradient(y) = x.dy, a = x.a, b = x.b);
  equal(left, difference, of_both, 1e-12, tt::gradient(y) = x.dy, a = x.a, b = x.b);
}

TEST_CASE("MMTM of one modality is squeeze-and-excitation") {
  network<mmtm_of_one> left;
  network<written_out> right;
  const numbers w = drawn(8, 1), v = drawn(8, 2), of_w = drawn(2, 3), of_v = drawn(4, 4);
  left.set_layer("y.channel_squeeze", w, of_w);
  left.set_layer("y.channel_excite", v, of_v);
  right.set_layer("y.linear", w, of_w);
  right.set_layer("y.linear_2", v, of_v);
  const pictures x;
  equal(left, right, of_a, 1e-13, tt::gradient(y) = x.dy, a = x.a);
}

TEST_CASE("a GMU whose gate is one half is the mean of tanh projections") {
  network<unit> left;
  network<mean_of_tanh> right;
  const numbers w = drawn(12, 1), v = drawn(16, 2);
  left.set("y.gmu.weight.0", w);
  left.set("y.gmu.weight.1", v);
  left.set("y.gmu.gate_weight", numbers(28, 0));
  right.set("y.linear.weight", w);
  right.set("y.linear_2.weight", v);
  const vectors x;
  equal(left, right, of_both, 1e-13, tt::gradient(y) = x.dy, a = x.a, b = x.b);
}

namespace {
// Experts a, b and c; the variance of each is told by its mean.
template <class Make>
constexpr auto of_experts(Make make) {
  return tt::architecture([=] {
    return tt::equations(a = tt::input{tt::features{4}}, b = tt::input{tt::features{4}}, c = tt::input{tt::features{4}},
                         tt::named(y, z) = make());
  });
}
constexpr auto variance(auto x) { return x | tt::affine{.scale = 0.5, .shift = -0.2}; }
inline constexpr auto alone =
    of_experts([] { return tt::fuse(tt::gaussian_product{.prior = false, .epsilon = 0}, a, b); });
inline constexpr auto in_order =
    of_experts([] { return tt::fuse(tt::gaussian_product{}, a, variance(a), b, variance(b), c, variance(c)); });
inline constexpr auto turned =
    of_experts([] { return tt::fuse(tt::gaussian_product{}, c, variance(c), a, variance(a), b, variance(b)); });
}  // namespace

namespace {
// z tanh(p) + (1 - z) tanh(q) with p, q the projections and z a gate that sees them, or the inputs.
template <bool Inputs>
constexpr auto gated() {
  return tt::architecture([] {
    const auto seen = [] {
      if constexpr (Inputs) return tt::fuse(tt::concat{}, a, b) | tt::linear{4, false} | tt::sigmoid;
      else return tt::fuse(tt::concat{}, first, second) | tt::linear{4, false} | tt::sigmoid;
    };
    return tt::equations(
        a = tt::input{tt::features{3}}, b = tt::input{tt::features{4}}, first = a | tt::linear{4, false},
        second = b | tt::linear{4, false}, gate = seen(),
        y = tt::fuse(tt::sum{}, tt::fuse(tt::product{}, gate, first | tt::tanh),
                     tt::fuse(tt::product{}, gate | tt::affine{.scale = -1, .shift = 1}, second | tt::tanh)));
  });
}
inline constexpr auto gate_of_inputs = gated<true>(), gate_of_projections = gated<false>();
inline constexpr auto projecting =
    of_vectors([] { return tt::fuse(tt::gmu{.features = 4, .gate = tt::gmu_gate::projections}, a, b); });

template <const auto& Unit, const auto& Written>
void gates_see(std::size_t seen) {
  network<Unit> left;
  network<Written> right;
  const numbers w = drawn(12, 1), v = drawn(16, 2), g = drawn(4 * seen, 3);
  left.set("y.gmu.weight.0", w);
  left.set("y.gmu.weight.1", v);
  left.set("y.gmu.gate_weight", g);
  right.set("first.linear.weight", w);
  right.set("second.linear.weight", v);
  right.set("gate.linear.weight", g);
  const vectors x;
  equal(left, right, of_both, 1e-12, tt::gradient(y) = x.dy, a = x.a, b = x.b);
}
}  // namespace

TEST_CASE("the gate of a GMU sees the inputs, or their projections where that is asked for") {
  gates_see<unit, gate_of_inputs>(7);
  gates_see<projecting, gate_of_projections>(8);
}

TEST_CASE("a product of one expert without a prior is that expert") {
  network<alone> one;
  double mean[samples][4], log_variance[samples][4], dy[samples][4], dz[samples][4];
  fill(&mean[0][0], samples * 4, 1);
  fill(&log_variance[0][0], samples * 4, 2);
  fill(&dy[0][0], samples * 4, 3);
  fill(&dz[0][0], samples * 4, 4);
  const auto [m, v] =
      one.model.backward(one.workspace, tt::gradient(y) = dy, tt::gradient(z) = dz, a = mean, b = log_variance);
  const auto flat = [](const auto& x) { return numbers(&x[0][0], &x[0][0] + samples * 4); };
  close(all(m), flat(mean));
  close(all(v), flat(log_variance));
  close(all(one.workspace.gradient(a)), flat(dy));
  close(all(one.workspace.gradient(b)), flat(dz));
}

TEST_CASE("a product of experts does not depend on their order") {
  network<in_order> left;
  network<turned> right;
  double x[3][samples][4], dy[samples][4], dz[samples][4];
  fill(&x[0][0][0], 3 * samples * 4, 1);
  fill(&dy[0][0], samples * 4, 3);
  fill(&dz[0][0], samples * 4, 4);
  const auto results = [&](auto& n) {
    const auto [m, v] =
        n.model.backward(n.workspace, tt::gradient(y) = dy, tt::gradient(z) = dz, a = x[0], b = x[1], c = x[2]);
    return joined(all(m), all(v));
  };
  close(results(left), results(right));
  close(all(left.workspace.gradient(a)), all(right.workspace.gradient(a)));
  close(all(left.workspace.gradient(b)), all(right.workspace.gradient(b)));
  close(all(left.workspace.gradient(c)), all(right.workspace.gradient(c)));
}

TEST_CASE("FiLM of zero weights and MMTM of gain 2 and zero weights are the identity") {
  network<film> modulation;
  modulation.set_layer("y.film", numbers(24, 0), numbers(8, 0));
  const vectors x;
  CHECK(all(modulation.model.backward(modulation.workspace, tt::gradient(y) = x.dy, a = x.a, b = x.b)) ==
        numbers(&x.b[0][0], &x.b[0][0] + samples * 4));
  CHECK(all(modulation.workspace.gradient(b)) == numbers(&x.dy[0][0], &x.dy[0][0] + samples * 4));
  for (const double d : all(modulation.workspace.gradient(a))) CHECK(d == 0);

  network<twice> excited;
  excited.set_layer("y.channel_squeeze", numbers(4, 0), numbers(1, 0));
  excited.set_layer("y.channel_excite", numbers(4, 0), numbers(4, 0));
  const pictures p;
  const double *const pixels = &p.a[0][0][0][0], *const upper = &p.dy[0][0][0][0];
  CHECK(all(excited.model.backward(excited.workspace, tt::gradient(y) = p.dy, a = p.a)) ==
        numbers(pixels, pixels + samples * 24));
  CHECK(all(excited.workspace.gradient(a)) == numbers(upper, upper + samples * 24));
}
