// Optimisers: plain values that say how parameters follow their gradients, in one pass over the flat arrays.
#pragma once

#include <cmath>
#include <tectum/kernels/math.hpp>
#include <tectum/tensor/view.hpp>

namespace tectum::inline TECTUM_ABI {

// A stretch of the flat parameters that all decay, or all do not; gradients are zero behind an update.
template <class T>
struct update_span {
  T* parameters = nullptr;
  T* gradients = nullptr;
  T* states[2] = {nullptr, nullptr};
  index size = 0;
  bool decays = false;  // role::weight
};

// One step: number counts from 1, the scale (of clipping) multiplies every gradient first.
struct update_step {
  long long number = 1;
  double learning_rate = 0, gradient_scale = 1;
};

namespace detail {

struct adam_factors {
  double rate, first, second, root;
};
// Rate with the correction of the first moment, and the root of that of the second.
inline adam_factors factors_of(double learning_rate, double beta1, double beta2, long long number) {
  const auto n = static_cast<double>(number);
  return {learning_rate / (1 - std::pow(beta1, n)), 1 - beta1, 1 - beta2, 1 / std::sqrt(1 - std::pow(beta2, n))};
}

// Decay by L2 acts on the gradient, by `keep` on the parameter itself.
template <class Engine, class T>
void adam_pass(const update_span<T>& s, const adam_factors& factors, double beta1, double beta2, double epsilon,
               double scale, double decay, double keep) noexcept {
  // Never zero, so that padding (0 / 0 otherwise) stays zero.
  constexpr double smallest = static_cast<double>(math::constants<T>::smallest_normal);
  const T least = static_cast<T>(epsilon > smallest ? epsilon : smallest);
  const T b1 = static_cast<T>(beta1), b2 = static_cast<T>(beta2), f1 = static_cast<T>(factors.first),
          f2 = static_cast<T>(factors.second), rate = static_cast<T>(factors.rate), root = static_cast<T>(factors.root),
          scaled = static_cast<T>(scale), l2 = static_cast<T>(decay), kept = static_cast<T>(keep);
  Engine::fused_update(
      s.size,
      [=](auto& p, auto& gradient, auto& m, auto& v) {
        using V = std::remove_cvref_t<decltype(p)>;
        const V g = fma(V(l2), p, gradient * V(scaled));
        m = fma(V(b1), m, V(f1) * g);
        v = fma(V(b2), v, V(f2) * g * g);
        p = p * V(kept) - V(rate) * m / fma(math::sqrt(v), V(root), V(least));
        gradient = V(T(0));
      },
      s.parameters, s.gradients, s.states[0], s.states[1]);
}

}  // namespace detail

// Stochastic gradient descent, as PyTorch has it: g += weight_decay p; b = momentum b + g; p -= learning_rate b, or
// with nesterov p -= learning_rate (g + momentum b). weight_decay acts on weights only, not on biases and scales.
struct sgd {
  double learning_rate = 1e-2, momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;

  static constexpr int states = 1;

  template <class Engine, class T>
  void update(const update_span<T>& s, const update_step& step) const noexcept {
    const T rate = static_cast<T>(step.learning_rate), scale = static_cast<T>(step.gradient_scale),
            decay = static_cast<T>(s.decays ? weight_decay : 0), keep = static_cast<T>(momentum);
    if (momentum == 0) {
      Engine::fused_update(
          s.size,
          [=](auto& p, auto& gradient) {
            using V = std::remove_cvref_t<decltype(p)>;
            p -= V(rate) * fma(V(decay), p, gradient * V(scale));
            gradient = V(T(0));
          },
          s.parameters, s.gradients);
      return;
    }
    const T own = nesterov ? T(1) : T(0), behind = nesterov ? keep : T(1);
    Engine::fused_update(
        s.size,
        [=](auto& p, auto& gradient, auto& b) {
          using V = std::remove_cvref_t<decltype(p)>;
          const V g = fma(V(decay), p, gradient * V(scale));
          b = fma(V(keep), b, g);
          p -= V(rate) * fma(V(behind), b, V(own) * g);
          gradient = V(T(0));
        },
        s.parameters, s.gradients, s.states[0]);
  }
};

// Adam (Kingma and Ba 2015), as PyTorch has it; weight_decay is added to the gradient of weights (L2).
struct adam {
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;

  static constexpr int states = 2;

  template <class Engine, class T>
  void update(const update_span<T>& s, const update_step& step) const noexcept {
    detail::adam_pass<Engine>(s, detail::factors_of(step.learning_rate, beta1, beta2, step.number), beta1, beta2,
                              epsilon, step.gradient_scale, s.decays ? weight_decay : 0, 1);
  }
};

// AdamW (Loshchilov and Hutter 2019), as PyTorch has it: weights shrink by learning_rate * weight_decay at each step.
struct adamw {
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 1e-2;

  static constexpr int states = 2;

  template <class Engine, class T>
  void update(const update_span<T>& s, const update_step& step) const noexcept {
    detail::adam_pass<Engine>(s, detail::factors_of(step.learning_rate, beta1, beta2, step.number), beta1, beta2,
                              epsilon, step.gradient_scale, 0, s.decays ? 1 - step.learning_rate * weight_decay : 1);
  }
};

}  // namespace tectum
