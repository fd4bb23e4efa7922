// What a product does to its result before it is written: bias and activation; and the activations themselves.
#pragma once

#include <tectum/kernels/math.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {

enum class activation : unsigned char {
  identity,
  relu,
  tanh,
  sigmoid,
  gelu,        // x (1 + erf(x / sqrt 2)) / 2
  gelu_tanh,   // its approximation by tanh
  silu,        // x sigmoid(x)
  quick_gelu,  // x sigmoid(1.702 x)
  elu,         // x < 0: e^x - 1
  leaky_relu,  // x < 0: 0.01 x
};

// y = activation(product + bias), or with `accumulate` activation(y + product + bias). bias: one value an output.
template <class T>
struct epilogue {
  const T* bias = nullptr;
  activation act = activation::identity;
  bool accumulate = false;
};

// activation(x) of a scalar or of lanes.
template <math::lanes_or_scalar V>
TECTUM_INLINE V activate(activation act, V x) noexcept {
  using T = element_of_t<V>;
  const V zero = V(T(0)), one = V(T(1)), half = V(T(0.5));
  switch (act) {
    case activation::identity: return x;
    case activation::relu: return select(x <= zero, zero, x);
    case activation::tanh: return math::tanh(x);
    case activation::sigmoid: return math::sigmoid(x);
    case activation::gelu: return half * x * (one + math::erf(x * V(T(0.70710678118654752440))));
    case activation::gelu_tanh:
      return half * x * (one + math::tanh(V(T(0.79788456080286535588)) * fma(V(T(0.044715)) * x * x, x, x)));
    case activation::silu: return x * math::sigmoid(x);
    case activation::quick_gelu: return x * math::sigmoid(V(T(1.702)) * x);
    case activation::elu: return select(x <= zero, math::expm1(x), x);
    case activation::leaky_relu: return select(x <= zero, V(T(0.01)) * x, x);
  }
  return x;
}

// True where the derivative can be told from the output alone: identity, relu, tanh, sigmoid, elu, leaky_relu.
constexpr bool has_gradient_from_output(activation act) {
  return act != activation::gelu && act != activation::gelu_tanh && act != activation::silu &&
         act != activation::quick_gelu;
}

// d activation / dx, told from y = activation(x); of those has_gradient_from_output names, 1 for others.
template <math::lanes_or_scalar V>
TECTUM_INLINE V activation_gradient_from_output(activation act, V y) noexcept {
  using T = element_of_t<V>;
  const V zero = V(T(0)), one = V(T(1));
  switch (act) {
    case activation::relu: return select(y <= zero, zero, one);
    case activation::tanh: return fma(-y, y, one);
    case activation::sigmoid: return y * (one - y);
    case activation::elu: return select(y <= zero, y + one, one);
    case activation::leaky_relu: return select(y <= zero, V(T(0.01)), one);
    default: return one;
  }
}

// d activation / dx at x.
template <math::lanes_or_scalar V>
TECTUM_INLINE V activation_gradient_from_input(activation act, V x) noexcept {
  using T = element_of_t<V>;
  const V one = V(T(1)), half = V(T(0.5));
  switch (act) {
    case activation::tanh:
    case activation::sigmoid:
    case activation::elu: return activation_gradient_from_output(act, activate(act, x));
    case activation::gelu: {
      const V density = V(T(0.39894228040143267794)) * math::exp(-half * x * x);
      return fma(x, density, half * (one + math::erf(x * V(T(0.70710678118654752440)))));
    }
    case activation::gelu_tanh: {
      const V root = V(T(0.79788456080286535588)), cubic = V(T(0.044715)) * x * x;
      const V t = math::tanh(root * fma(cubic, x, x));
      return fma(half * x * fma(-t, t, one) * root, fma(V(T(3)), cubic, one), half * (one + t));
    }
    case activation::silu:
    case activation::quick_gelu: {
      // 1 - sigmoid by its own formula: a large x would make much of the last digit of a difference.
      const V scaled = act == activation::silu ? x : V(T(1.702)) * x, rest = math::sigmoid(-scaled);
      return math::sigmoid(scaled) * fma(scaled, rest, one);
    }
    default: return activation_gradient_from_output(act, x);
  }
}

}  // namespace tectum
TECTUM_PRECISE_END
