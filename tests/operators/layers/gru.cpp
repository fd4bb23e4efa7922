// Gated recurrent units and their cell, against a loop written from the equations and against PyTorch.
#include "recurrent.hpp"

namespace equations {

using namespace one_layer;

namespace {

constexpr int width = 3, hidden = 4, length = 6;

constexpr auto both_ways = of(tt::sequence{.length = length, .width = width, .padded = true},
                              tt::gru{.hidden = hidden, .bidirectional = true});
constexpr auto without_bias =
    of(tt::sequence{.length = length, .width = width}, tt::gru{.hidden = hidden, .bias = false});

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
  REQUIRE(model.get("y.gru.weight_ih_l0", forth.ih.data()));
  REQUIRE(model.get("y.gru.weight_hh_l0", forth.hh.data()));
  REQUIRE(model.get("y.gru.bias_ih_l0", forth.b_ih.data()));
  REQUIRE(model.get("y.gru.bias_hh_l0", forth.b_hh.data()));
  REQUIRE(model.get("y.gru.weight_ih_l0_reverse", back.ih.data()));
  REQUIRE(model.get("y.gru.weight_hh_l0_reverse", back.hh.data()));
  REQUIRE(model.get("y.gru.bias_ih_l0_reverse", back.b_ih.data()));
  REQUIRE(model.get("y.gru.bias_hh_l0_reverse", back.b_hh.data()));
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
  CHECK(model.find("y.gru.bias_ih_l0") == -1);
  weights w;
  REQUIRE(model.get("y.gru.weight_ih_l0", w.ih.data()));
  REQUIRE(model.get("y.gru.weight_hh_l0", w.hh.data()));
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

}  // namespace equations

namespace pytorch {

using namespace recurrent_values;

constexpr tt::gru_with_states two_layers{.hidden = hidden, .layers = 2, .bidirectional = true};
constexpr auto with_states = tt::architecture([] {
  return tt::equations(x = tt::input{steps}, h0 = tt::input{states}, tt::named(y, h_n) = tt::fuse(two_layers, x, h0));
});
constexpr auto from_zeros =
    tt::architecture([] { return tt::equations(x = tt::input{steps}, tt::named(y, h_n) = x | two_layers); });
constexpr auto plain = of(steps, tt::gru{.hidden = hidden, .layers = 2, .bidirectional = true});
constexpr auto one_step = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{3}}, h0 = tt::input{tt::features{2}},
                       y = tt::fuse(tt::gru_cell{.hidden = 2}, x, h0));
});
// Both inputs of the cell come from one that may be absent.
constexpr auto both_absent = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{.width = 3, .optional = true}}, h0 = x | tt::linear{2},
                       y = tt::fuse(tt::gru_cell{.hidden = 2}, x, h0));
});
constexpr auto maybe_absent = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{.width = 3, .optional = true}}, h0 = tt::input{tt::features{2}},
                       y = tt::fuse(tt::gru_cell{.hidden = 2}, x, h0));
});

constexpr double y_of[] = {0.7093405772,
                           0.6323619833,
                           -0.9119143049,
                           -0.8125013468,
                           0.6940995763,
                           0.5932705882,
                           -0.874687734,
                           -0.7471829371,
                           0.6332152302,
                           0.5738090824,
                           -0.7904207114,
                           -0.647736583,
                           0.5770368722,
                           0.5604678705,
                           -0.5708549815,
                           -0.4578545485,
                           0.7572259092,
                           0.7377887599,
                           -0.4777976686,
                           -0.390636592,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0.1986447695,
                           0.6707559214,
                           -0.9192584721,
                           -0.5308459428,
                           0.3049679948,
                           0.5333764578,
                           -0.9049656105,
                           -0.4200948154,
                           0.3038163056,
                           0.5039608547,
                           -0.8602629141,
                           -0.1610156085,
                           0,
                           0,
                           0,
                           0};
constexpr double h_n_of[] = {0.5705260888,  -0.4980521988, 0.8924258772,  0.7854171364,  0.5770368722,  0.5604678705,
                             -0.9119143049, -0.8125013468, 0.609293958,   -0.1174541977, 0.4978225897,  0.6434072122,
                             0.7572259092,  0.7377887599,  -0.4777976686, -0.390636592,  0.1088190851,  -0.6076648992,
                             0.8576565221,  0.6887055157,  0.3038163056,  0.5039608547,  -0.9192584721, -0.5308459428};
constexpr double dx_of[] = {-0.1050131234,
                            0.1137302332,
                            -0.1546847764,
                            0.2109515302,
                            -0.08233190149,
                            0.105625356,
                            -0.1877373375,
                            0.2481705257,
                            0.0004158852049,
                            -0.06375544447,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            -0.1375677722,
                            0.07109739616,
                            -0.1004049276,
                            0.04488670465,
                            -0.03654001443,
                            0.02526585673,
                            0,
                            0};
