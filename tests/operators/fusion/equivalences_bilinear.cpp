// Bilinear fusions that are one another under suitable parameters: outputs and the gradients of inputs, in double.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion/compact_bilinear.hpp>
#include <tectum/operators/fusion/factorised.hpp>
#include <tectum/operators/fusion/low_rank_fusion.hpp>
#include <tectum/operators/fusion/mlb.hpp>
#include <tectum/operators/fusion/multiplicative.hpp>
#include <tectum/operators/fusion/tensor_fusion.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <vector>

#include "../attention/bare.hpp"
#include "../numbers.hpp"

namespace tt = tectum;

namespace {

using tests::numbers;
using tests::values;
using size = std::size_t;

constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"third"> third;
constexpr tt::name<"y"> y;

// Widths of the inputs, and of the joint spaces and results below.
constexpr size n0 = 5, n1 = 3, n2 = 2, M = 4, D = 3, samples = 4;

template <class T>
constexpr int as_int(T n) {
  return static_cast<int>(n);
}
constexpr auto two(auto expression) {
  return tt::architecture([=] {
    return tt::equations(left = tt::input{tt::features{as_int(n0)}}, right = tt::input{tt::features{as_int(n1)}},
                         y = expression);
  });
}
constexpr auto three(auto expression) {
  return tt::architecture([=] {
    return tt::equations(left = tt::input{tt::features{as_int(n0)}}, right = tt::input{tt::features{as_int(n1)}},
                         third = tt::input{tt::features{as_int(n2)}}, y = expression);
  });
}

template <const auto& Network>
struct tried {
  tt::model<Network, double> model{tt::seed{5}};

  tried& set(const std::string& name, const numbers& v) {
    REQUIRE(model.set(("y." + name).c_str(), v.data()));
    return *this;
  }
  tried& layer(const std::string& name, const numbers& weight, const numbers& bias) {
    return set(name + ".weight", weight).set(name + ".bias", bias);
  }
  // The result and the gradients of all inputs, one behind the other.
  template <bool Third>
  numbers results() {
    const numbers a = values(samples * n0, 7), b = values(samples * n1, 8), c = values(samples * n2, 9);
    const auto x0 = left = tt::tensor(a, {samples, n0});
    const auto x1 = right = tt::tensor(b, {samples, n1});
    const auto x2 = third = tt::tensor(c, {samples, n2});
    tt::workspace<Network, double> memory{samples};
    numbers all;
    const auto append = [&](const auto& r) { all.insert(all.end(), r.data(), r.data() + r.size()); };
    const size width = [&] {
      if constexpr (Third) return size(model(x0, x1, x2).size());
      else return size(model(x0, x1).size());
    }() / samples;
    const numbers g = values(samples * width, 10);
    const auto dy = tt::gradient(y) = tt::tensor(g, {samples, width});
    if constexpr (Third) {
      append(model.backward(memory, dy, x0, x1, x2));
      append(memory.gradient(third));
    } else {
      append(model.backward(memory, dy, x0, x1));
    }
    append(memory.gradient(left));
    append(memory.gradient(right));
    return all;
  }
};

// To rounding, of the largest element.
void same(const numbers& a, const numbers& b) {
  REQUIRE(a.size() == b.size());
  double most = 0, worst = 0;
  for (size i = 0; i < a.size(); ++i) {
    most = std::max(most, std::abs(a[i]));
    worst = std::max(worst, std::abs(a[i] - b[i]));
  }
  CHECK(most > 0);
  CHECK(worst <= 1e-12 * most);
}

numbers identity(size n) {
  numbers v(n * n);
  for (size i = 0; i < n; ++i) v[i * n + i] = 1;
  return v;
}

}  // namespace

