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

// y = max(x, 0) (Fukushima 1969).
//   [...] -> [...]
// Each element is by itself: padding and absence go through.
inline constexpr struct relu_operator : detail::activation_operator<activation::relu> {
  static constexpr const char* name = "relu";
} relu;
// y = tanh(x).
//   [...] -> [...]
// Each element is by itself: padding and absence go through.
inline constexpr struct tanh_operator : detail::activation_operator<activation::tanh> {
  static constexpr const char* name = "tanh";
} tanh;
// y = 1 / (1 + exp(-x)).
//   [...] -> [...]
// Each element is by itself: padding and absence go through.
inline constexpr struct sigmoid_operator : detail::activation_operator<activation::sigmoid> {
  static constexpr const char* name = "sigmoid";
} sigmoid;
// y = x (1 + erf(x / sqrt 2)) / 2 (Hendrycks and Gimpel 2016).
//   [...] -> [...]
// Each element is by itself: padding and absence go through.
inline constexpr struct gelu_operator : detail::activation_operator<activation::gelu> {
  static constexpr const char* name = "gelu";
} gelu;
// y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, gelu as many published weights have it (Hendrycks and Gimpel
// 2016).
//   [...] -> [...]
// Each element is by itself: padding and absence go through.
inline constexpr struct gelu_tanh_operator : detail::activation_operator<activation::gelu_tanh> {
  static constexpr const char* name = "gelu_tanh";
} gelu_tanh;
// y = x sigmoid(x) (Elfwing et al. 2017).
//   [...] -> [...]
// Each element is by itself: padding and absence go through.
inline constexpr struct silu_operator : detail::activation_operator<activation::silu> {
  static constexpr const char* name = "silu";
} silu;
// y = x sigmoid(1.702 x), an approximation of gelu (Hendrycks and Gimpel 2016).
//   [...] -> [...]
// Each element is by itself: padding and absence go through.
inline constexpr struct quick_gelu_operator : detail::activation_operator<activation::quick_gelu> {
  static constexpr const char* name = "quick_gelu";
} quick_gelu;

namespace detail {

constexpr shape activated(const shape& x, const char* of_ids) { return x.holds_ids() ? wrong(of_ids) : x; }
// dy times slope(x), added to dx where x is valid.
template <class C, class F>
void add_through(in<C> x, in<C> dy, out<C> dx, F slope) noexcept {
  if (!dx) return;
  each_valid_rows(x, [&](index first, index count) {
    C::kernels::map_add(
        rows_of(dx.as_rows(), first, count), [=](auto d, auto a) { return d * slope(a); },
        rows_of(dy.as_rows(), first, count), rows_of(x.as_rows(), first, count));
  });
}

}  // namespace detail

// y = log(sigmoid(x)), without loss where x is very negative.
//   [...] -> [...]
// Each element is by itself: padding and absence go through.
inline constexpr struct log_sigmoid_operator {
  static constexpr const char* name = "log_sigmoid";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) {
    return detail::activated(x, "log_sigmoid: ids are not numbers to compute with; put an embedding before it");
  }
  template <class C>
  static void forward(C&, in<C> x, out<C> y) noexcept {
    C::kernels::map(y.as_samples(), [](auto a) { return -math::softplus(-a); }, x.as_samples());
  }
  template <class C>
  static void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) noexcept {
    detail::add_through<C>(x, dy, dx, [](auto a) { return math::sigmoid(-a); });
  }
} log_sigmoid;

// y = x where x > 0, otherwise negative_slope x (Maas et al. 2013).
//   negative_slope (0.01): any number.   [...] -> [...]
// Each element is by itself: padding and absence go through.
struct leaky_relu {
  double negative_slope = 0.01;

  static constexpr const char* name = "leaky_relu";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) {
    return detail::activated(x, "leaky_relu: ids are not numbers to compute with; put an embedding before it");
  }
  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const T slope = static_cast<T>(negative_slope);
    C::kernels::map(
        y.as_samples(),
        [=](auto a) {
          using V = decltype(a);
          return select(a <= V(T(0)), V(slope) * a, a);
        },
        x.as_samples());
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const T slope = static_cast<T>(negative_slope);
    detail::add_through<C>(x, dy, dx, [=](auto a) {
      using V = decltype(a);
      return select(a <= V(T(0)), V(slope), V(T(1)));
    });
  }
};

// y = x where x > 0, otherwise alpha (exp(x) - 1) (Clevert et al. 2015).
//   alpha (1): any number.   [...] -> [...]
// Each element is by itself: padding and absence go through.
struct elu {
  double alpha = 1;

  static constexpr const char* name = "elu";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) {
    return detail::activated(x, "elu: ids are not numbers to compute with; put an embedding before it");
  }
  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const T low = static_cast<T>(alpha);
    C::kernels::map(
        y.as_samples(),
        [=](auto a) {
          using V = decltype(a);
          return select(a <= V(T(0)), V(low) * math::expm1(a), a);
        },
        x.as_samples());
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const T low = static_cast<T>(alpha);
    detail::add_through<C>(x, dy, dx, [=](auto a) {
      using V = decltype(a);
      return select(a <= V(T(0)), V(low) * math::exp(a), V(T(1)));
    });
  }
};

// y = log(1 + exp(beta x)) / beta, or x where beta x > threshold (Dugas et al. 2001).
//   beta (1): sharpness, not 0; threshold (20): of beta x.   [...] -> [...]
// Each element is by itself: padding and absence go through.
struct softplus {
  double beta = 1, threshold = 20;

  static constexpr const char* name = "softplus";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (beta == 0) return wrong("softplus: beta must not be 0");
    return detail::activated(x, "softplus: ids are not numbers to compute with; put an embedding before it");
  }
  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const T scale = static_cast<T>(beta), most = static_cast<T>(threshold);
    C::kernels::map(
        y.as_samples(),
        [=](auto a) {
          using V = decltype(a);
          const V t = V(scale) * a;
          return select(t > V(most), a, math::softplus(t) / V(scale));
        },
        x.as_samples());
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const T scale = static_cast<T>(beta), most = static_cast<T>(threshold);
    detail::add_through<C>(x, dy, dx, [=](auto a) {
      using V = decltype(a);
      const V t = V(scale) * a;
      return select(t > V(most), V(T(1)), math::sigmoid(t));
    });
  }
};

}  // namespace tectum
