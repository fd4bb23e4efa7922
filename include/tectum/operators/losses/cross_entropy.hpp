// Cross-entropy of class scores with class indices.
#pragma once

#include <tectum/operators/losses/scores.hpp>

namespace tectum::inline TECTUM_ABI {

// -w_k log softmax(x)_k of scores x and the class k that is right, at every place; a mean divides by the sum of the
// w_k.
//   label_smoothing (0): the share of the target that is spread evenly over all classes, in [0, 1);
//   class_weights (false): a buffer "class_weights" [classes], the w of each class, ones until the user sets it;
//   reduction (mean): mean, sum, batch_mean (the sum divided by the samples) or none (a value a place);
//   [classes] and a category, [length, classes] and tokens [length], [classes, height, width] and tokens [height x
//   width], [classes, samples] and tokens [samples] -> one loss a batch; none: [1], [length, 1], [1, height, width],
//   [1, samples]
// Places that are missing in either do not count, nor does the id that the target's input declares with `ignore`.
struct cross_entropy {
  double label_smoothing = 0;
  bool class_weights = false;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "cross_entropy";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape scores, shape target) const {
    if (!target.holds_ids()) return wrong("cross_entropy: the second input must be a category, or tokens");
    if (scores.holds_ids() || scores.kind == kind::scalar || scores.kind == kind::video)
      return wrong("cross_entropy: the scores must be features, a sequence, a picture or a waveform");
    const detail::class_layout layout(scores);
    if (scores.kind == kind::features && target.kind != kind::category)
      return wrong("cross_entropy: with one row of scores a sample the target must be a category");
    if (scores.kind != kind::features && target.kind != kind::tokens)
      return wrong("cross_entropy: with scores of many places the target must be tokens, one a place");
    if (layout.places != target.size())
      return wrong("cross_entropy: there must be one target a place", layout.places, target.size());
    if (layout.classes != target.limit)
      return wrong("cross_entropy: there must be one score a class", layout.classes, target.limit);
    if (target.ignored >= target.limit)
      return wrong("cross_entropy: the ignored id must be negative or one of the classes", target.ignored);
    if (!(label_smoothing >= 0 && label_smoothing < 1))
      return wrong("cross_entropy: label_smoothing must be in [0, 1)");
    const shape both[] = {scores, target};
    return detail::reduced(reduction, detail::values_of_places(scores), {both, 2});
  }
  constexpr auto parameters(shape scores, shape) const {
    const int classes = static_cast<int>(detail::class_layout(scores).classes);
    return parameter_list().add_if(class_weights,
                                   vector_of("class_weights", classes, role::buffer).initialised(initial::ones));
  }
  constexpr extents saved(shape, shape) const { return {.fixed = 1}; }
  // A row of scores, and what becomes of it.
  constexpr extents scratch(shape scores, shape) const { return {.fixed = 2 * detail::class_layout(scores).classes}; }

  template <class C>
  void forward(C& c, in<C> scores, token_ids target, out<C> y) const noexcept {
    using T = typename C::scalar;
    const detail::class_layout layout(scores.shape());
    const T smooth = static_cast<T>(label_smoothing), each = smooth / T(layout.classes);
    const auto value = [&](index b, index p, T& weight) {
      T *const room = c.scratch_fixed(), *const x = room + layout.classes;
      const T total = detail::shift_scores<typename C::kernels>(layout.classes, layout.row(scores, b, p, room), x);
      const index k = target.sample(b)[p];
      weight = weight_of(c, k);
      T loss = (T(1) - smooth) * weight * (total - x[k]);
      if (smooth > T(0))
        for (index j = 0; j < layout.classes; ++j) loss += each * weight_of(c, j) * (total - x[j]);
      return loss;
    };
    detail::reduce_places(c, reduction, scores.samples, layout.places, y, detail::counted(scores, target), value);
  }
  template <class C>
  void backward(C& c, in<C> scores, token_ids target, in<C>, in<C> dy, out<C> dx, out<C>) const noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const detail::class_layout layout(scores.shape());
    const T smooth = static_cast<T>(label_smoothing), each = smooth / T(layout.classes);
    T all = 0;
    for (index j = 0; j < layout.classes; ++j) all += weight_of(c, j);
    T *const room = c.scratch_fixed(), *const share = room + layout.classes;
    const auto add = [&](index b, index p, T g) {
      const index k = target.sample(b)[p];
      const T own = (T(1) - smooth) * weight_of(c, k), sum = own + each * all;
      C::kernels::softmax(layout.classes, layout.row(scores, b, p, room), nullptr, share);
      for (index j = 0; j < layout.classes; ++j) share[j] = share[j] * sum - each * weight_of(c, j);
      share[k] -= own;
      T* const d = layout.at(dx, b, p);
      for (index j = 0; j < layout.classes; ++j) d[j * layout.step] += share[j] * g;
    };
    detail::spread_places(c, reduction, scores.samples, layout.places, dy, detail::counted(scores, target), add);
  }

 private:
  template <class C>
  typename C::scalar weight_of(C& c, index k) const noexcept {
    return class_weights ? c.values(0)[k] : typename C::scalar(1);
  }
};

}  // namespace tectum
