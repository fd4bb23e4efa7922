// Multiplication by learned gains, and by constants.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x w, with a learned w: one number, or one for each of the last axis, which is LayerScale (Touvron et al. 2021).
//   features (false): whether there is one for each; initial (1): the value at first.   [..., n] -> [..., n]
struct scale_by {
  bool features = false;
  float initial = 1;

  static constexpr const char* name = "scale_by";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("scale_by: ids are not numbers to compute with; put an embedding before it");
    return x;
  }
  constexpr auto parameters(shape x) const {
    return parameter_list(
        vector_of("weight", features ? x.width() : 1, role::scale).initialised(tectum::initial::constant, initial));
  }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    const auto rows = x.as_rows();
    const auto w = *c.values(0);
    if (features) C::kernels::map(y.as_rows(), times, rows, gains(c, rows.rows, rows.columns));
    else C::kernels::map(y.as_rows(), [w](auto a) { return a * decltype(a)(w); }, rows);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const auto d = dy.as_rows(), rows = x.as_rows();
    if (c.gradients)
      detail::each_valid_rows(x, [&](index first, index count) {
        for (index r = first; r < first + count; ++r) {
          if (features)
            C::kernels::map_add(detail::row_of(c.gradient(0), rows.columns), times, detail::rows_of(rows, r, 1),
                                detail::rows_of(d, r, 1));
          else *c.gradient(0) += C::kernels::dot(rows.columns, rows.row(r), d.row(r));
        }
      });
    if (!dx) return;
    if (features) C::kernels::map_add(dx.as_rows(), times, d, gains(c, d.rows, d.columns));
    else C::kernels::scale_add(*c.values(0), d, matrix<T>(dx.as_rows()));
  }

 private:
  static constexpr auto times = [](auto a, auto b) { return a * b; };
  template <class C>
  matrix<const typename C::scalar> gains(C& c, index rows, index columns) const noexcept {
    return {c.values(0), rows, columns, 0};
  }
};

// y = scale x + shift, with constants.
//   scale (1); shift (0).   [...] -> [...]
struct affine {
  double scale = 1, shift = 0;

  static constexpr const char* name = "affine";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("affine: ids are not numbers to compute with; put an embedding before it");
    return x;
  }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const T a = static_cast<T>(scale), b = static_cast<T>(shift);
    C::kernels::map(y.as_samples(), [a, b](auto v) { return v * decltype(v)(a) + decltype(v)(b); }, x.as_samples());
  }
  template <class C>
  void backward(C&, in<C>, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    if (dx) C::kernels::scale_add(static_cast<T>(scale), dy.as_samples(), dx.as_samples());
  }
};

}  // namespace tectum
