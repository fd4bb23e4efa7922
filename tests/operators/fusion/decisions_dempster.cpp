// Dempster's rule: the published pairwise form, its laws, and what is left of the doubt.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <string>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion/dempster_shafer.hpp>
#include <tectum/operators/layers/softmax.hpp>
#include <tectum/operators/layers/vacuity.hpp>
#include <vector>

namespace tt = tectum;

namespace {

using numbers = std::vector<double>;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"c"> c;
constexpr tt::name<"alpha"> alpha;
constexpr tt::name<"probability"> probability;
constexpr tt::name<"doubt"> doubt;

template <int Classes, tt::evidence Evidence>
inline constexpr auto three = tt::architecture([] {
  constexpr tt::features scores{.width = Classes, .optional = true};
  return tt::equations(a = tt::input{scores}, b = tt::input{scores}, c = tt::input{scores},
                       alpha = tt::fuse(tt::dempster_shafer{Evidence}, a, b, c), probability = alpha | tt::softmax,
                       doubt = alpha | tt::vacuity);
});

struct combined {
  numbers logarithms, alpha, probability;
  double doubt = 0;

  double sum() const {
    double s = 0;
    for (const double v : alpha) s += v;
    return s;
  }
};
// One sample of three modalities; an empty one is absent.
template <tt::evidence Evidence, int Classes, class T = double>
combined combine(const numbers& x0, const numbers& x1, const numbers& x2) {
  tt::model<three<Classes, Evidence>, T> model;
  tt::workspace<three<Classes, Evidence>, T> workspace{1};
  std::vector<T> rows[3];
  bool there[3][1];
  const numbers* const given[] = {&x0, &x1, &x2};
  for (int k = 0; k < 3; ++k) {
    there[k][0] = !given[k]->empty();
    rows[k].assign(Classes, T(7));  // must not be looked at
    for (std::size_t j = 0; j < given[k]->size(); ++j) rows[k][j] = static_cast<T>((*given[k])[j]);
  }
  const auto row = [&](int k) { return tt::optional(tt::tensor(rows[k], {1, Classes}), there[k]); };
  const auto [l, p, u] = model(workspace, alpha, probability, doubt, a = row(0), b = row(1), c = row(2));
  combined r;
  for (int j = 0; j < Classes; ++j) {
    r.logarithms.push_back(static_cast<double>(l(0, j)));
    r.alpha.push_back(std::exp(r.logarithms.back()));
    r.probability.push_back(static_cast<double>(p(0, j)));
  }
  r.doubt = static_cast<double>(u(0, 0));
  return r;
}
template <tt::evidence Evidence, int Classes>
combined combine(const std::vector<numbers>& x) {
  return combine<Evidence, Classes>(x[0], x[1], x[2]);
}

// An opinion, and the paper's rule for two of them, with the conflict in the denominator.
struct opinion {
  std::vector<long double> belief;
  long double doubt;
};
opinion opinion_of(const numbers& scores) {
  opinion o;
  long double sum = static_cast<long double>(scores.size());
  for (const double x : scores) sum += std::log1p(std::exp(static_cast<long double>(x)));
  for (const double x : scores) o.belief.push_back(std::log1p(std::exp(static_cast<long double>(x))) / sum);
  o.doubt = static_cast<long double>(scores.size()) / sum;
  return o;
}
opinion pairwise(const opinion& x, const opinion& y) {
  long double conflict = 0;
  for (std::size_t i = 0; i < x.belief.size(); ++i)
    for (std::size_t j = 0; j < x.belief.size(); ++j)
      if (i != j) conflict += x.belief[i] * y.belief[j];
  opinion o;
  for (std::size_t i = 0; i < x.belief.size(); ++i)
    o.belief.push_back((x.belief[i] * y.belief[i] + x.belief[i] * y.doubt + y.belief[i] * x.doubt) / (1 - conflict));
  o.doubt = x.doubt * y.doubt / (1 - conflict);
  return o;
}

const std::vector<numbers> scores{{1.0, -0.5, 2.0, 0.25}, {0.5, 1.5, -1.0, 3.0}, {-2.0, 0.75, 0.125, 1.25}};

}  // namespace

// The pairwise rule in numpy.
TEST_CASE("alpha and doubt of three modalities") {
  const auto check = [](const combined& r, const numbers& wanted, double u) {
    for (std::size_t j = 0; j < 4; ++j) {
      CHECK(r.alpha[j] == doctest::Approx(wanted[j]).epsilon(1e-13));
      CHECK(r.probability[j] == doctest::Approx(wanted[j] / r.sum()).epsilon(1e-13));
    }
    CHECK(r.doubt == doctest::Approx(u).epsilon(1e-13));
    CHECK(r.doubt == doctest::Approx(4 / r.sum()).epsilon(1e-13));
  };
  check(combine<tt::evidence::softplus, 4>(scores),
        {3.81680105294075, 5.189637009795847, 4.858079896098579, 8.697120330469904}, 0.1772920897280817);
  check(combine<tt::evidence::rectified, 4>(scores), {2.625, 3.53125, 3.1875, 6.76171875}, 0.24836284259034674);
  check(combine<tt::evidence::exponential, 4>(scores),
        {6.808421216542312, 11.937393184290062, 12.9596078802925, 56.580336337174614}, 0.04530742061461878);
}

