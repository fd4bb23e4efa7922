// batch_norm against values of PyTorch 1.13, its special cases, and its statistics in a model.
#include <tectum/operators/layers/batch_norm.hpp>
#include <tectum/operators/layers/group_norm.hpp>

#include "alone.hpp"
#include "network.hpp"

using namespace alone;

TEST_CASE("batch_norm at inference: running statistics, and gradients through them") {
  gives(tt::batch_norm{}, {tt::features_of(3), ramp(12), {{1.5, -0.5, 2}, {0.25, 0, -1}, {0.5, -0.25, 0}, {2, 0.5, 1}}},
        {-0.810657520139336, -1.0606495653372, -0.50000249998125, -1.07582190017417, -0.883874637781, -1,
         -1.340986280209, -0.7070997102248, -1.49999750001875, -1.60615066024384, -0.5303247826686, -1.9999950000375},
        {-0.795493140104502, -0.3535498551124, -2.9999850001125, -0.265164380034834, -0.7070997102248, -1.999990000075,
         0.265164380034834, -1.0606495653372, -0.9999950000375, 0.795493140104502, 0.883874637781, 0},
        {{-0.44194063339139, 3.6238860149021, -0.249998750009375}, {0, 1.75, -3}}, {{0.5, -0.25, 0}, {2, 0.5, 1}});
}

TEST_CASE("batch_norm in training: statistics of the batch, and where the running ones go") {
  gives(
      tt::batch_norm{},
      {.shape = tt::features_of(3),
       .x = ramp(12),
       .parameters = {{1.5, -0.5, 2}, {0.25, 0, -1}, {0.5, -0.25, 0}, {2, 0.5, 1}},
       .training = true},
      {2.26233239459755, -0.67077746486585, 1.6831098594634, 0.92077746486585, -0.223592488288617, -0.105630046845534,
       -0.42077746486585, 0.223592488288617, -1.89436995315447, -1.76233239459755, 0.67077746486585, -3.6831098594634},
      {-0.000515091161348332, 1.16251782689971, -0.00068678821513111, -0.000171697053782728, -0.581394840284101,
       -0.000228929405043637, 0.000171697053782728, -2.32530750746791, 0.000228929405043637, 0.000515091161348332,
       1.7441845208523, 0.00068678821513111},
      {{-2.23592488288617, 2.12412863874186, -2.23592488288617}, {0, 1.75, -3}},
      {{0.3625, -0.1375, -0.0125}, {1.81041666666667, 0.460416666666667, 0.910416666666667}});
  gives(tt::batch_norm{.epsilon = 0.01, .momentum = 0.3},
        {.shape = tt::picture_of(2, 2, 2),
         .x = ramp(24),
         .parameters = {{1.5, -0.5}, {0.25, -1}, {0, 0}, {1, 1}},
         .training = true},
        {-0.498048302207169, 3.19819036752237,   1.08605398481978,   -1.02608239788282,  -1.45772635727547,
         -0.879545695453823, -0.301365033632172, -1.31318119182006,  0.0299857934684797, -2.08215058923412,
         1.61408808049543,   -0.498048302207169, -1.60227152273089,  -1.02409086090924,  -0.445910199087584,
         -1.45772635727547,  0.558019889144128,  -1.55411649355847,  2.14212217617107,   0.0299857934684797,
         -0.156819868176759, -1.16863602636465,  -0.590455364542997, -1.60227152273089},
        {-1.41141109075094,  2.98457136113141,  -2.24302253199041,  -0.606173181328797, -0.649533814348438,
         0.703464771243215,  0.177376205914503, -0.889464829772176, -0.632546713146131, 1.00430263751548,
         -1.4641581543856,   0.172691196276009, -0.843238295290939, 0.509760290300714,  -0.0163282750279979,
         0.795917840205689,  0.146317664458675, 1.78316701512029,   -0.685293776780799, 0.951555573880815,
         -0.496190305875473, 0.316055809358214, -0.210032755970498, 0.602213359263188},
        {{-4.04826140017997, -3.52931112320299}, {-3, 1.75}},
        {{-0.04375, 0.0625}, {0.861789772727273, 0.941477272727273}});
}

TEST_CASE("batch_norm: what is masked does not count") {
  // Tokens 0 and 2 of the first sample, token 1 of the second, and nothing of the third.
  const numbers all = ramp(18);
  numbers holes(18, missing), dy = ramp_of_gradients(18), rows, of_rows;
  const std::vector<std::uint8_t> valid{1, 0, 1, 0, 1, 0, 0, 0, 0};
  for (std::size_t t = 0; t < 9; ++t)
    for (std::size_t i = 2 * t; i < 2 * t + 2; ++i) {
      if (!valid[t]) continue;
      holes[i] = all[i];
      rows.push_back(all[i]);
      of_rows.push_back(dy[i]);
    }
  const std::vector<numbers> parameters{{1.5, -0.5}, {0.25, 0}, {0.5, -0.25}, {2, 0.5}};
  const tt::batch_norm norm{.momentum = 0.25};
  const auto masked = run<double, tt::native>(norm, {padded(3, 2), holes, parameters, dy, valid, true});
  const auto packed = run<double, tt::native>(norm, {tt::features_of(2), rows, parameters, of_rows, {}, true});
  std::size_t row = 0;
  for (std::size_t t = 0; t < 9; ++t) {
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(masked.dx[2 * t + i] == doctest::Approx(valid[t] ? packed.dx[2 * row + i] : 0));
      if (valid[t]) CHECK(masked.y[2 * t + i] == doctest::Approx(packed.y[2 * row + i]));
    }
    row += valid[t];
  }
  for (std::size_t p = 0; p < 4; ++p) are("parameters afterwards", masked.parameters[p], packed.parameters[p]);
  for (std::size_t p = 0; p < 2; ++p) are("gradients", masked.gradients[p], packed.gradients[p]);

  const auto none = run<double, tt::native>(
      norm, {padded(3, 2), numbers(18, missing), parameters, dy, std::vector<std::uint8_t>(9), true});
  CHECK(none.parameters == parameters);
  CHECK(none.dx == numbers(18));
  CHECK(none.gradients[0] == numbers(2));
}

