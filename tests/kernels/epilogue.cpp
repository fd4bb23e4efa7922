#include <tectum/kernels/epilogue.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace tectum;

namespace {
// With -ffast-math the compiler may round lanes and scalars in other ways: 16 units in the last place.
#if defined(__FAST_MATH__)
constexpr float lanes_may_differ_by = 16 * 1.2e-7f;
#else
constexpr float lanes_may_differ_by = 0;
#endif

constexpr activation all[] = {activation::identity, activation::relu,      activation::tanh, activation::sigmoid,
                              activation::gelu,     activation::gelu_tanh, activation::silu, activation::quick_gelu,
                              activation::elu,      activation::leaky_relu};

double exact(activation act, double x) {
  switch (act) {
    case activation::identity: return x;
    case activation::relu: return std::fmax(x, 0);
    case activation::tanh: return std::tanh(x);
    case activation::sigmoid: return 1 / (1 + std::exp(-x));
    case activation::gelu: return x * std::erfc(-x / std::sqrt(2.0)) / 2;
    case activation::gelu_tanh:
      return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case activation::silu: return x / (1 + std::exp(-x));
    case activation::quick_gelu: return x / (1 + std::exp(-1.702 * x));
    case activation::elu: return x < 0 ? std::expm1(x) : x;
    case activation::leaky_relu: return x < 0 ? 0.01 * x : x;
  }
  return 0;
}
}  // namespace

TEST_CASE("activations: values, lanes like scalars, NaN kept") {
  for (activation act : all) {
    for (double x = -6.05; x < 6.1; x += 0.1) {
      CHECK(std::fabs(activate(act, x) - exact(act, x)) < 1e-14);
      CHECK(std::fabs(activate(act, static_cast<float>(x)) - exact(act, x)) < 2e-6);
      const float scalar = activate(act, static_cast<float>(x));
      const float lane = activate(act, simd<float, native_width<float>>(static_cast<float>(x)))[0];
      CHECK(std::fabs(lane - scalar) <= lanes_may_differ_by * std::fmax(1.0f, std::fabs(scalar)));
    }
    CHECK(math::is_nan(activate(act, std::nan(""))));
  }
}

TEST_CASE("activations: gradients are the difference quotients") {
  for (activation act : all)
    for (double x = -6.05; x < 6.1; x += 0.1) {
      const double h = 1e-5, slope = (exact(act, x + h) - exact(act, x - h)) / (2 * h);
      CHECK(std::fabs(activation_gradient_from_input(act, x) - slope) < 1e-8);
      if (has_gradient_from_output(act))
        CHECK(std::fabs(activation_gradient_from_output(act, activate(act, x)) - slope) < 1e-8);
    }
}
