// Binary cross-entropy of scores.
#pragma once

#include <tectum/operators/losses/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// -w (p t log s(x) + (1 - t) log(1 - s(x))), element by element, of scores x and targets t in [0, 1], with the sigmoid
// s; the third input, if given, is the weight w, else it is 1. A mean is over the elements, not over the weights.
//   pos_weight (false): a buffer "pos_weight" [n], the p of each place on the last axis, ones until the user sets it;
//   reduction (mean): mean, sum, batch_mean (the sum divided by the samples) or none (a value an element);
//   [..., n], [..., n] and perhaps [..., n] -> one loss a batch; none: [..., n]
// Tokens and samples that are missing in any do not count. Gradients flow to all inputs.
struct binary_cross_entropy {
  bool pos_weight = false;
  tectum::reduction reduction = tectum::reduction::mean;

  static constexpr const char* name = "binary_cross_entropy";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(range<shape> x) const {
    if (x.size() < 2 || x.size() > 3)
      return wrong("binary_cross_entropy: it takes scores, targets and perhaps weights", x.size());
    return detail::elementwise_loss(reduction, x, "binary_cross_entropy: ids are not targets; use tt::cross_entropy",
                                    "binary_cross_entropy: an input is a loss already",
                                    "binary_cross_entropy: all inputs must have the same shape");
  }
  constexpr auto parameters(range<shape> x) const {
    return parameter_list().add_if(pos_weight,
                                   vector_of("pos_weight", x[0].width(), role::buffer).initialised(initial::ones));
  }
  constexpr extents saved(range<shape>) const { return detail::elementwise_loss_saved(); }
  constexpr extents scratch(range<shape> x) const { return detail::elementwise_loss_scratch(reduction, x[0]); }

  template <class C>
  void forward(C& c, inputs<C> x, out<C> y) const noexcept {
    detail::elementwise_loss_forward(c, reduction, x, y, [&](auto values, auto part) {
      const auto rows = [&](const auto& v) { return rows_of(x, part(v)); };
      const matrix to = rows_of(x, values);
      const auto map = [&](auto... p) {
        if (x.size() == 3)
          C::kernels::map(
              to, [](auto a, auto t, auto w, auto... q) { return w * term(a, t, q...); }, rows(x[0]), rows(x[1]),
              rows(x[2]), p...);
        else
          C::kernels::map(to, [](auto a, auto t, auto... q) { return term(a, t, q...); }, rows(x[0]), rows(x[1]), p...);
      };
      if (pos_weight) map(positive(c, x, values));
      else map();
    });
  }
  template <class C>
  void backward(C& c, inputs<C> x, in<C>, in<C> dy, outputs<C> dx) const noexcept {
    detail::elementwise_loss_backward(c, reduction, x, dy, [&](const auto& g, auto part) {
      const auto rows = [&](const auto& v) { return rows_of(x, part(v)); };
      const auto add = [&](auto... p) {
        const auto weighted = [&](out<C> to, auto slope) {
          if (x.size() == 3)
            g.add(
                rows, to, [=](auto a, auto t, auto w, auto... q) { return w * slope(a, t, q...); }, rows(x[0]),
                rows(x[1]), rows(x[2]), p...);
          else g.add(rows, to, slope, rows(x[0]), rows(x[1]), p...);
        };
        weighted(dx[0], [](auto a, auto t, auto... q) {
          using V = decltype(t);
          return V(1) - t - log_weight(t, q...) * math::sigmoid(-a);
        });
        weighted(dx[1], [](auto a, auto, auto... q) { return target_slope(a, q...); });
        if (x.size() == 3)
          g.add(rows, dx[2], [](auto a, auto t, auto... q) { return term(a, t, q...); }, rows(x[0]), rows(x[1]), p...);
      };
      if (pos_weight) add(positive(c, x, rows(x[0])));
      else add();
    });
  }

 private:
  // Parts as rows of the last axis, where each place has its own weight.
  template <class V, class T>
  matrix<T> rows_of(const V& x, matrix<T> part) const noexcept {
    const index width = x[0].width();
    if (!pos_weight || part.columns == width || width == 0) return part;
    return {part.data, part.rows * (part.columns / width), width, width};
  }
  // The buffer, once for each row.
  template <class C, class T>
  matrix<const typename C::scalar> positive(C& c, inputs<C> x, matrix<T> part) const noexcept {
    const matrix<T> rows = rows_of(x, part);
    return {c.values(0), rows.rows, rows.columns, 0};
  }
  template <class V>
  static V log_weight(V) noexcept {
    return V(1);
  }
  template <class V>
  static V log_weight(V t, V p) noexcept {
    return (p - V(1)) * t + V(1);
  }
  template <class V, class... P>
  static V term(V a, V t, P... p) noexcept {
    return (V(1) - t) * a + log_weight(t, p...) * math::softplus(-a);
  }
  template <class V>
  static V target_slope(V a) noexcept {
    return -a;
  }
  template <class V>
  static V target_slope(V a, V p) noexcept {
    return (p - V(1)) * math::softplus(-a) - a;
  }
};

}  // namespace tectum