TEST_CASE("two modalities with evidence in whole numbers") {
  const combined r = combine<tt::evidence::rectified, 3>({2, 0.2, 0.5}, {3, 1, 1}, {});
  CHECK(r.alpha[0] == doctest::Approx(8).epsilon(1e-14));
  CHECK(r.alpha[1] == doctest::Approx(34.0 / 15).epsilon(1e-14));
  CHECK(r.alpha[2] == doctest::Approx(8.0 / 3).epsilon(1e-14));
  double belief = 0;
  for (const double v : r.alpha) belief += (v - 1) / r.sum();
  CHECK(belief + r.doubt == doctest::Approx(1).epsilon(1e-14));
}

TEST_CASE("the published rule, folded from either side, in any order; belief and doubt sum to 1") {
  std::mt19937 generator(5);
  std::uniform_real_distribution<double> draw(-6, 9);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<numbers> x(3, numbers(5));
    for (numbers& row : x)
      for (double& v : row) v = draw(generator);
    const opinion o[] = {opinion_of(x[0]), opinion_of(x[1]), opinion_of(x[2])};
    const opinion left = pairwise(pairwise(o[0], o[1]), o[2]), right = pairwise(o[0], pairwise(o[1], o[2]));
    const combined r = combine<tt::evidence::softplus, 5>(x),
                   turned = combine<tt::evidence::softplus, 5>(x[2], x[0], x[1]);
    double total = r.doubt;
    for (std::size_t j = 0; j < 5; ++j) {
      const double belief = (r.alpha[j] - 1) / r.sum();
      CHECK(belief == doctest::Approx(static_cast<double>(left.belief[j])).epsilon(1e-11));
      CHECK(belief == doctest::Approx(static_cast<double>(right.belief[j])).epsilon(1e-11));
      CHECK(turned.logarithms[j] == doctest::Approx(r.logarithms[j]).epsilon(1e-13));
      total += belief;
    }
    CHECK(r.doubt == doctest::Approx(static_cast<double>(left.doubt)).epsilon(1e-11));
    CHECK(total == doctest::Approx(1).epsilon(1e-13));
  }
}

TEST_CASE("an opinion without evidence changes nothing, and is what an absent modality counts as") {
  const numbers none(4, -1e4);
  const auto check = [](const combined& with, const combined& without) {
    CHECK(with.logarithms == without.logarithms);
    CHECK(with.doubt == without.doubt);
    CHECK(with.doubt < 0.9);
  };
  check(combine<tt::evidence::softplus, 4>(scores[0], none, scores[2]),
        combine<tt::evidence::softplus, 4>(scores[0], {}, scores[2]));
  check(combine<tt::evidence::rectified, 4>(scores[0], none, scores[2]),
        combine<tt::evidence::rectified, 4>(scores[0], {}, scores[2]));
  check(combine<tt::evidence::exponential, 4>(none, scores[1], scores[2]),
        combine<tt::evidence::exponential, 4>({}, scores[1], scores[2]));
  // One modality alone is its own Dirichlet distribution.
  const combined alone = combine<tt::evidence::rectified, 4>({}, scores[1], {});
  CHECK(alone.alpha[3] == doctest::Approx(4).epsilon(1e-14));
  CHECK(alone.alpha[2] == 1);
  // Nobody knows anything.
  const combined nothing = combine<tt::evidence::softplus, 4>({}, {}, {});
  CHECK(nothing.logarithms == numbers(4, 0));
  CHECK(nothing.doubt == doctest::Approx(1).epsilon(1e-15));
}

// 1 - conflict is 1e-14 of its terms here: nothing is left of it in float.
TEST_CASE("modalities that contradict each other without any doubt") {
  const double sure = 1e7;
  const combined r = combine<tt::evidence::softplus, 2, float>({sure, -sure}, {-sure, sure}, {});
  CHECK(r.logarithms[0] == doctest::Approx(std::log1p(sure)).epsilon(1e-6));
  CHECK(r.logarithms[1] == doctest::Approx(std::log1p(sure)).epsilon(1e-6));
  CHECK(r.probability[0] == doctest::Approx(0.5).epsilon(1e-5));
  CHECK(r.doubt == doctest::Approx(1 / (1 + sure)).epsilon(1e-5));
  // Evidence of e^1000 and more, which no float holds.
  const combined far = combine<tt::evidence::exponential, 2, float>({1000, 0}, {900, 0}, {0, 1100});
  CHECK(far.logarithms[0] == doctest::Approx(1900 + std::log(2 * 0.5 * 0.5 * 1.5)).epsilon(1e-6));
  CHECK(far.logarithms[1] == doctest::Approx(1100 + std::log(2 * 1.5 * 1.5 * 0.5)).epsilon(1e-6));
  CHECK(far.probability[0] == 1);
  CHECK(far.doubt == 0);
}

TEST_CASE("dempster_shafer and vacuity refuse") {
  const auto refusal = [](std::vector<tt::shape> x) {
    const tt::shape s = tt::dempster_shafer{}.infer(tt::range<tt::shape>{x.data(), static_cast<int>(x.size())});
    return std::string(s.fault ? s.fault.sentence : "");
  };
  const tt::shape row = tt::features_of(4), words = tt::sequence_of(2, 4), image = tt::picture_of(1, 2, 2);
  const tt::shape padded = shape_of(tt::sequence{.length = 2, .width = 4, .padded = true});
  CHECK(refusal({row, image}) == "dempster_shafer: the scores must be features, or a sequence of them");
  CHECK(refusal({row, tt::features_of(5)}) == "dempster_shafer: all modalities must score the same classes");
  CHECK(refusal({words, padded}) == "dempster_shafer: either all sequences are padded or none is");
  CHECK(refusal({words, words}) == "");
  CHECK(std::string(tt::vacuity.infer(image).fault.sentence) ==
        "vacuity: the parameters must be features, or a sequence of them");
}
