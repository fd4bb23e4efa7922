// Activations: elementwise, with the derivative that belongs to each. Behind a product they cost nothing: the plan
// folds them into its last step.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

namespace detail {

// What all of them share; `Act` is the activation, `Self` gives the name.
template <activation Act>
struct activation_operator {
  static constexpr auto masks = tokenwise;
  static constexpr auto epilogue = Act;
  static constexpr bool gradient_from_output = has_gradient_from_output(Act);
  static constexpr auto backward_reads = gradient_from_output ? reads::output : reads::inputs;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) {
    if (x.holds_ids()) return wrong("activation: ids are not numbers to compute with; put an embedding before it");
    return x;
  }
  template <class C>
  static void forward(C&, in<C> x, out<C> y) noexcept {
    C::kernels::map(y.as_samples(), [](auto a) { return activate(Act, a); }, x.as_samples());
  }
  template <class C>
  static void backward(C&, in<C> x, in<C> y, in<C> dy, out<C> dx) noexcept {
    if (!dx) return;
    const view<const typename C::scalar> from = gradient_from_output ? y : x;
    each_valid_rows(x, [&](index first, index count) {
      C::kernels::map_add(
          rows_of(dx.as_rows(), first, count),
          [](auto d, auto a) {
            if constexpr (gradient_from_output) return d * activation_gradient_from_output(Act, a);
            else return d * activation_gradient_from_input(Act, a);
          },
          rows_of(dy.as_rows(), first, count), rows_of(from.as_rows(), first, count));
    });
  }
};

}  // namespace detail

// max(x, 0)
inline constexpr struct relu_operator : detail::activation_operator<activation::relu> {
  static constexpr const char* name = "relu";
} relu;
// tanh(x)
inline constexpr struct tanh_operator : detail::activation_operator<activation::tanh> {
  static constexpr const char* name = "tanh";
} tanh;
// 1 / (1 + exp(-x))
inline constexpr struct sigmoid_operator : detail::activation_operator<activation::sigmoid> {
  static constexpr const char* name = "sigmoid";
} sigmoid;
// x (1 + erf(x / sqrt 2)) / 2 (Hendrycks and Gimpel 2016)
inline constexpr struct gelu_operator : detail::activation_operator<activation::gelu> {
  static constexpr const char* name = "gelu";
} gelu;
// gelu with tanh in the place of erf, as many published weights have it
inline constexpr struct gelu_tanh_operator : detail::activation_operator<activation::gelu_tanh> {
  static constexpr const char* name = "gelu_tanh";
} gelu_tanh;
// x sigmoid(x)
inline constexpr struct silu_operator : detail::activation_operator<activation::silu> {
  static constexpr const char* name = "silu";
} silu;

}  // namespace tectum
