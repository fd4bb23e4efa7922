#include <doctest/doctest.h>

#include <cmath>
#include <tectum/kernels/native.hpp>
#include <tectum/kernels/reference.hpp>
#include <tectum/training/optimizers.hpp>
#include <tectum/training/schedules.hpp>
#include <vector>

namespace {

namespace tt = tectum;

// PyTorch's documented update rules, one number at a time in double; written apart from the library's.
struct plain_number {
  double p, m = 0, v = 0;
  void sgd(double g, double rate, double momentum, bool nesterov, double decay, bool first) {
    g += decay * p;
    if (momentum != 0) {
      m = first ? g : momentum * m + g;
      g = nesterov ? g + momentum * m : m;
    }
    p -= rate * g;
  }
  void adam(double g, double rate, double b1, double b2, double epsilon, double l2, double decoupled, int step) {
    p -= rate * decoupled * p;
    g += l2 * p;
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g * g;
    const double mean = m / (1 - std::pow(b1, step)), square = v / (1 - std::pow(b2, step));
    p -= rate * mean / (std::sqrt(square) + epsilon);
  }
};

double gradient_of(int step, std::size_t i) {
  return std::sin(1.7 * static_cast<double>(i) + 0.9 * step) * (i % 5 == 0 ? 1e-3 : 2);
}

// Runs `steps` steps over n parameters with the library and with `plain`, and gives the largest difference.
template <class T, class Engine, class Optimizer, class Plain>
double difference(const Optimizer& optimizer, bool decays, double scale, Plain plain) {
  constexpr std::size_t n = 67;  // no multiple of any width
  std::vector<T> p(n), g(n), m(n), v(n);
  std::vector<plain_number> expected(n);
  for (std::size_t i = 0; i < n; ++i)
    expected[i].p = static_cast<double>(p[i] = static_cast<T>(std::cos(0.3 * static_cast<double>(i))));
  for (int step = 1; step <= 7; ++step) {
    for (std::size_t i = 0; i < n; ++i) g[i] = static_cast<T>(gradient_of(step, i));
    tt::update_span<T> span{p.data(), g.data(), {m.data(), v.data()}, n, decays};
    optimizer.template update<Engine>(span, {step, optimizer.learning_rate, scale});
    for (std::size_t i = 0; i < n; ++i) plain(expected[i], scale * gradient_of(step, i), step);
    for (std::size_t i = 0; i < n; ++i) REQUIRE(g[i] == 0);
  }
  double worst = 0;
  for (std::size_t i = 0; i < n; ++i) worst = std::max(worst, std::abs(static_cast<double>(p[i]) - expected[i].p));
  return worst;
}

template <class Optimizer, class Plain>
void check_all(const Optimizer& optimizer, Plain plain) {
  for (const bool decays : {true, false})
    for (const double scale : {1.0, 0.25}) {
      const auto one = [&](plain_number& x, double g, int step) { plain(x, g, step, decays); };
      CHECK(difference<double, tt::native>(optimizer, decays, scale, one) < 1e-13);
      CHECK(difference<double, tt::reference>(optimizer, decays, scale, one) < 1e-13);
      CHECK(difference<float, tt::native>(optimizer, decays, scale, one) < 2e-6);
    }
}

}  // namespace

TEST_CASE("sgd, with momentum, nesterov and decay, is the scalar rule") {
  for (const double momentum : {0.0, 0.9})
    for (const bool nesterov : {false, true})
      for (const double decay : {0.0, 0.1})
        check_all(tt::sgd{.learning_rate = 0.05, .momentum = momentum, .nesterov = nesterov, .weight_decay = decay},
                  [&](plain_number& x, double g, int step, bool decays) {
                    x.sgd(g, 0.05, momentum, nesterov, decays ? decay : 0, step == 1);
                  });
}

TEST_CASE("adam with L2 decay is the scalar rule") {
  check_all(tt::adam{.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.99, .epsilon = 1e-6, .weight_decay = 0.2},
            [](plain_number& x, double g, int step, bool decays) {
              x.adam(g, 0.01, 0.8, 0.99, 1e-6, decays ? 0.2 : 0, 0, step);
            });
}