constexpr double dh0_of[] = {-0.6597016383,  -0.01282238888, 0.3308157814,   -0.1276936637,  0.04794946571,
                             -0.04029583655, -0.05299427355, 0.04464520386,  -0.04989791157, -0.246917936,
                             -0.0576580544,  0.04001991519,  0.08847284175,  -0.1192525473,  -0.1527501728,
                             0.0682980214,   -0.01772019023, 0.3298466886,   0.09078169093,  -0.02089179421,
                             0.05426682748,  0.1870953894,   -0.02337069366, 0.01956725464};
constexpr double parameter_sums[] = {0.1898958867,    -0.1916228021,  0.5034162442,   0.4103229494,
                                     -0.002405981804, 0.1709514961,   -0.07247451323, -0.0486337468,
                                     -1.430667993,    -0.07222477941, 0.8938767035,   0.08560773967,
                                     0.2624566052,    0.2331051118,   1.046458444,    0.772959781};
constexpr double cell_h[] = {0.8054460147, -0.345434712, 0.5959693449, 0.3311771415};
constexpr double cell_dx[] = {0.00112621797, -0.04177324984, -0.01242497094,
                              -0.2467318511, 0.0108316651,   -0.1795555919};
constexpr double cell_dh[] = {-0.734239118, 0.3480714492, -0.6030685464, -0.003361003028};
constexpr double cell_parameter_sums[] = {-0.1159294494, 0.1172850994, 0.1326794788, 0.1111528629};

TEST_CASE("gru of two layers in both directions is PyTorch's") {
  tt::model<with_states, double> model;
  set_parameters(model);
  CHECK(model.find("y.gru_with_states.weight_hh_l1_reverse") >= 0);
  tt::workspace<with_states, double> workspace{samples};
  const auto [ys, hs] =
      model.backward(workspace, tt::gradient(y) = tt::tensor(wave(48, 30), {samples, length, 2 * hidden}),
                     tt::gradient(h_n) = tt::tensor(wave(24, 31), {samples, walks, hidden}),
                     x = tt::padded(tt::tensor(steps_of_samples(), {samples, length, width}), lengths),
                     h0 = tt::tensor(wave(24, 21), {samples, walks, hidden}));
  are(ys, y_of, "y");
  are(hs, h_n_of, "h_n");
  are(workspace.gradient(x), dx_of, "dx");
  are(workspace.gradient(h0), dh0_of, "dh0");
  gradients_sum_to(model, workspace, parameter_sums);
}

TEST_CASE("gru_cell is PyTorch's") {
  tt::model<one_step, double> model;
  set_parameters(model);
  CHECK(model.find("y.gru_cell.bias_hh") >= 0);
  tt::workspace<one_step, double> workspace{2};
  const auto ys = model.backward(workspace, tt::gradient(y) = tt::tensor(wave(4, 30), {2, 2}),
                                 x = tt::tensor(wave(6, 20), {2, 3}), h0 = tt::tensor(wave(4, 21), {2, 2}));
  are(ys, cell_h, "h'");
  are(workspace.gradient(x), cell_dx, "dx");
  are(workspace.gradient(h0), cell_dh, "dh");
  gradients_sum_to(model, workspace, cell_parameter_sums);
}

TEST_CASE("a sample without a valid step goes through with its initial state") {
  tt::model<with_states, double> model;
  set_parameters(model);
  tt::workspace<with_states, double> workspace{samples};
  const std::vector<double> before = wave(24, 21), dh = wave(24, 31);
  const int none[] = {4, 0, 3};
  const auto [ys, hs] =
      model.backward(workspace, tt::gradient(y) = tt::tensor(wave(48, 30), {samples, length, 2 * hidden}),
                     tt::gradient(h_n) = tt::tensor(dh, {samples, walks, hidden}),
                     x = tt::padded(tt::tensor(steps_of_samples(), {samples, length, width}), none),
                     h0 = tt::tensor(before, {samples, walks, hidden}));
  CHECK(same(&hs(1, 0, 0), before.data() + 8, 8));
  CHECK(same(&workspace.gradient(h0)(1, 0, 0), dh.data() + 8, 8));
  for (int i = 0; i < 16; ++i) CHECK(ys.data()[16 + i] == 0);
  for (int i = 0; i < 8; ++i) CHECK(workspace.gradient(x).data()[8 + i] == 0);
}

TEST_CASE("without initial states gru_with_states is gru, and starts from zeros") {
  tt::model<from_zeros, double> a;
  tt::model<plain, double> b;
  set_parameters(a);
  set_parameters(b);
  tt::workspace<from_zeros, double> of_a{samples};
  tt::workspace<plain, double> of_b{samples};
  const std::vector<double> in = steps_of_samples(), dy = wave(48, 30);
  const auto given = tt::padded(tt::tensor(in, {samples, length, width}), lengths);
  const auto ya = a.backward(of_a, tt::gradient(y) = tt::tensor(dy, {samples, length, 4}), x = given);
  const auto yb = b.backward(of_b, tt::gradient(y) = tt::tensor(dy, {samples, length, 4}), x = given);
  CHECK(same(ya.data(), yb.data(), 48));
  CHECK(same(of_a.gradients(a.size()), of_b.gradients(b.size()), static_cast<std::size_t>(a.size())));
  CHECK(same(of_a.gradient(x).data(), of_b.gradient(x).data(), 24));
}