TEST_CASE("batch_norm: planes of one place are rows of channels") {
  const std::vector<numbers> parameters{{1.5, -0.5, 2}, {0.25, 0, -1}, {0.5, -0.25, 0}, {2, 0.5, 1}};
  for (const bool training : {false, true}) {
    const auto rows =
        run<double, tt::native>(tt::batch_norm{}, {tt::features_of(3), ramp(12), parameters, {}, {}, training});
    for (const tt::shape& s : {tt::picture_of(3, 1, 1), sound(3, 1), tt::sequence_of(2, 3),
                               tt::make_shape(tt::kind::video, 4, 2, 3, 1, 1)}) {
      const auto same = run<double, tt::native>(tt::batch_norm{}, {s, ramp(12), parameters, {}, {}, training});
      are("y", same.y, rows.y);
      are("dx", same.dx, rows.dx);
      for (std::size_t p = 0; p < 4; ++p) are("gradient", same.gradients[p], rows.gradients[p]);
      for (std::size_t p = 0; p < 4; ++p) are("parameter", same.parameters[p], rows.parameters[p]);
    }
  }
}

TEST_CASE("batch_norm: one value has no variance") {
  const auto one = run<double, tt::reference>(
      tt::batch_norm{.momentum = 0.5}, {tt::features_of(2), {3, -1}, {{1, 2}, {0.5, 0}, {0, 0}, {1, 1}}, {}, {}, true});
  CHECK(one.y == numbers{0.5, 0});
  CHECK(one.dx == numbers{0, 0});
  CHECK(one.parameters[2] == numbers{1.5, -0.5});
  CHECK(one.parameters[3] == numbers{0.5, 0.5});
}

TEST_CASE("batch_norm and group_norm: a large mean costs no more digits than x itself") {
  // Whole numbers around a large one: exact in float, and so are their statistics.
  numbers x, centred;
  for (int i = 0; i < 4096; ++i) {
    centred.push_back((i * 37 % 64) - 31.5);
    x.push_back(centred.back() + 100031.5);
  }
  const std::vector<numbers> plain{{0}, {0}};
  const auto near = [](const numbers& a, const numbers& b) { are("normalised", a, b, 5e-6); };
  const tt::batch_norm norm{.momentum = 1, .affine = false};
  for (const tt::shape& s : {tt::features_of(1), sound(1, 64), tt::sequence_of(16, 1)}) {
    const given far{s, x, plain, {}, {}, true}, close{s, centred, plain, {}, {}, true};
    const auto exact = run<double, tt::reference>(norm, close);
    for (const result& r : {run<float, tt::native>(norm, far), run<float, tt::reference>(norm, far)}) {
      near(r.y, exact.y);
      CHECK(r.parameters[1][0] == doctest::Approx(exact.parameters[1][0]).epsilon(5e-6));
    }
  }
  const tt::group_norm group{.groups = 1, .affine = false};
  near(run<float, tt::native>(group, {sound(2, 1024), x}).y,
       run<double, tt::reference>(group, {sound(2, 1024), centred}).y);
}

TEST_CASE("batch_norm: errors") {
  CHECK(refusal(tt::batch_norm{.epsilon = 0}, tt::features_of(2)) == "batch_norm: epsilon must be greater than 0");
  CHECK(refusal(tt::batch_norm{.momentum = 1.5}, tt::features_of(2)) == "batch_norm: momentum must be in [0, 1]");
  CHECK(refusal(tt::batch_norm{}, tt::scalar_shape()) == "batch_norm: a loss has nothing to normalise");
}

namespace {

constexpr auto normed = one_layer::of(tt::features{3}, tt::batch_norm{});

}  // namespace

TEST_CASE("batch_norm in a model: running statistics move in training alone, and are no weights") {
  tt::model<normed, double> model{tt::seed{1}};
  tt::workspace<normed, double> workspace{4};
  numbers mean(3), variance(3), slope(3);
  const auto statistics = [&] {
    REQUIRE(model.get("y.batch_norm.running_mean", mean.data()));
    REQUIRE(model.get("y.batch_norm.running_var", variance.data()));
  };
  const numbers x = ramp(12), dy = ramp_of_gradients(12);
  const auto backward = [&](bool training) {
    model.backward_at({.training = training}, workspace, tt::gradient(one_layer::y) = tt::tensor(dy, {4, 3}),
                      one_layer::x = tt::tensor(x, {4, 3}));
    statistics();
    REQUIRE(model.get_gradient(workspace, "y.batch_norm.running_var", slope.data()));
    CHECK(slope == numbers{0, 0, 0});
  };
  statistics();
  CHECK(mean == numbers{0, 0, 0});
  CHECK(variance == numbers{1, 1, 1});
  model(workspace, one_layer::x = tt::tensor(x, {4, 3}));
  backward(false);
  CHECK(mean == numbers{0, 0, 0});
  CHECK(variance == numbers{1, 1, 1});
  backward(true);
  are("mean", mean, {-0.0875, 0.0875, -0.0125});
  are("variance", variance, {0.910416666666667, 0.910416666666667, 0.910416666666667});
}