TEST_CASE("adamw decays apart from the gradient") {
  check_all(tt::adamw{.learning_rate = 0.01, .weight_decay = 0.3},
            [](plain_number& x, double g, int step, bool decays) {
              x.adam(g, 0.01, 0.9, 0.999, 1e-8, 0, decays ? 0.3 : 0, step);
            });
}

TEST_CASE("closed forms") {
  const auto run = [](auto optimizer, double p, double g, int steps, bool decays) {
    double m = 0, v = 0;
    for (int step = 1; step <= steps; ++step) {
      double gradient = g;
      optimizer.template update<tt::native>(tt::update_span<double>{&p, &gradient, {&m, &v}, 1, decays},
                                            {step, optimizer.learning_rate, 1});
    }
    return p;
  };
  // A constant gradient: the moments' corrections cancel, and every step of Adam is the learning rate, whatever g is.
  CHECK(run(tt::adam{.learning_rate = 0.5, .epsilon = 1e-12}, 0, 1e-3, 10, false) == doctest::Approx(-5).epsilon(1e-8));
  CHECK(run(tt::adam{.learning_rate = 0.5, .epsilon = 1e-12}, 0, -40, 10, false) == doctest::Approx(5).epsilon(1e-8));
  // No gradient: only the decay of AdamW is left, a power.
  CHECK(run(tt::adamw{.learning_rate = 0.1, .weight_decay = 0.5}, 3, 0, 10, true) ==
        doctest::Approx(3 * std::pow(0.95, 10)).epsilon(1e-12));
  CHECK(run(tt::adamw{.learning_rate = 0.1, .weight_decay = 0.5}, 3, 0, 10, false) == 3);
  // Momentum of a constant gradient: the sum of (1 - u^k) / (1 - u).
  double sum = 0;
  for (int k = 1; k <= 20; ++k) sum += (1 - std::pow(0.9, k)) / (1 - 0.9);
  CHECK(run(tt::sgd{.learning_rate = 0.01, .momentum = 0.9}, 0, 2, 20, false) ==
        doctest::Approx(-0.02 * sum).epsilon(1e-12));
}

TEST_CASE_TEMPLATE("padding stays zero, whatever epsilon", T, float, double) {
  for (const double epsilon : {1e-8, 0.0, 1e-300}) {
    std::vector<T> p(19), g(19), m(19), v(19);
    for (int step = 1; step <= 3; ++step) {
      const tt::update_span<T> span{p.data(), g.data(), {m.data(), v.data()}, 19, true};
      tt::adam{.epsilon = epsilon, .weight_decay = 0.1}.update<tt::native>(span, {step, 0.1, 1});
      tt::adamw{.epsilon = epsilon}.update<tt::native>(span, {step, 0.1, 1});
      tt::sgd{.momentum = 0.9}.update<tt::native>(span, {step, 0.1, 1});
    }
    for (const T x : p) CHECK(tt::math::bits(x) == 0);
  }
}

TEST_CASE("schedules") {
  CHECK(tt::constant{}.at(17, 20) == 1);
  constexpr tt::cosine half{};
  CHECK(half.at(0, 100) == doctest::Approx(1));
  CHECK(half.at(50, 100) == doctest::Approx(0.5));
  CHECK(half.at(25, 100) == doctest::Approx(0.5 + 0.25 * std::sqrt(2.0)));
  CHECK(half.at(100, 100) == doctest::Approx(0));
  CHECK(half.at(150, 100) == doctest::Approx(0));
  CHECK(half.at(7, 0) == 1);
  CHECK(tt::cosine{.last = 0.2}.at(100, 100) == doctest::Approx(0.2));
  constexpr tt::step_decay stairs{.every = 10, .factor = 0.5};
  CHECK(stairs.at(9, 0) == 1);
  CHECK(stairs.at(10, 0) == 0.5);
  CHECK(stairs.at(35, 0) == 0.125);
  constexpr tt::warm_up rising{10, tt::cosine{}};
  CHECK(rising.at(0, 110) == doctest::Approx(0.1));
  CHECK(rising.at(9, 110) == doctest::Approx(1));
  CHECK(rising.at(10, 110) == doctest::Approx(1));
  CHECK(rising.at(60, 110) == doctest::Approx(0.5));
  CHECK(tt::warm_up{4}.at(1, 0) == doctest::Approx(0.5));
  CHECK(tt::warm_up{4}.at(100, 0) == 1);
}