TEST_CASE("a linear layer on the tensor fusion of two is the multiplicative interaction") {
  static constexpr auto whole = two(tt::fuse(tt::tensor_fusion{}, left, right) | tt::linear{as_int(D), false});
  static constexpr auto parts = two(tt::multiplicative_interaction(as_int(D), left, right));
  const size rows = n0 + 1, columns = n1 + 1;
  const numbers weight = values(D * rows * columns, 1);
  numbers W, U, V, b;
  for (size o = 0; o < D; ++o)
    for (size i = 0; i < rows; ++i)
      for (size j = 0; j < columns; ++j)
        (i > 0 ? j > 0 ? W : U : j > 0 ? V : b).push_back(weight[(o * rows + i) * columns + j]);
  tried<whole> one;
  tried<parts> other;
  one.set("linear.weight", weight);
  other.layer("bilinear", W, b).set("linear.weight", U).set("linear_2.weight", V);
  same(one.results<false>(), other.results<false>());
}

TEST_CASE("a linear layer on the tensor fusion whose weight is a sum of products is low-rank fusion") {
  static constexpr auto whole = three(tt::fuse(tt::tensor_fusion{}, left, right, third) | tt::linear{as_int(D)});
  static constexpr auto low = three(tt::fuse(tt::low_rank_fusion{2, as_int(D)}, left, right, third));
  constexpr size rank = 2, sizes[] = {n0 + 1, n1 + 1, n2 + 1};
  const numbers f[] = {values(rank * sizes[0] * D, 1), values(rank * sizes[1] * D, 2), values(rank * sizes[2] * D, 3)};
  const numbers w = values(rank, 4), bias = values(D, 5);
  numbers weight;
  for (size o = 0; o < D; ++o)
    for (size i = 0; i < sizes[0]; ++i)
      for (size j = 0; j < sizes[1]; ++j)
        for (size k = 0; k < sizes[2]; ++k) {
          double s = 0;
          for (size r = 0; r < rank; ++r)
            s += w[r] * f[0][(r * sizes[0] + i) * D + o] * f[1][(r * sizes[1] + j) * D + o] *
                 f[2][(r * sizes[2] + k) * D + o];
          weight.push_back(s);
        }
  tried<whole> one;
  tried<low> other;
  one.layer("linear", weight, bias);
  for (int k = 0; k < 3; ++k) other.set("low_rank_fusion.factor." + std::to_string(k), f[k]);
  other.set("low_rank_fusion.fusion_weights", w).set("low_rank_fusion.fusion_bias", bias);
  same(one.results<true>(), other.results<true>());
}

TEST_CASE("low-rank fusion of rank 1 is MLB without activations") {
  static constexpr auto low = three(tt::fuse(tt::low_rank_fusion{1, as_int(D)}, left, right, third));
  static constexpr auto mlb = three(
      tt::fuse(tt::mlb{.rank = as_int(D), .features = as_int(D), .act = tt::activation::identity}, left, right, third));
  constexpr size sizes[] = {n0, n1, n2};
  for (bool constant : {false, true}) {  // the rows of the constant 1 are MLB's biases
    tried<low> one;
    tried<mlb> other;
    for (size k = 0; k < 3; ++k) {
      const numbers bias = constant ? values(D, 4 + static_cast<double>(k)) : numbers(D);
      const numbers weight = values(D * sizes[k], 1 + static_cast<double>(k));
      numbers factor = bias;
      for (size i = 0; i < sizes[k]; ++i)
        for (size o = 0; o < D; ++o) factor.push_back(weight[o * sizes[k] + i]);
      one.set("low_rank_fusion.factor." + std::to_string(k), factor);
      other.set("mlb.weight." + std::to_string(k), weight).set("mlb.bias." + std::to_string(k), bias);
    }
    one.set("low_rank_fusion.fusion_weights", {1}).set("low_rank_fusion.fusion_bias", values(D, 9));
    other.set("mlb.output_weight", identity(D)).set("mlb.output_bias", values(D, 9));
    same(one.results<true>(), other.results<true>());
  }
}

