// Cross-entropy of class scores with probabilities of the classes.
#pragma once

#include <tectum/operators/losses/scores.hpp>

namespace tectum::inline TECTUM_ABI {

// -sum over j of w_j t_j log softmax(x)_j of scores x and target probabilities t, at every place.
//   label_smoothing (0): the share s of the target that is spread evenly: (1 - s) t + s / classes, in [0, 1);
//   class_weights (false): a buffer "class_weights" [classes], the w of each class, ones until the user sets it; they
//   are no part of what a mean divides by; reduction (mean): mean over the places, sum, batch_mean (the sum divided by
//   the samples) or none (a value a place); [classes], [length, classes], [classes, height, width] or [classes,
//   samples], twice -> one loss a batch; none: [1], [length, 1], [1, height, width], [1, samples]
// Places that are missing in either do not count. Gradients flow to both inputs.
struct soft_cross_entropy {
  double label_smoothing = 0;
  bool class_weights = false;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "soft_cross_entropy";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape scores, shape target) const {
    if (target.holds_ids()) return wrong("soft_cross_entropy: ids are not probabilities; use tt::cross_entropy");
    if (scores.holds_ids() || scores.kind == kind::scalar || scores.kind == kind::video)
      return wrong("soft_cross_entropy: the scores must be features, a sequence, a picture or a waveform");
    if (!scores.same_extents(target) || scores.kind != target.kind)
      return wrong("soft_cross_entropy: both inputs must have the same shape");
    if (!(label_smoothing >= 0 && label_smoothing < 1))
      return wrong("soft_cross_entropy: label_smoothing must be in [0, 1)");
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
  void forward(C& c, in<C> scores, in<C> target, out<C> y) const noexcept {
    using T = typename C::scalar;
    const detail::class_layout layout(scores.shape());
    const T smooth = static_cast<T>(label_smoothing), each = smooth / T(layout.classes);
    const auto value = [&](index b, index p, T&) {
      T *const room = c.scratch_fixed(), *const x = room + layout.classes;
      const T total = detail::shift_scores<typename C::kernels>(layout.classes, layout.row(scores, b, p, room), x);
      const T* const t = layout.at(target, b, p);
      T loss = 0;
      for (index j = 0; j < layout.classes; ++j)
        loss += ((T(1) - smooth) * t[j * layout.step] + each) * weight_of(c, j) * (total - x[j]);
      return loss;
    };
    detail::reduce_places(c, reduction, scores.samples, layout.places, y, counts(scores, target), value);
  }
  template <class C>
  void backward(C& c, in<C> scores, in<C> target, in<C>, in<C> dy, out<C> dx, out<C> dtarget) const noexcept {
    using T = typename C::scalar;
    const detail::class_layout layout(scores.shape());
    const T smooth = static_cast<T>(label_smoothing), each = smooth / T(layout.classes);
    T *const room = c.scratch_fixed(), *const share = room + layout.classes;
    const auto add = [&](index b, index p, T g) {
      const T *const x = layout.row(scores, b, p, room), *const t = layout.at(target, b, p);
      const index step = layout.step;
      if (dx) {
        C::kernels::softmax(layout.classes, x, nullptr, share);
        T* const d = layout.at(dx, b, p);
        T sum = 0;
        for (index j = 0; j < layout.classes; ++j) sum += ((T(1) - smooth) * t[j * step] + each) * weight_of(c, j);
        for (index j = 0; j < layout.classes; ++j)
          d[j * step] += g * (share[j] * sum - ((T(1) - smooth) * t[j * step] + each) * weight_of(c, j));
      }
      if (dtarget) {
        T* const d = layout.at(dtarget, b, p);
        const T total = detail::shift_scores<typename C::kernels>(layout.classes, x, share);
        for (index j = 0; j < layout.classes; ++j)
          d[j * step] += g * (T(1) - smooth) * weight_of(c, j) * (total - share[j]);
      }
    };
    detail::spread_places(c, reduction, scores.samples, layout.places, dy, counts(scores, target), add);
  }

 private:
  template <class C>
  typename C::scalar weight_of(C& c, index k) const noexcept {
    return class_weights ? c.values(0)[k] : typename C::scalar(1);
  }
  template <class T>
  static auto counts(const view<const T>& scores, const view<const T>& target) noexcept {
    return [=](index b, index p) { return scores.valid(b, p) && target.valid(b, p); };
  }
};

}  // namespace tectum
