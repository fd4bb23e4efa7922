// Gated linear units, maxout and softmax along other axes against values of PyTorch 1.13.
#include <tectum/operators/layers/glu.hpp>
#include <tectum/operators/layers/log_softmax.hpp>
#include <tectum/operators/layers/maxout.hpp>
#include <tectum/operators/layers/softmax.hpp>

#include "alone.hpp"

using namespace alone;

TEST_CASE("gated linear units") {
  const given picture{tt::picture_of(2, 2, 2), ramp(8)}, row{tt::features_of(4), ramp(4)};
  gives(tt::glu(0), picture, {-0.365529289315002, 0.625, 0.0672353553424988, -0.509384024381545},
        {-0.548293933972504, 0.25, -0.403412132054993, -0.169794674793848, 0.0737294749655557, 0.15625,
         -0.0737294749655557, 0.0408553113303401});
  gives(tt::glu(-2), picture, {-0.281088250442899, 0.401026626030759, 0.268941421369995, 0},
        {-0.421632375664349, 0.160410650412304, 0.0923002810265994, 0.136184371101134, -0.403412132054993,
         -0.169794674793848, -0.294917899862223, 0});
  gives(tt::geglu, row, {-0.0748382907103655, -0.212463142853314},
        {-0.112257436065548, -0.0849852571413256, 0.260765008081363, 0.00048392391297801});
  gives(tt::reglu, row, {-0.125, 0}, {-0.1875, 0, 0.375, 0});
  gives(tt::swiglu, row, {-0.0702720626107248, -0.300769969523069},
        {-0.105408093916087, -0.120307987809228, 0.233891258088824, 0.0983750346895291});
  CHECK(tt::glu(0).infer(tt::picture_of(6, 2, 2)).same_extents(tt::picture_of(3, 2, 2)));
}

TEST_CASE("gated linear units: errors") {
  CHECK(refusal(tt::glu, tt::features_of(5)) == "gated linear unit: the axis must have an even size");
  CHECK(refusal(tt::geglu(2), tt::sequence_of(4, 2)) == "gated linear unit: a sample does not have that axis");
  CHECK(refusal(tt::swiglu(0), padded(4, 2)) ==
        "gated linear unit: the tokens of a padded sequence cannot be halved; take another axis");
  CHECK(refusal(tt::swiglu(0), tt::sequence_of(4, 2)) == "");
  CHECK(refusal(tt::swiglu(1), padded(3, 2)) == "");
}

TEST_CASE("maxout: the pieces of a unit are adjacent rows") {
  gives(tt::maxout{.features = 2, .pieces = 2}, {tt::features_of(3), ramp(6), {ramp(12, 3, 7, 2), ramp(4, 2, 5, 1)}},
        {1.625, 1.625, 1.3125, 1.5}, {-0.1875, -0.375, -0.125, -0.375, -1.6875, 0.0625},
        {{1.5, -2.4375, -0.1875, 0, 0, 0, 0, 0, 0, -0.0625, 0.375, 0.125}, {-2.25, 0, 0, 0.25}});
  // Equal pieces: the first takes the gradient.
  const auto same = run<double, tt::native>(tt::maxout{.features = 1, .pieces = 3, .bias = false},
                                            {tt::features_of(1), {2}, {{0.5, 0.5, 0.25}}, {3}});
  CHECK(same.y == numbers{1});
  CHECK(same.gradients[0] == numbers{6, 0, 0});
  CHECK(same.dx == numbers{1.5});
  CHECK(refusal(tt::maxout{.features = 2, .pieces = 0}, tt::features_of(3)) ==
        "maxout: features and pieces must be 1 or more");
}

TEST_CASE("along an axis that is not the last, with a last one of 1") {
  const numbers x{1, -1, 0.5}, d{1, 2, -1};
  const auto same = [](const numbers& a, const numbers& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-12));
  };
  const auto flat = run<double, tt::native>(tt::softmax, {tt::features_of(3), x, {}, d});
  const auto tall = run<double, tt::native>(tt::softmax(0), {tt::picture_of(3, 1, 1), x, {}, d});
  same(tall.y, flat.y);
  same(tall.dx, flat.dx);
  same(run<double, tt::native>(tt::log_softmax(1), {tt::picture_of(1, 3, 1), x, {}, d}).y,
       run<double, tt::native>(tt::log_softmax, {tt::features_of(3), x, {}, d}).y);
}

TEST_CASE("softmax and log_softmax along the first axis of a sample") {
  const given g{tt::sequence_of(2, 3), {100, -3, 2, 99.5, 4, 2.5}};
  gives(tt::softmax(0), g,
        {0.622459331201855, 0.000911051194400645, 0.377540668798145, 0.377540668798145, 0.999088948805599,
         0.622459331201855},
        {-0.117501856100797, -0.000455110590060913, -0.117501856100797, 0.117501856100797, 0.000455110590060892,
         0.117501856100797});
  gives(tt::log_softmax(-2), g,
        {-0.474076984180107, -7.00091146645377, -0.974076984180107, -0.974076984180107, -0.000911466453774201,
         -0.474076984180107},
        {-0.127540668798145, 0.498633423208399, -0.556148328004636, 0.127540668798145, -0.498633423208399,
         0.556148328004636});
  gives(tt::log_softmax, g, {0, -103, -98, 0, -95.5, -97}, {1, 0.5, -1.5, 0, 1, -1});
}

TEST_CASE("softmax along the tokens: the padded ones do not count") {
  const given g{.shape = padded(3, 2),
                .x = {1, 2, missing, missing, 0.5, 4, missing, missing, missing, missing, missing, missing},
                .dy = {1, -2, missing, missing, 0.5, 3, missing, missing, missing, missing, missing, missing},
                .mask = {1, 0, 1, 0, 0, 0}};
  const auto alone_of = [](const auto& op) {
    return run<double, tt::native>(op, {tt::sequence_of(2, 2), {1, 2, 0.5, 4}, {}, {1, -2, 0.5, 3}});
  };
  const auto look = [&](const auto& op) {
    const auto two = alone_of(op);
    gives(op, g, {two.y[0], two.y[1], 0, 0, two.y[2], two.y[3], 0, 0, 0, 0, 0, 0},
          {two.dx[0], two.dx[1], 0, 0, two.dx[2], two.dx[3], 0, 0, 0, 0, 0, 0});
  };
  look(tt::softmax(0));
  look(tt::log_softmax(0));
}

TEST_CASE("log_softmax: large numbers lose no digits") {
  const numbers x{10000, 10000.5, 9999}, less{0, 0.5, -1};
  for (const tt::shape& s : {tt::features_of(3), tt::sequence_of(3, 1)}) {
    const auto op = tt::log_softmax(0);
    for (const result& r : {run<float, tt::native>(op, {s, x}), run<float, tt::reference>(op, {s, x})})
      are("y", r.y, run<double, tt::reference>(op, {s, less}).y, 3e-7);
  }
}

TEST_CASE("softmax: errors") {
  CHECK(refusal(tt::softmax(2), tt::sequence_of(2, 2)) == "softmax: a sample does not have that axis");
  CHECK(refusal(tt::log_softmax(-2), tt::features_of(2)) == "log_softmax: a sample does not have that axis");
}
