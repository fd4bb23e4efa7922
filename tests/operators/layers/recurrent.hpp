// Recurrent layers against PyTorch 1.13: the parameters, inputs and gradients that its values were computed with, and
// the comparisons. Two layers in both directions, width 2, hidden 2, of three samples of 4, 1 and 3 steps.
#pragma once

#include <cstring>
#include <limits>
#include <string>
#include <tectum/check.hpp>

#include "network.hpp"

namespace recurrent_values {

using namespace one_layer;

inline constexpr int samples = 3, length = 4, width = 2, hidden = 2, walks = 4;
inline constexpr int lengths[] = {4, 1, 3};
inline constexpr tt::name<"h0"> h0;
inline constexpr tt::name<"c0"> c0;
inline constexpr tt::name<"h_n"> h_n;
inline constexpr tt::name<"c_n"> c_n;
inline constexpr auto steps = tt::sequence{.length = length, .width = width, .padded = true};
inline constexpr auto states = tt::sequence{.length = walks, .width = hidden};

// Numbers number k of everything that has numbers.
inline std::vector<double> wave(std::size_t n, int k) {
  std::vector<double> v(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double a = static_cast<double>(i);
    v[i] = 0.8 * std::sin(1.3 * a * a + 0.7 * a + 0.37 * k);
  }
  return v;
}

// The input, with NaN behind the last valid steps.
inline std::vector<double> steps_of_samples() {
  std::vector<double> v = wave(samples * length * width, 20);
  for (int b = 0; b < samples; ++b)
    for (int i = lengths[b] * width; i < length * width; ++i)
      v[static_cast<std::size_t>(b * length * width + i)] = std::numeric_limits<double>::quiet_NaN();
  return v;
}

template <class Model>
void set_parameters(Model& model) {
  int k = 1;
  model.for_each_parameter([&](const char* name, const tt::parameter& p, const double*) {
    REQUIRE(model.set(name, wave(static_cast<std::size_t>(p.size()), k++).data()));
  });
}

template <class Values, std::size_t N>
void are(const Values& values, const double (&expected)[N], const char* what) {
  INFO(what);
  REQUIRE(static_cast<std::size_t>(values.size()) == N);
  for (std::size_t i = 0; i < N; ++i) CHECK(values.data()[i] == doctest::Approx(expected[i]).epsilon(1e-9));
}

// The gradient of each parameter, as the sum of its elements times cos(their number).
template <class Model, std::size_t N>
void gradients_sum_to(Model& model, typename Model::workspace_type& workspace, const double (&expected)[N]) {
  std::size_t k = 0;
  model.for_each_parameter([&](const char* name, const tt::parameter& p, const double*) {
    INFO(name);
    std::vector<double> g(static_cast<std::size_t>(p.size()));
    REQUIRE(model.get_gradient(workspace, name, g.data()));
    double sum = 0;
    for (std::size_t i = 0; i < g.size(); ++i) sum += g[i] * std::cos(static_cast<double>(i));
    REQUIRE(k < N);
    CHECK(sum == doctest::Approx(expected[k++]).epsilon(1e-9));
  });
  CHECK(k == N);
}

// Whether two arrays hold the same bits.
inline bool same(const double* a, const double* b, std::size_t n) {
  return std::memcmp(static_cast<const void*>(a), static_cast<const void*>(b), n * sizeof(double)) == 0;
}

// Why inputs are refused; "" if they are not.
template <class Op>
std::string refusal(const Op& op, std::initializer_list<tt::shape> inputs) {
  const tt::shape* const in = inputs.begin();
  const tt::shapes found = tt::detail::with_shapes<tt::detail::arity_of<Op>()>(
      {in, static_cast<int>(inputs.size())}, [&](const auto&... s) { return tt::shapes(op.infer(s...)); });
  return found.items[0].fault ? found.items[0].fault.sentence : "";
}

template <class Op>
void holds(const Op& op, std::initializer_list<tt::shape> inputs, const tt::check_options& options = {}) {
  const tt::check_report report = tt::check_operator(op, inputs, options);
  INFO(report.text());
  CHECK(report.passed);
}
inline constexpr tt::shape some_steps = tt::sequence_of(4, 3),
                           padded_steps = shape_of(tt::sequence{.length = 4, .width = 3, .padded = true}),
                           maybe_steps =
                               shape_of(tt::sequence{.length = 4, .width = 3, .padded = true, .optional = true});
constexpr tt::shape row(int n, bool optional = false) { return shape_of(tt::features{n, optional}); }

}  // namespace recurrent_values
