// Maxout units.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// The largest of several linear pieces, for each unit: y[i] = max over k of (x Wᵀ + b)[i pieces + k] (Goodfellow et
// al. 2013). Of equal pieces the first takes the gradient; NaN wins over all.
//   features: width of the result; pieces: of a unit, 1 or more; bias (true).   [..., n] -> [..., features]
// Each token is by itself.
struct maxout {
  int features, pieces;
  bool bias = true;

  static constexpr const char* name = "maxout";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (features < 1 || pieces < 1) return wrong("maxout: features and pieces must be 1 or more", features, pieces);
    if (x.holds_ids()) return wrong("maxout: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("maxout: a loss has no features");
    return x.with_width(features);
  }
  // Piece k of all units is a matrix of its own, rows k, k + pieces, ... of the whole; so is its bias.
  constexpr auto parameters(shape x) const {
    parameter weight = weight_matrix("weight", features * pieces, x.width()),
              shift = bias_of("bias", features * pieces, x.width());
    weight.count = shift.count = pieces;
    weight.out = shift.out = features;
    weight.matrix_step = x.width();
    weight.out_step = pieces * x.width();
    shift.in = 1;
    shift.matrix_step = shift.in_step = 1;
    shift.out_step = pieces;
    return parameter_list(weight).add_if(bias, shift);
  }
  // Which piece was the largest.
  constexpr extents saved(shape x) const { return {.per_sample = 1LL * x.rows() * features}; }
  constexpr extents scratch(shape x) const {
    return {.fixed = transposed_panel_size(features, x.width()), .per_sample = 1LL * x.rows() * features};
  }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const matrix<T> to = y.as_rows(), best{c.saved(), to.rows, features, features},
                    piece{c.scratch(), to.rows, features, features};
    C::kernels::product(x.as_rows(), c.weight(0, 0), c.finish(shift_of(c, 0)), to);
    C::kernels::fill(best, T(0));
    for (int k = 1; k < pieces; ++k) {
      C::kernels::product(x.as_rows(), c.weight(0, k), c.finish(shift_of(c, k)), piece);
      const T number = static_cast<T>(k);
      C::kernels::map(
          best,
          [=](auto from, auto a, auto most) {
            const auto settled = math::is_nan(most);
            return select((a > most) | (math::is_nan(a) & !settled), decltype(a)(number), from);
          },
          matrix<const T>(best), matrix<const T>(piece), matrix<const T>(to));
      C::kernels::map(
          to, [](auto most, auto a) { return math::max(most, a); }, matrix<const T>(to), matrix<const T>(piece));
    }
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const matrix<const T> upper = dy.as_rows(), best{c.saved(), upper.rows, features, features};
    const matrix<T> room{c.scratch(), upper.rows, features, features};
    for (int k = 0; k < pieces; ++k) {
      const T number = static_cast<T>(k);
      C::kernels::map(
          room,
          [=](auto d, auto from) {
            using V = decltype(d);
            return select(from == V(number), d, V(T(0)));
          },
          upper, best);
      const matrix<const T> share = room;
      if (c.gradients)
        detail::each_valid_rows(x, [&](index first, index count) {
          const auto d = detail::rows_of(share, first, count);
          C::kernels::product_weight_gradient(d, detail::rows_of(x.as_rows(), first, count), c.weight_gradient(0, k));
          if (bias) C::kernels::add_column_sums(d, c.weight_gradient(1, k).data);
        });
      if (dx) C::kernels::product_input_gradient(share, c.weight(0, k), dx.as_rows(), c.scratch_fixed());
    }
  }

 private:
  // In panels of one input it is a vector.
  template <class C>
  const typename C::scalar* shift_of(C& c, int piece) const noexcept {
    return bias ? c.weight(1, piece).data : nullptr;
  }
};

}  // namespace tectum
