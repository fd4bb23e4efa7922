// Positions: sinusoids, rotary, Fourier features against numpy-like torch formulas; numbers are bare::mix.
#include <doctest/doctest.h>

#include <string>
#include <tectum/operators/layers/fourier_features.hpp>
#include <tectum/operators/layers/positions.hpp>
#include <tectum/operators/layers/rotary.hpp>

#include "../attention/bare.hpp"

namespace tt = tectum;

namespace {

template <class T, class Engine, class Op>
void agrees(const Op& op, const tt::shape& s, double y, double dx, double tolerance) {
  bare::trial<Op, T, Engine> t(op, {s}, 2);
  t.run();
  CHECK(std::abs(bare::mix(t.y[0]) - y) < tolerance * (1 + std::abs(y)));
  CHECK(std::abs(bare::mix(t.dx[0]) - dx) < tolerance * (1 + std::abs(dx)));
}
template <class Op>
void agrees(const Op& op, const tt::shape& s, double y, double dx) {
  agrees<double, tt::reference>(op, s, y, dx, 1e-12);
  agrees<double, tt::native>(op, s, y, dx, 1e-12);
  agrees<float, tt::native>(op, s, y, dx, 1e-4);
}
// The mix of cos(0.9 i): what passes through unchanged.
double unchanged(int n) {
  double s = 0;
  for (int i = 0; i < n; ++i) s += std::cos(0.9 * i) * std::cos(0.7 * i + 0.1);
  return s;
}

}  // namespace

TEST_CASE("sinusoids are those of Vaswani et al. and of fairseq") {
  const tt::shape s = tt::sequence_of(4, 7);
  agrees(tt::sinusoids{}, s, 4.14875850336088, unchanged(56));
  agrees(tt::sinusoidal_positions, s, 4.14875850336088, unchanged(56));
  agrees(tt::sinusoids{.first = 3, .base = 100}, s, -1.6590979550182083, unchanged(56));
  agrees(tt::sinusoids{.interleaved = false, .first = 1}, s, 0.9053636842443333, unchanged(56));
}

TEST_CASE("fairseq's sinusoids by their places: sines, cosines, and nothing in the last column of an odd width") {
  bare::trial<tt::sinusoids, double, tt::native> t({.interleaved = false, .first = 1}, {tt::sequence_of(3, 5)}, 1);
  for (double& a : t.x[0]) a = 0;
  t.run();
  const double expected[3][5] = {{0.8414709848078965, 1e-4, 0.5403023058681398, 1, 0},
                                 {0.9092974268256817, 2e-4, -0.4161468365471424, 1, 0},
                                 {0.1411200080598672, 3e-4, -0.9899924966004454, 1, 0}};
  for (int p = 0; p < 3; ++p)
    for (int c = 0; c < 5; ++c) CHECK(std::abs(t.y[0][static_cast<std::size_t>(5 * p + c)] - expected[p][c]) < 1e-7);
}

TEST_CASE("far places keep the digits of a float") {
  bare::trial<tt::sinusoids, float, tt::native> t({}, {tt::sequence_of(1000, 128)}, 1);
  for (float& a : t.x[0]) a = 0;
  t.run();
  CHECK(std::abs(t.y[0][999 * 128 + 40] - std::sin(999 * std::pow(1e4, -40.0 / 128))) < 1e-7);
  CHECK(std::abs(t.y[0][999 * 128 + 1] - std::cos(999.0)) < 1e-7);
}

TEST_CASE("count_valid gives places to valid tokens only, and nothing to the others") {
  const tt::shape s = tt::shape_of(tt::sequence{4, 7, true});
  bare::trial<tt::sinusoids, double, tt::native> t({.interleaved = false, .first = 1, .count_valid = true}, {s}, 2);
  t.masks[0] = {1, 0, 1, 1, 0, 0, 1, 1};
  t.run();
  CHECK(bare::mix(t.y[0]) == doctest::Approx(2.5968288115244667).epsilon(1e-12));
  for (std::size_t i = 7; i < 14; ++i) CHECK(t.y[0][i] == t.x[0][i]);
}