TEST_CASE("MFB of factor 1 is MLB, MFH of order 1 is MFB") {
  constexpr tt::factor_options one_factor{.features = as_int(D), .width = as_int(M)};
  constexpr tt::factor_options options{
      .features = as_int(D), .width = as_int(M), .factor = 3, .normalize = tt::power_norm::whole};
  static constexpr auto mlb = three(tt::fuse(tt::mlb{.rank = as_int(M), .features = as_int(D)}, left, right, third));
  static constexpr auto mfb = three(tt::mfb<tt::tanh>(one_factor, left, right, third));
  static constexpr auto wide = three(tt::mfb<tt::tanh>(options, left, right, third));
  static constexpr auto mfh = three(tt::mfh<1, tt::tanh>(options, left, right, third));
  constexpr size sizes[] = {n0, n1, n2, M};
  tried<mlb> a;
  tried<mfb> b;
  tried<wide> c;
  tried<mfh> d;
  for (size k = 0; k < 4; ++k) {
    const double seed = static_cast<double>(k);
    const std::string layer = k == 0 ? "linear" : "linear_" + std::to_string(k + 1);
    const size out = k < 3 ? M : D, much = k < 3 ? 3 * M : D;
    b.layer(layer, values(out * sizes[k], seed), values(out, seed + 4));
    c.layer(layer, values(much * sizes[k], seed), values(much, seed + 4));
    d.layer(layer, values(much * sizes[k], seed), values(much, seed + 4));
    const std::string end = k < 3 ? "." + std::to_string(k) : "", begin = k < 3 ? "mlb." : "mlb.output_";
    a.set(begin + "weight" + end, values(out * sizes[k], seed)).set(begin + "bias" + end, values(out, seed + 4));
  }
  same(a.results<true>(), b.results<true>());
  CHECK(c.results<true>() == d.results<true>());
}

TEST_CASE("BLOCK of one chunk, normalised behind, is MUTAN; block-Tucker of one chunk is Tucker") {
  constexpr tt::factor_options options{
      .features = as_int(D), .width = as_int(M), .factor = 3, .normalize = tt::power_norm::whole};
  constexpr tt::block_options chunk{
      .features = as_int(D), .width = as_int(M), .chunks = 1, .rank = 3, .normalize = tt::power_norm::whole};
  static constexpr auto block = two(tt::block(chunk, left, right));
  static constexpr auto mutan = two(tt::mutan(options, left, right));
  static constexpr auto block_tucker = three(
      tt::block_tucker({.features = as_int(D), .width = as_int(M), .chunks = 1, .normalize = tt::power_norm::whole},
                       left, right, third));
  static constexpr auto tucker = three(
      tt::tucker({.features = as_int(D), .width = as_int(M), .normalize = tt::power_norm::whole}, left, right, third));
  tried<block> a;
  tried<mutan> b;
  a.layer("linear", values(M * n0, 1), values(M, 2)).layer("block_linear", values(3 * M * M, 3), values(3 * M, 4));
  a.layer("linear_2", values(M * n1, 5), values(M, 6)).layer("block_linear_2", values(3 * M * M, 7), values(3 * M, 8));
  a.layer("linear_3", values(D * M, 9), values(D, 10));
  b.layer("linear", values(M * n0, 1), values(M, 2)).layer("linear_2", values(3 * M * M, 3), values(3 * M, 4));
  b.layer("linear_3", values(M * n1, 5), values(M, 6)).layer("linear_4", values(3 * M * M, 7), values(3 * M, 8));
  b.layer("linear_5", values(D * M, 9), values(D, 10));
  same(a.results<false>(), b.results<false>());
  tried<block_tucker> c;
  tried<tucker> d;
  const auto fill = [](auto& m, const std::string& core) {
    m.layer("linear", values(M * n0, 1), values(M, 2)).layer("linear_2", values(M * n1, 3), values(M, 4));
    m.layer("linear_3", values(M * n2, 5), values(M, 6)).layer(core, values(M * M * M * M, 7), values(M, 8));
    m.layer("linear_4", values(D * M, 9), values(D, 10));
  };
  fill(c, "block_bilinear");
  fill(d, "bilinear");
  same(c.results<true>(), d.results<true>());
}

