// Softmax as a layer.
#pragma once

#include <tectum/operators/layers/axis.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

namespace detail {

// The largest of each column of a block's valid rows, to begin with the lowest number.
template <class Kernels, class T, class Valid>
void column_maxima(const T* x, const axis_layout& a, Valid valid, T* most) noexcept {
  Kernels::fill(row_of(most, a.inner), math::lowest<T>());
  for (index s = 0; s < a.steps; ++s)
    if (valid(s))
      Kernels::fused_update(a.inner, [](auto& m, const auto& v) { m = math::max(m, v); }, most, x + s * a.inner);
}

}  // namespace detail

// y = exp(x) / sum of exp(x) along one axis. A classifier needs none before cross_entropy, which takes scores.
//   axis (-1): of a sample, counted from the front or, below 0, from the end; tt::softmax(1) is that of axis 1.
//   [...] -> [...]
// Along the tokens the padded ones do not count; along the other axes each token is by itself.
inline constexpr struct softmax_operator {
  int axis = -1;

  static constexpr const char* name = "softmax";
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::output;
  static constexpr bool strided_output = true;

  constexpr softmax_operator operator()(int along) const { return {along}; }

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("softmax: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("softmax: a loss is one number");
    if (!detail::has_axis(x, axis)) return wrong("softmax: a sample does not have that axis", axis, x.rank);
    return x;
  }
  constexpr extents scratch(shape x) const { return {.fixed = 2 * detail::along(x, axis).inner}; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const detail::axis_layout a = detail::along(x.shape(), axis);
    if (a.in_rows()) {
      const matrix<const T> from = x.as_rows();
      const matrix<T> to = y.as_rows();
      for (index r = 0; r < from.rows; ++r) C::kernels::softmax(from.columns, from.row(r), nullptr, to.row(r));
      return;
    }
    T *const most = c.scratch_fixed(), *const sum = most + a.inner;
    detail::each_block(x, a, [&](index b, index begin, auto valid) {
      const T* const from = x.sample(b) + begin;
      T* const to = y.sample(b) + begin;
      detail::column_maxima<typename C::kernels>(from, a, valid, most);
      C::kernels::fill(detail::row_of(sum, a.inner), T(0));
      for (index s = 0; s < a.steps; ++s) {
        T* const row = to + s * a.inner;
        if (valid(s))
          C::kernels::fused_update(
              a.inner,
              [](auto& e, auto& total, const auto& m, const auto& v) {
                using V = std::remove_cvref_t<decltype(e)>;
                e = select(m == V(math::lowest<T>()), V(T(0)), math::exp_nonpositive(v - m));
                total = total + e;
              },
              row, sum, static_cast<const T*>(most), from + s * a.inner);
        else C::kernels::fill(detail::row_of(row, a.inner), T(0));
      }
      for (index s = 0; s < a.steps; ++s)
        if (valid(s))
          C::kernels::fused_update(
              a.inner,
              [](auto& e, const auto& total) {
                using V = std::remove_cvref_t<decltype(e)>;
                e = e / select(total == V(T(0)), V(T(1)), total);
              },
              to + s * a.inner, static_cast<const T*>(sum));
    });
  }
  template <class C>
  void backward(C& c, in<C> x, in<C> y, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const detail::axis_layout a = detail::along(x.shape(), axis);
    if (a.in_rows()) {
      detail::each_valid_rows(x, [&](index begin, index count) {
        for (index r = begin; r < begin + count; ++r)
          C::kernels::softmax_gradient(y.width(), y.as_rows().row(r), dy.as_rows().row(r), dx.as_rows().row(r));
      });
      return;
    }
    T* const sum = c.scratch_fixed();
    detail::each_block(x, a, [&](index b, index begin, auto valid) {
      const T *const value = y.sample(b) + begin, *const upper = dy.sample(b) + begin;
      C::kernels::fill(detail::row_of(sum, a.inner), T(0));
      for (index s = 0; s < a.steps; ++s)
        if (valid(s))
          C::kernels::fused_update(
              a.inner, [](auto& total, const auto& e, const auto& d) { total = total + e * d; }, sum,
              value + s * a.inner, upper + s * a.inner);
      for (index s = 0; s < a.steps; ++s)
        if (valid(s))
          C::kernels::fused_update(
              a.inner, [](auto& g, const auto& e, const auto& d, const auto& total) { g = g + e * (d - total); },
              dx.sample(b) + begin + s * a.inner, value + s * a.inner, upper + s * a.inner, static_cast<const T*>(sum));
    });
  }
} softmax;

}  // namespace tectum
