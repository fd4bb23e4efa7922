// Gradients of whole networks against central differences; engines and scalars against one another.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <tectum/kernels/reference.hpp>
#include <tectum/operators/layers.hpp>

#include "networks.hpp"

namespace words {
inline constexpr tt::name<"text"> text;
inline constexpr tt::name<"sound"> sound;
inline constexpr tt::name<"label"> label;
inline constexpr tt::name<"tower"> tower;
inline constexpr tt::name<"spoken"> spoken;
inline constexpr tt::name<"read"> read;
inline constexpr tt::name<"loss"> loss;
inline constexpr tt::name<"second"> second;
inline constexpr tt::name<"scores"> scores;

// A padded text and a sound that may be absent, a tower that both share, a residual, two losses.
inline constexpr auto network = tt::architecture([] {
  return tt::equations(
      text = tt::input{tt::tokens{.length = 4, .padded = true}},
      sound = tt::input{tt::features{.width = 6, .optional = true}}, label = tt::input{tt::category{3}},
      tower = tt::linear{5} | tt::layer_norm{} | tt::gelu,
      read = text | tt::embedding{.vocabulary = 9, .dim = 6} | tt::residual(tt::linear{6} | tt::tanh) | tower |
             tt::mean_pool,
      spoken = sound | tower,
      scores = tt::fuse(tt::concat{}, read, spoken) | tt::repeat(2, tt::linear{10} | tt::silu) | tt::linear{3},
      loss = tt::fuse(tt::cross_entropy{}, scores, label),
      second = tt::fuse(tt::cross_entropy{.label_smoothing = 0.2f}, read | tt::linear{3}, label));
});
}  // namespace words

namespace {

// Worst error of every gradient, relative to the largest of them. `given` calls what it is given with the bindings.
template <const auto& Network, class Given, class... Losses>
double worst_gradient(Given given, Losses... losses) {
  tt::model<Network, double, tt::reference> m{tt::seed{7}};
  tt::workspace<Network, double> w{8}, forward{8};
  given([&](const auto&... x) { m.gradients(w, losses..., x...); });
  const double* const g = w.gradients(m.size());
  const auto value = [&] {
    double sum = 0;
    const auto add = [&](auto loss) { given([&](const auto&... x) { sum += m(forward, loss, x...).value(); }); };
    (add(losses), ...);
    return sum;
  };
  double largest = 0, worst = 0;
  tt::index count = 0;
  m.for_each_parameter([&](const char*, const tt::parameter& p, double* values) {
    tt::detail::each_element(p, [&](tt::index, tt::index i) {
      double& x = values[i];
      const double kept = x, h = 1e-4;
      const auto slope = [&](double step) {
        x = kept + step;
        const double up = value();
        x = kept - step;
        const double down = value();
        x = kept;
        return (up - down) / (2 * step);
      };
      const double numeric = (4 * slope(h / 2) - slope(h)) / 3, analytic = g[values - m.data() + i];
      largest = std::max(largest, std::abs(numeric));
      worst = std::max(worst, std::abs(numeric - analytic));
      ++count;
    });
  });
  CHECK(count == m.parameter_count());
  CHECK(largest > 1e-3);
  return worst / largest;
}

template <const auto& Network, class T, class Engine, class Given, class... Losses>
std::vector<double> gradients_on(Given given, Losses... losses) {
  tt::model<Network, T, Engine> m{tt::seed{7}};
  tt::workspace<Network, T> w{8};
  given([&](const auto&... x) { m.gradients(w, losses..., x...); });
  const T* const g = w.gradients(m.size());
  return std::vector<double>(g, g + m.size());
}
double difference(const std::vector<double>& a, const std::vector<double>& b) {
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, std::abs(a[i] - b[i]));
    largest = std::max(largest, std::abs(b[i]));
  }
  CHECK(largest > 1e-3);
  return worst / largest;
}
template <const auto& Network, class Given, class... Losses>
void all_agree(Given given, Losses... losses) {
  CHECK(worst_gradient<Network>(given, losses...) < 1e-8);
  const auto exact = gradients_on<Network, double, tt::reference>(given, losses...);
  CHECK(difference(gradients_on<Network, double, tt::native>(given, losses...), exact) < 1e-11);
  CHECK(difference(gradients_on<Network, float, tt::native>(given, losses...), exact) < 2e-5);
  CHECK(gradients_on<Network, float, tt::native>(given, losses...) ==
        gradients_on<Network, float, tt::native>(given, losses...));
}

const two::numbers<double> x;
const int text[5][4] = {{1, 2, 3, 4}, {8, 0, 1, 1}, {5, 5, 5, 5}, {7, 7, 0, 0}, {3, 0, 0, 0}};
const int lengths[5] = {4, 3, 0, 2, 1};
const bool heard[5] = {true, false, true, true, false};
const double sound[5][6] = {{0.1, -0.4, 0.9, 0.3, -0.2, 0.8},
                            {9, 9, 9, 9, 9, 9},
                            {-0.5, 0.2, 0.7, -0.9, 0.4, 0.6},
                            {0.3, 0.3, -0.8, 0.1, 0.5, -0.7},
                            {__builtin_nan(""), 0, 0, 0, 0, 0}};
const std::vector<int> label{0, 2, 1, 1, 0};

}  // namespace

TEST_CASE("two encoders and late fusion") {
  all_agree<two::network>([](auto f) { f(two::a = x.a, two::b = x.b, two::label = x.label); }, two::loss);
}

TEST_CASE("a padded text, a missing modality, a shared tower, a residual, a repetition and two losses") {
  const auto given = [](auto f) {
    f(words::text = tt::padded(text, lengths), words::sound = tt::optional(sound, heard), words::label = label);
  };
  all_agree<words::network>(given, words::loss, words::second);
  all_agree<words::network>(given, words::second, words::loss);
  // Gradients of several losses are the sum of theirs.
  const auto both = gradients_on<words::network, double, tt::reference>(given, words::loss, words::second);
  auto sum = gradients_on<words::network, double, tt::reference>(given, words::loss);
  CHECK(difference(sum, both) > 1e-3);
  tt::model<words::network, double, tt::reference> m{tt::seed{7}};
  tt::workspace<words::network, double> w{8};
  m.gradients(w, words::second, words::text = tt::padded(text, lengths), words::label = label);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += w.gradients(m.size())[i];
  CHECK(difference(sum, both) < 1e-12);
}

TEST_CASE("add_gradients adds, gradients sets") {
  tt::model<two::network, double> m{tt::seed{7}};
  tt::workspace<two::network, double> w{8};
  const auto copy = [&] { return std::vector<double>(w.gradients(m.size()), w.gradients(m.size()) + m.size()); };
  m.gradients(w, two::loss, two::a = x.a, two::b = x.b, two::label = x.label);
  const auto once = copy();
  m.add_gradients({}, w, two::loss, two::a = x.a, two::b = x.b, two::label = x.label);
  auto twice = once;
  for (double& g : twice) g *= 2;
  CHECK(difference(copy(), twice) < 1e-14);
  m.gradients(w, two::loss, two::a = x.a, two::b = x.b, two::label = x.label);
  CHECK(copy() == once);
}