TEST_CASE("a gradient of h_n alone is one with zeros for y") {
  tt::model<with_states, double> model;
  set_parameters(model);
  tt::workspace<with_states, double> alone{samples}, both{samples};
  const std::vector<double> in = steps_of_samples(), before = wave(24, 21), dh = wave(24, 31), zeros(48);
  const auto given = tt::padded(tt::tensor(in, {samples, length, width}), lengths);
  model.backward(alone, tt::gradient(h_n) = tt::tensor(dh, {samples, walks, hidden}), x = given,
                 h0 = tt::tensor(before, {samples, walks, hidden}));
  model.backward(both, tt::gradient(y) = tt::tensor(zeros, {samples, length, 4}),
                 tt::gradient(h_n) = tt::tensor(dh, {samples, walks, hidden}), x = given,
                 h0 = tt::tensor(before, {samples, walks, hidden}));
  CHECK(same(alone.gradients(model.size()), both.gradients(model.size()), static_cast<std::size_t>(model.size())));
  CHECK(same(alone.gradient(x).data(), both.gradient(x).data(), 24));
  CHECK(same(alone.gradient(h0).data(), both.gradient(h0).data(), 24));
}

TEST_CASE("a cell's absent inputs") {
  const bool present[] = {true, false};
  tt::model<maybe_absent, double> model;
  const std::vector<double> in = wave(6, 20), before = wave(4, 21);
  tt::workspace<maybe_absent, double> workspace{2};
  const auto ys = model.backward(workspace, tt::gradient(y) = tt::tensor(wave(4, 30), {2, 2}),
                                 x = tt::optional(tt::tensor(in, {2, 3}), present), h0 = tt::tensor(before, {2, 2}));
  CHECK(ys(0, 0) != before[0]);
  CHECK(same(&ys(1, 0), before.data() + 2, 2));
  CHECK(same(&workspace.gradient(h0)(1, 0), wave(4, 30).data() + 2, 2));
  for (int i = 0; i < 3; ++i) CHECK(workspace.gradient(x)(1, i) == 0);
  CHECK(tt::model<both_absent>::graph().values[2].shape.optional);
  CHECK(!tt::model<maybe_absent>::graph().values[2].shape.optional);
}

TEST_CASE("gru and its relatives keep the contract") {
  holds(tt::gru{.hidden = 5, .layers = 2}, {padded_steps});
  holds(tt::gru{.hidden = 4, .layers = 4, .bidirectional = true, .bias = false}, {some_steps});
  holds(tt::gru_with_states{.hidden = 3, .layers = 3, .bidirectional = true}, {padded_steps, tt::sequence_of(6, 3)});
  holds(tt::gru_with_states{.hidden = 3, .bias = false}, {maybe_steps});
  holds(tt::gru_with_states{.hidden = 3},
        {padded_steps, shape_of(tt::sequence{.length = 1, .width = 3, .optional = true})});
  holds(tt::gru_cell{.hidden = 17}, {row(3), row(17)});
  holds(tt::gru_cell{.hidden = 3, .bias = false}, {row(4, true), row(3)});
  holds(tt::gru_cell{.hidden = 3}, {row(4), row(3, true)});
  holds(tt::gru_cell{.hidden = 3}, {row(3), row(3)});
}

TEST_CASE("gru refuses") {
  CHECK(refusal(tt::gru{.hidden = 4, .layers = 0}, {some_steps}) == "gru: layers must be 1 or more");
  CHECK(refusal(tt::gru{.hidden = 4, .layers = 9}, {some_steps}) == "");
  CHECK(refusal(tt::gru{.hidden = 4, .layers = 5, .bidirectional = true}, {some_steps}) ==
        "gru: layers and directions come to more parameters than an operator may have");
  CHECK(refusal(tt::gru_with_states{.hidden = 4}, {some_steps, tt::sequence_of(2, 4)}) ==
        "gru_with_states: an initial state must be an unpadded sequence [layers x directions, hidden]");
  CHECK(refusal(tt::gru_with_states{.hidden = 4}, {some_steps, some_steps, some_steps}) ==
        "gru_with_states: the inputs are a sequence and, if wanted, all initial states");
  CHECK(refusal(tt::gru_cell{.hidden = 4}, {row(3, true), row(4, true)}) ==
        "gru_cell: the input and the states must be absent together, or one of them always there");
}

}  // namespace pytorch
