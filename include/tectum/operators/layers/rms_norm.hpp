// Normalisation by the root mean square.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x / sqrt(mean of x^2 + epsilon) * weight over the last axis (Zhang and Sennrich 2019).
//   epsilon (1e-6): added to the mean of the squares, greater than 0; affine (true): with learned weight, ones at
//   first.
//   [..., n] -> [..., n]
// Each token is by itself.
struct rms_norm {
  double epsilon = 1e-6;
  bool affine = true;

  static constexpr const char* name = "rms_norm";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("rms_norm: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("rms_norm: a loss has nothing to normalise");
    if (!(epsilon > 0)) return wrong("rms_norm: epsilon must be greater than 0");
    return x;
  }
  constexpr auto parameters(shape x) const {
    return parameter_list().add_if(affine, vector_of("weight", x.width(), role::scale).initialised(initial::ones));
  }
  // The inverse of each row's root.
  constexpr extents saved(shape x) const { return {.per_sample = x.rows()}; }
  constexpr extents scratch(shape x) const { return {.fixed = x.width()}; }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const matrix<const T> rows = x.as_rows();
    const T share = T(1) / static_cast<T>(rows.columns);
    for (index r = 0; r < rows.rows; ++r) {
      const matrix<const T> row = detail::rows_of(rows, r, 1);
      const T square = C::kernels::dot(rows.columns, row.data, row.data) * share;
      const T inverse = T(1) / math::sqrt(square + static_cast<T>(epsilon));
      c.saved()[r] = inverse;
      const auto scaled = [=](auto a) { return a * decltype(a)(inverse); };
      if (affine)
        C::kernels::map(
            detail::rows_of(y.as_rows(), r, 1), [=](auto a, auto w) { return scaled(a) * w; }, row,
            detail::row_of(c.values(0), rows.columns));
      else C::kernels::map(detail::rows_of(y.as_rows(), r, 1), scaled, row);
    }
  }
  // With i the inverse: dx += i (g - x i^2 mean of g x), g = dy * weight.
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const index n = x.width();
    const T share = T(1) / static_cast<T>(n);
    const matrix<T> room = detail::row_of(c.scratch_fixed(), n);
    detail::each_valid_rows(x, [&](index begin, index count) {
      for (index r = begin; r < begin + count; ++r) {
        const matrix<const T> row = detail::rows_of(x.as_rows(), r, 1), upper = detail::rows_of(dy.as_rows(), r, 1);
        const T inverse = c.saved()[r];
        if (affine && c.gradients)
          C::kernels::map_add(
              detail::row_of(c.gradient(0), n), [=](auto a, auto d) { return d * a * decltype(a)(inverse); }, row,
              upper);
        if (!dx) continue;
        if (affine) C::kernels::map(room, [](auto d, auto w) { return d * w; }, upper, detail::row_of(c.values(0), n));
        else C::kernels::copy(upper, room);
        const T projection = C::kernels::dot(n, static_cast<const T*>(room.data), row.data) * share * inverse * inverse;
        C::kernels::map_add(
            detail::rows_of(dx.as_rows(), r, 1),
            [=](auto g, auto a) {
              using V = decltype(g);
              return V(inverse) * (g - a * V(projection));
            },
            matrix<const T>(room), row);
      }
    });
  }
};

}  // namespace tectum