// One factor of the core's sum for each pair of places in the first two modalities: there the merging layers of MUTAN
// pick those, and the third's holds the core.
TEST_CASE("MUTAN of full rank is Tucker, for two modalities and for three") {
  constexpr size m = 3;
  static constexpr auto two_mutan =
      two(tt::mutan({.features = as_int(D), .width = as_int(m), .factor = as_int(m)}, left, right));
  static constexpr auto two_tucker = two(tt::tucker({.features = as_int(D), .width = as_int(m)}, left, right));
  static constexpr auto mutan =
      three(tt::mutan({.features = as_int(D), .width = as_int(m), .factor = as_int(m * m)}, left, right, third));
  static constexpr auto tucker = three(tt::tucker({.features = as_int(D), .width = as_int(m)}, left, right, third));
  const auto spread = [](size rank, auto at) {  // [rank, m, m]: of term r and result k, the weight of element i
    numbers w;
    for (size r = 0; r < rank; ++r)
      for (size k = 0; k < m; ++k)
        for (size i = 0; i < m; ++i) w.push_back(at(r, k, i));
    return w;
  };
  const auto project = [](auto& one, const std::string& name, size n, double seed) {
    one.layer(name, values(m * n, seed), values(m, seed + 1));
  };
  const auto last = [](auto& one, const std::string& name) { one.layer(name, values(D * m, 9), values(D, 10)); };
  const auto picks = [](bool yes) { return yes ? 1.0 : 0.0; };
  {
    const numbers core = values(m * m * m, 5);
    tried<two_mutan> a;
    tried<two_tucker> b;
    project(a, "linear", n0, 1);
    project(b, "linear", n0, 1);
    project(a, "linear_3", n1, 3);
    project(b, "linear_2", n1, 3);
    a.layer("linear_2", spread(m, [&](size r, size, size i) { return picks(i == r); }), numbers(m * m));
    a.layer("linear_4", spread(m, [&](size r, size k, size i) { return core[(k * m + r) * m + i]; }), numbers(m * m));
    b.layer("bilinear", core, numbers(m));
    last(a, "linear_5");
    last(b, "linear_3");
    same(a.results<false>(), b.results<false>());
  }
  const numbers core = values(m * m * m * m, 5);
  tried<mutan> a;
  tried<tucker> b;
  project(a, "linear", n0, 1);
  project(b, "linear", n0, 1);
  project(a, "linear_3", n1, 3);
  project(b, "linear_2", n1, 3);
  project(a, "linear_5", n2, 5);
  project(b, "linear_3", n2, 5);
  const numbers none(m * m * m);
  a.layer("linear_2", spread(m * m, [&](size r, size, size i) { return picks(i == r / m); }), none);
  a.layer("linear_4", spread(m * m, [&](size r, size, size i) { return picks(i == r % m); }), none);
  a.layer("linear_6", spread(m * m, [&](size r, size k, size i) { return core[(k * m * m + r) * m + i]; }), none);
  b.layer("bilinear", core, numbers(m));
  last(a, "linear_7");
  last(b, "linear_4");
  same(a.results<true>(), b.results<true>());
}

TEST_CASE("compact bilinear pooling by Fourier transforms is the direct form, for every number of features") {
  for (int features : {1, 2, 3, 7, 8, 31, 64, 65, 127, 1024, 4000, 16000})
    for (int modalities : {2, 3}) {
      CAPTURE(features);
      CAPTURE(modalities);
      const auto run = [&](tt::convolution_form form) {
        std::vector<tt::shape> shapes;
        for (int k = 0; k < modalities; ++k) shapes.push_back(tt::features_of(9 - 2 * k));
        bare::trial<tt::compact_bilinear, double, tt::native> t({features, form}, shapes, 3);
        for (size p = 0; p < t.parameters.size(); ++p)
          for (size i = 0; i < t.parameters[p].size(); ++i) {
            double& v = t.parameters[p][i];  // a number between -0.4 and 0.4: a sign, and spread over all places
            if (p % 2 == 0) v = std::floor((v + 0.4) / 0.8 * features);
          }
        t.run();
        return t;
      };
      const auto direct = run(tt::convolution_form::direct), fft = run(tt::convolution_form::fft);
      same(direct.y[0], fft.y[0]);
      for (size k = 0; k < direct.dx.size(); ++k) same(direct.dx[k], fft.dx[k]);
      const auto automatic = run(tt::convolution_form::automatic);
      CHECK((automatic.y[0] == direct.y[0] || automatic.y[0] == fft.y[0]));
    }
}
