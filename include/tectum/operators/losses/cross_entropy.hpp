// Cross-entropy of class scores with class indices.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// Mean over the batch of -log softmax(scores)[class], weighted by class if asked (then the weighted mean, as PyTorch).
//   label_smoothing (0): share of the target spread evenly over all classes, in [0, 1).
//   class_weights (false): a buffer "class_weights" of one weight a class, ones until the user sets it.
//   scores [classes], category -> one loss a batch
struct cross_entropy {
  float label_smoothing = 0;
  bool class_weights = false;

  static constexpr const char* name = "cross_entropy";
  static constexpr int arity = 2;
  static constexpr bool is_loss = true;

  constexpr shape infer(shape scores, shape target) const {
    if (target.kind != kind::category) return wrong("cross_entropy: the second input must be a category");
    if (scores.rank != 1) return wrong("cross_entropy: the scores must be one row a sample");
    if (scores.width() != target.limit)
      return wrong("cross_entropy: there must be one score a class", scores.width(), target.limit);
    if (label_smoothing < 0 || label_smoothing >= 1) return wrong("cross_entropy: label_smoothing must be in [0, 1)");
    return scalar_shape();
  }
  constexpr auto parameters(shape scores, shape) const {
    return parameter_list().add_if(class_weights,
                                   vector_of("class_weights", scores.width(), role::buffer).initialised(initial::ones));
  }
  // The log of each row's sum, and the sum of the targets' weights.
  constexpr extents saved(shape, shape) const { return {.fixed = 1, .per_sample = 1}; }
  constexpr long long multiply_adds(shape, shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> scores, token_ids target, out<C> y) const noexcept {
    using T = typename C::scalar;
    const index classes = scores.width();
    const T smooth = T(label_smoothing), each = smooth / T(classes);
    T loss = 0, weights = 0;
    for (index b = 0; b < scores.samples; ++b) {
      const T* x = scores.sample(b);
      const T total = C::kernels::log_sum_exp(classes, x);
      c.saved()[b] = total;
      const index k = *target.sample(b);
      const T w = weight(c, k);
      weights += w;
      loss += (T(1) - smooth) * w * (total - x[k]);
      if (smooth > 0)
        for (index j = 0; j < classes; ++j) loss += each * weight(c, j) * (total - x[j]);
    }
    *c.saved_fixed() = weights;
    *y.data = weights == T(0) ? T(0) : loss / weights;
  }
  template <class C>
  void backward(C& c, in<C> scores, token_ids target, in<C>, in<C> dy, out<C> dx, out<C>) const noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const index classes = scores.width();
    const T smooth = T(label_smoothing), each = smooth / T(classes), weights = *c.saved_fixed();
    const T scale = weights == T(0) ? T(0) : *dy.data / weights;
    T all = 0;
    for (index j = 0; j < classes; ++j) all += weight(c, j);
    for (index b = 0; b < scores.samples; ++b) {
      const index k = *target.sample(b);
      const T own = (T(1) - smooth) * weight(c, k), sum = own + each * all, total = c.saved()[b];
      const matrix<const T> x{scores.sample(b), 1, classes, classes};
      const matrix<T> d{dx.sample(b), 1, classes, classes};
      C::kernels::map_add(d, [=](auto v) { return math::exp(v - decltype(v)(total)) * decltype(v)(sum * scale); }, x);
      d.data[k] -= own * scale;
      if (smooth > 0)
        for (index j = 0; j < classes; ++j) d.data[j] -= each * weight(c, j) * scale;
    }
  }

 private:
  template <class C>
  typename C::scalar weight(C& c, index k) const noexcept {
    return class_weights ? c.values(0)[k] : typename C::scalar(1);
  }
};

}  // namespace tectum
