// A mixture of experts' results, with weights that another part of the network scores.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y = sum over k of softmax(g)_k x_k of experts x and the scores g of a gate (Jacobs et al. 1991; one gate for all
// modalities' decisions, as the mixture that Arevalo et al. 2017 compare with).
//   per_class (false): whether each class has a softmax over the experts of its own; the gate's scores are then those
//   of the first expert for all classes, then those of the second, and so on.
//   gate [experts], or [experts classes] per class; [classes], [classes], ... -> [classes]
// An absent expert has the weight 0 and those of the others sum to 1; where all are absent y is 0. Where the gate is
// absent all experts that are present weigh the same.
struct mixture {
  bool per_class = false;

  static constexpr const char* name = "mixture";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    if (x.size() < 2) return wrong("mixture: the inputs are the scores of a gate and at least one expert", x.size());
    for (const shape& s : x)
      if (s.kind != kind::features)
        return wrong("mixture: every input must be one vector a sample; pool or flatten it first");
    for (int k = 2; k < x.size(); ++k)
      if (x[k].width() != x[1].width())
        return wrong("mixture: all experts must have the same width", x[1].width(), x[k].width());
    const int wanted = (x.size() - 1) * (per_class ? x[1].width() : 1);
    if (x[0].width() != wanted)
      return wrong(per_class ? "mixture: the gate must have one score for each class of each expert"
                             : "mixture: the gate must have one score an expert",
                   wanted, x[0].width());
    shape y = x[1].unmasked();
    y.optional = absent_together(range<shape>{x.items + 1, x.size() - 1});
    return y;
  }
  // The weights, and in backward their gradients.
  constexpr extents saved(range<shape> x) const { return {.per_sample = x[0].width()}; }
  constexpr long long multiply_adds(range<shape> x) const { return 1LL * (x.size() - 1) * x[1].width(); }

  template <class C>
  void forward(C& c, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    const int experts = xs.size() - 1;
    const index width = y.width(), each = per_class ? width : 1;
    for (index b = 0; b < y.samples; ++b) {
      std::uint8_t there[most_inputs]{};
      for (int k = 0; k < experts; ++k) there[k] = xs[k + 1].present(b) ? 1 : 0;
      T* const weights = c.saved() + b * xs[0].width();
      T* const to = y.sample(b);
      for (index j = 0; j < each; ++j) {
        T row[most_inputs];
        for (int k = 0; k < experts; ++k) row[k] = xs[0].present(b) ? xs[0].sample(b)[k * each + j] : T(0);
        C::kernels::softmax(experts, row, there, row);
        for (int k = 0; k < experts; ++k) weights[k * each + j] = row[k];
      }
      for (index j = 0; j < width; ++j) to[j] = T(0);
      for (int k = 0; k < experts; ++k)
        if (there[k]) add_product<C>(weights + k * each, xs[k + 1].sample(b), width, to);
    }
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const int experts = xs.size() - 1;
    const index width = dy.width(), each = per_class ? width : 1;
    for (index b = 0; b < dy.samples; ++b) {
      const T *const weights = c.saved() + b * xs[0].width(), *const d = dy.sample(b);
      for (int k = 0; k < experts; ++k)
        if (dxs[k + 1] && xs[k + 1].present(b)) add_product<C>(weights + k * each, d, width, dxs[k + 1].sample(b));
      if (!dxs[0] || !xs[0].present(b)) continue;
      for (index j = 0; j < each; ++j) {
        T row[most_inputs]{}, slope[most_inputs]{}, through[most_inputs]{};
        for (int k = 0; k < experts; ++k) {
          row[k] = weights[k * each + j];
          if (!xs[k + 1].present(b)) continue;
          slope[k] = per_class ? d[j] * xs[k + 1].sample(b)[j] : C::kernels::dot(width, d, xs[k + 1].sample(b));
        }
        C::kernels::softmax_gradient(experts, row, slope, through);
        for (int k = 0; k < experts; ++k) dxs[0].sample(b)[k * each + j] += through[k];
      }
    }
  }

 private:
  // to += weights x, one weight for all or one each.
  template <class C>
  void add_product(const typename C::scalar* weights, const typename C::scalar* x, index width,
                   typename C::scalar* to) const noexcept {
    using T = typename C::scalar;
    const matrix<T> y{to, 1, width, width};
    const matrix<const T> from{x, 1, width, width};
    if (per_class)
      C::kernels::map_add(y, [](auto w, auto v) { return w * v; }, matrix<const T>{weights, 1, width, width}, from);
    else C::kernels::scale_add(*weights, from, y);
  }
};

}  // namespace tectum
