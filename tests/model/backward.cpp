// Backward from gradients that the caller has: values, parameters, inputs, masks, several results.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <tectum/kernels/reference.hpp>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers.hpp>
#include <tectum/operators/losses/mse.hpp>

#include "networks.hpp"

namespace {

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"unused"> unused;
constexpr tt::name<"y"> y;
constexpr tt::name<"z"> z;
constexpr tt::name<"w"> w;
constexpr tt::name<"loss"> loss;
constexpr tt::name<"target"> target;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::sequence{.length = 3, .width = 2, .padded = true}},
                       b = tt::input{tt::features{.width = 4, .optional = true}}, unused = tt::input{tt::features{2}},
                       target = tt::input{tt::features{5}}, y = a | tt::gru{.hidden = 5} | tt::mean_pool,
                       z = tt::fuse(tt::concat{}, y, b) | tt::tanh | tt::dropout{0.5f}, w = unused | tt::linear{3},
                       loss = tt::fuse(tt::mse{}, y, target));
});
constexpr int samples = 3;

struct data {
  double a[samples][3][2], b[samples][4], target[samples][5], dy[samples][5], dz[samples][9];
  int lengths[samples] = {3, 0, 2};
  bool present[samples] = {true, true, false};
  data() {
    double next = 0.37;
    const auto fill = [&](double* x, int n) {
      for (int i = 0; i < n; ++i) x[i] = std::sin(next += 1.7);
    };
    fill(&a[0][0][0], samples * 6);
    fill(&b[0][0], samples * 4);
    fill(&target[0][0], samples * 5);
    fill(&dy[0][0], samples * 5);
    fill(&dz[0][0], samples * 9);
  }
};

using model = tt::model<network, double, tt::reference>;

// The sum of what the gradients belong to, in inference behaviour.
double value(const model& m, model::workspace_type& ws, const data& d) {
  const auto [ys, zs] = m(ws, y, z, a = tt::padded(d.a, d.lengths), b = tt::optional(d.b, d.present));
  double s = 0;
  for (int i = 0; i < samples; ++i) {
    for (int k = 0; k < 5; ++k) s += ys(i, k) * d.dy[i][k];
    for (int k = 0; k < 9; ++k) s += zs(i, k) * d.dz[i][k];
  }
  return s;
}

}  // namespace

TEST_CASE("gradients of inputs and parameters are those of the sum") {
  data d;
  model m{tt::seed{3}};
  model::workspace_type ws(samples);
  const auto [ys, zs] = m.backward_at({.training = false}, ws, tt::gradient(y) = d.dy, tt::gradient(z) = d.dz,
                                      a = tt::padded(d.a, d.lengths), b = tt::optional(d.b, d.present));
  CHECK(ys.samples() == samples);
  CHECK(zs.extent(1) == 9);
  const auto da = ws.gradient(a);
  const auto db = ws.gradient(b);
  REQUIRE(da.rank() == 3);
  std::vector<double> of_a(da.data(), da.data() + da.size()), of_b;
  for (int i = 0; i < samples; ++i)
    for (int k = 0; k < 4; ++k) of_b.push_back(db(i, k));
  const auto n = model::graph().parameter_elements;
  const std::vector<double> of_parameters(ws.gradients(n), ws.gradients(n) + n);
  model::workspace_type other(samples);
  const auto slope = [&](double& x) {
    const double kept = x, h = 1e-5;
    x = kept + h;
    const double up = value(m, other, d);
    x = kept - h;
    const double down = value(m, other, d);
    x = kept;
    return (up - down) / (2 * h);
  };
  for (std::size_t i = 0; i < samples * 6; ++i)
    CHECK(of_a[i] == doctest::Approx(slope((&d.a[0][0][0])[i])).epsilon(1e-6));
  for (std::size_t i = 0; i < samples * 4; ++i) CHECK(of_b[i] == doctest::Approx(slope((&d.b[0][0])[i])).epsilon(1e-6));
  for (long long i = 0; i < n; ++i)
    CHECK(of_parameters[static_cast<std::size_t>(i)] == doctest::Approx(slope(m.data()[i])).epsilon(1e-6));
  CHECK(of_a[6] == 0);  // a sample without tokens
  CHECK(of_b[8] == 0);  // absent
}

TEST_CASE("of one loss it is what gradients gives") {
  data d;
  model m{tt::seed{3}};
  model::workspace_type first(samples), second(samples);
  const double one[] = {1};
  m.gradients(first, loss, a = tt::padded(d.a, d.lengths), target = d.target);
  m.backward(second, tt::gradient(loss) = one, a = tt::padded(d.a, d.lengths), target = d.target);
  const auto n = model::graph().parameter_elements;
  for (long long i = 0; i < n; ++i) CHECK(first.gradients(n)[i] == second.gradients(n)[i]);
}

