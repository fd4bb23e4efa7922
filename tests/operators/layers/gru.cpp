// The gated recurrent unit against a loop written from its equations.
#include "network.hpp"

using namespace one_layer;

namespace {

constexpr int width = 3, hidden = 4, length = 6;

constexpr auto both_ways = of(tt::sequence{.length = length, .width = width, .padded = true},
                              tt::gru{.hidden = hidden, .bidirectional = true});
constexpr auto without_bias = of(tt::sequence{.length = length, .width = width},
                                 tt::gru{.hidden = hidden, .bias = false});

double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

struct weights {
  std::vector<double> ih = std::vector<double>(3 * hidden * width), hh = std::vector<double>(3 * hidden * hidden),
                      b_ih = std::vector<double>(3 * hidden), b_hh = std::vector<double>(3 * hidden);
};

// The states behind each of `steps` steps over x [length, width], from the end if `reverse`.
std::vector<double> states(const weights& w, const double* from, int steps, bool reverse) {
  std::vector<double> all(static_cast<std::size_t>(length * hidden)), h(hidden);
  const auto sum = [](const double* m, const double* v, int row, int n) {
    double s = 0;
    for (int i = 0; i < n; ++i) s += m[row * n + i] * v[i];
    return s;
  };
  for (int s = 0; s < steps; ++s) {
    const int t = reverse ? steps - 1 - s : s;
    const double* const in = from + t * width;
    std::vector<double> next(hidden);
    for (int i = 0; i < hidden; ++i) {
      double a[3], b[3];
      for (int gate = 0; gate < 3; ++gate) {
        const int row = gate * hidden + i;
        a[gate] = sum(w.ih.data(), in, row, width) + w.b_ih[static_cast<std::size_t>(row)];
        b[gate] = sum(w.hh.data(), h.data(), row, hidden) + w.b_hh[static_cast<std::size_t>(row)];
      }
      const double r = sigmoid(a[0] + b[0]), z = sigmoid(a[1] + b[1]), n = std::tanh(a[2] + r * b[2]);
      next[static_cast<std::size_t>(i)] = (1 - z) * n + z * h[static_cast<std::size_t>(i)];
    }
    h = next;
    for (int i = 0; i < hidden; ++i) all[static_cast<std::size_t>(t * hidden + i)] = h[static_cast<std::size_t>(i)];
  }
  return all;
}

}  // namespace

TEST_CASE("gru is what its equations say, in both directions, over valid steps") {
  tt::model<both_ways, double> model{tt::seed{11}};
  weights forth, back;
  REQUIRE(model.get("y.gru.weight_ih", forth.ih.data()));
  REQUIRE(model.get("y.gru.weight_hh", forth.hh.data()));
  REQUIRE(model.get("y.gru.bias_ih", forth.b_ih.data()));
  REQUIRE(model.get("y.gru.bias_hh", forth.b_hh.data()));
  REQUIRE(model.get("y.gru.weight_ih_reverse", back.ih.data()));
  REQUIRE(model.get("y.gru.weight_hh_reverse", back.hh.data()));
  REQUIRE(model.get("y.gru.bias_ih_reverse", back.b_ih.data()));
  REQUIRE(model.get("y.gru.bias_hh_reverse", back.b_hh.data()));
  for (double a : forth.ih) CHECK(std::abs(a) <= 0.5);  // 1 / sqrt(hidden)
  const int lengths[] = {6, 3, 0, 1};
  std::vector<double> from = noise(4 * length * width, 4);
  for (int b = 0; b < 4; ++b)
    for (int i = lengths[b] * width; i < length * width; ++i)
      from[static_cast<std::size_t>(b * length * width + i)] = std::nan("");
  tt::workspace<both_ways, double> workspace{4};
  const auto result = model(workspace, x = tt::padded(tt::tensor(from, {4, length, width}), lengths));
  for (int b = 0; b < 4; ++b) {
    const double* const sample = from.data() + b * length * width;
    const std::vector<double> f = states(forth, sample, lengths[b], false), r = states(back, sample, lengths[b], true);
    for (int t = 0; t < length; ++t)
      for (int i = 0; i < hidden; ++i) {
        CHECK(result(b, t, i) == doctest::Approx(f[static_cast<std::size_t>(t * hidden + i)]).epsilon(1e-10));
        CHECK(result(b, t, hidden + i) == doctest::Approx(r[static_cast<std::size_t>(t * hidden + i)]).epsilon(1e-10));
      }
  }
}

TEST_CASE("gru without bias") {
  tt::model<without_bias, double, tt::reference> model{tt::seed{12}};
  CHECK(model.find("y.gru.bias_ih") == -1);
  weights w;
  REQUIRE(model.get("y.gru.weight_ih", w.ih.data()));
  REQUIRE(model.get("y.gru.weight_hh", w.hh.data()));
  const std::vector<double> from = noise(2 * length * width, 5);
  tt::workspace<without_bias, double> workspace{2};
  const auto result = model(workspace, x = tt::tensor(from, {2, length, width}));
  for (int b = 0; b < 2; ++b) {
    const std::vector<double> h = states(w, from.data() + b * length * width, length, false);
    for (int i = 0; i < length * hidden; ++i)
      CHECK(result.data()[b * length * hidden + i] == doctest::Approx(h[static_cast<std::size_t>(i)]).epsilon(1e-10));
  }
}

TEST_CASE("padded steps between valid ones carry the state on") {
  tt::model<both_ways, double> model{tt::seed{11}};
  const std::vector<double> from = noise(length * width, 6);
  std::vector<double> gap(from.size());
  // Steps 0, 1, 4, 5 of one sample are the four steps of another.
  const int place[] = {0, 1, 4, 5};
  std::vector<unsigned char> valid{1, 1, 0, 0, 1, 1}, four{1, 1, 1, 1, 0, 0};
  for (int t = 0; t < 4; ++t)
    for (int i = 0; i < width; ++i)
      gap[static_cast<std::size_t>(place[t] * width + i)] = from[static_cast<std::size_t>(t * width + i)];
  tt::workspace<both_ways, double> first{1}, second{1};
  const auto a = model(first, x = tt::masked(tt::tensor(gap, {1, length, width}), tt::tensor(valid, {1, length})));
  const auto b = model(second, x = tt::masked(tt::tensor(from, {1, length, width}), tt::tensor(four, {1, length})));
  for (int i = 0; i < 2 * hidden; ++i) {
    for (int t = 0; t < 4; ++t) CHECK(a(0, place[t], i) == b(0, t, i));
    CHECK(a(0, 2, i) == 0);
  }
}

TEST_CASE("multiply-adds of gru") {
  CHECK(tt::multiply_adds(without_bias) == length * (3 * hidden * width + 3 * hidden * hidden));
}