TEST_CASE("rotary turns pairs, of both kinds and in heads") {
  const tt::shape s = tt::sequence_of(4, 8);
  agrees(tt::rotary{}, s, 0.1553393513362764, 1.0033371281504628);
  agrees(tt::rotary{.base = 100, .heads = 2, .first = 2}, s, -0.9152906231052982, -1.519783658977321);
  agrees(tt::rotary{.interleaved = true}, s, 5.488690970741655, 4.367025692152975);
  agrees(tt::rotary{.interleaved = true, .heads = 2, .first = 5}, s, 3.968960903977069, 3.816733786190702);
}

TEST_CASE("products of turned tokens depend on their distance only") {
  for (const bool interleaved : {false, true}) {
    bare::trial<tt::rotary, double, tt::native> t({.interleaved = interleaved}, {tt::sequence_of(6, 8)}, 1);
    for (std::size_t i = 8; i < 48; ++i) t.x[0][i] = t.x[0][i % 8];
    t.run();
    const auto product = [&](std::size_t a, std::size_t b) {
      double p = 0;
      for (std::size_t c = 0; c < 8; ++c) p += t.y[0][8 * a + c] * t.y[0][8 * b + c];
      return p;
    };
    CHECK(product(0, 2) == doctest::Approx(product(3, 5)));
    CHECK(product(0, 2) != doctest::Approx(product(0, 3)));
  }
}

TEST_CASE("fourier_features are those of the Perceiver") {
  const tt::shape s = tt::sequence_of(3, 4);
  agrees(tt::fourier_features{.bands = 3, .max_frequency = 10}, s, -0.8301079235554232, 25.64036869727331);
  agrees(tt::fourier_features{.bands = 1, .max_frequency = 6}, s, -0.7548573988445441, 17.08920632119678);
  agrees(tt::fourier_features{.bands = 4, .max_frequency = 7, .keep_input = false}, s, 4.198448459400366,
         49.74888923743426);
  bare::trial<tt::fourier_features, double, tt::native> one({3, 10}, {tt::features_of(1)}, 1);
  one.x[0][0] = 0.3;
  one.run();
  const double expected[] = {
      0.8090169943749475, 0.30901699437494795, -1, 0.5877852522924731, -0.9510565162951534, 0, 0.3};
  for (std::size_t i = 0; i < 7; ++i) CHECK(std::abs(one.y[0][i] - expected[i]) < 1e-7);
  CHECK(one.y[0].size() == 7);
}

TEST_CASE("what does not fit positions is said in one sentence") {
  const tt::shape s = tt::sequence_of(3, 6), v = tt::features_of(4);
  const auto said = [](const tt::shape& y) { return std::string(y.fault.sentence ? y.fault.sentence : ""); };
  CHECK(said(tt::sinusoids{}.infer(v)) == "sinusoids: the input must be a sequence");
  CHECK(said(tt::sinusoids{.base = 0}.infer(s)) == "sinusoids: base must be greater than 0");
  CHECK(said(tt::sinusoids{.interleaved = false}.infer(s.with_width(3))) ==
        "sinusoids: the form that is not interleaved needs a width of 4 or more");
  CHECK(said(tt::rotary{}.infer(v)) == "rotary: the input must be a sequence");
  CHECK(said(tt::rotary{.base = -1}.infer(s)) == "rotary: base must be greater than 0");
  CHECK(said(tt::rotary{.heads = 2}.infer(s)) == "rotary: each head must have an even width");
  CHECK(said(tt::rotary{.heads = 0}.infer(s)) == "rotary: heads must be 1 or more");
  CHECK(said(tt::fourier_features{0, 4}.infer(s)) == "fourier_features: bands must be 1 or more");
  CHECK(said(tt::fourier_features{2, 0}.infer(s)) == "fourier_features: max_frequency must be greater than 0");
  CHECK(said(tt::fourier_features{2, 4}.infer(tt::picture_of(1, 2, 2))) ==
        "fourier_features: the input must be features or a sequence");
  CHECK(tt::fourier_features{2, 4}.infer(s).width() == 30);
}