TEST_CASE("a gradient at padded or absent places does not count, be it NaN") {
  data d;
  model m{tt::seed{3}};
  model::workspace_type first(samples), second(samples);
  const auto run = [&](model::workspace_type& ws) {
    m.backward_at({.training = false}, ws, tt::gradient(z) = d.dz, tt::gradient(y) = d.dy,
                  a = tt::padded(d.a, d.lengths), b = tt::optional(d.b, d.present));
  };
  run(first);
  for (double& x : d.dy[1]) x = std::numeric_limits<double>::quiet_NaN();  // sample 1 has no tokens: y is absent there
  run(second);
  const auto n = model::graph().parameter_elements;
  for (long long i = 0; i < n; ++i) CHECK(first.gradients(n)[i] == second.gradients(n)[i]);
}

TEST_CASE("an input that nothing depends on has no gradient") {
  data d;
  model m{tt::seed{3}};
  model::workspace_type ws(samples);
  m.backward(ws, tt::gradient(y) = d.dy, a = tt::padded(d.a, d.lengths));
  CHECK(ws.gradient(unused).data() == nullptr);
  CHECK(ws.gradient(b).data() == nullptr);
}

namespace {
constexpr tt::name<"flat"> flat;
inline constexpr auto only_a_view =
    tt::architecture([] { return tt::equations(a = tt::input{tt::sequence{3, 2}}, flat = a | tt::flatten); });
}  // namespace

TEST_CASE("through a value that is seen under another shape only") {
  data d;
  tt::model<only_a_view, double> m;
  tt::workspace<only_a_view, double> ws(samples);
  m.backward(ws, tt::gradient(flat) = tt::tensor(&d.a[0][0][0], {samples, 6}), a = d.a);
  for (int i = 0; i < samples * 6; ++i) CHECK(ws.gradient(a).data()[i] == (&d.a[0][0][0])[i]);
}

namespace {
// Leaves NaN where it may: at places that are not valid.
struct careless {
  static constexpr const char* name = "careless";
  static constexpr auto masks = tt::tokenwise;
  constexpr tt::shape infer(tt::shape x) const { return x; }
  template <class C>
  void forward(C&, tt::in<C> from, tt::out<C> to) const noexcept {
    for (tt::index s = 0; s < from.samples; ++s)
      for (tt::index i = 0; i < from.size(); ++i)
        to.sample(s)[i] =
            from.valid(s, i / from.width()) ? from.sample(s)[i] : std::numeric_limits<typename C::scalar>::quiet_NaN();
  }
  template <class C>
  void backward(C&, tt::in<C> from, tt::in<C>, tt::in<C> dy, tt::out<C> dx) const noexcept {
    for (tt::index s = 0; s < from.samples; ++s)
      for (tt::index i = 0; dx && i < from.size(); ++i) dx.sample(s)[i] += dy.sample(s)[i];
  }
};
constexpr tt::name<"pooled"> pooled;
inline constexpr auto with_garbage = tt::architecture([] {
  return tt::equations(a = tt::input{tt::sequence{.length = 3, .width = 2, .padded = true}},
                       pooled = a | careless{} | tt::linear{4} | tt::tanh | tt::mean_pool);
});
}  // namespace

TEST_CASE("what lies at padded places between operators reaches no gradient through an activation that is folded in") {
  data d;
  tt::model<with_garbage, double> m;
  tt::workspace<with_garbage, double> ws(samples);
  m.backward(ws, tt::gradient(pooled) = tt::tensor(&d.dy[0][0], {samples, 4}), a = tt::padded(d.a, d.lengths));
  for (int i = 6; i < 12; ++i) CHECK(ws.gradient(a).data()[i] == 0);
  for (int i = 16; i < 18; ++i) CHECK(ws.gradient(a).data()[i] == 0);
  const auto n = tt::model<with_garbage, double>::graph().parameter_elements;
  for (long long i = 0; i < n; ++i) CHECK(std::isfinite(ws.gradients(n)[i]));
}

#ifdef __cpp_exceptions
TEST_CASE("what does not fit is named") {
  data d;
  model m{tt::seed{3}};
  model::workspace_type ws(samples);
  try {
    m.backward(ws, tt::gradient(y) = d.dz, a = tt::padded(d.a, d.lengths));
    FAIL("no error");
  } catch (const tt::error& e) {
    CHECK(std::string(e.what()).find("y") != std::string::npos);
    CHECK(std::string(e.what()).find("9") != std::string::npos);
  }
}
#endif
