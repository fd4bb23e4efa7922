// The logarithm of softmax as a layer.
#pragma once

#include <tectum/operators/layers/softmax.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x - log(sum of exp(x)) along one axis.
//   axis (-1): of a sample, counted from the front or, below 0, from the end; tt::log_softmax(1) is that of axis 1.
//   [...] -> [...]
// Along the tokens the padded ones do not count; along the other axes each token is by itself.
inline constexpr struct log_softmax_operator {
  int axis = -1;

  static constexpr const char* name = "log_softmax";
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::output;
  static constexpr bool strided_output = true;

  constexpr log_softmax_operator operator()(int along) const { return {along}; }

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("log_softmax: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("log_softmax: a loss is one number");
    if (!detail::has_axis(x, axis)) return wrong("log_softmax: a sample does not have that axis", axis, x.rank);
    return x;
  }
  constexpr extents scratch(shape x) const { return {.fixed = 2 * detail::along(x, axis).inner}; }

  // First the largest is taken away, then the logarithm, which is small: what is large loses no digits.
  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const detail::axis_layout a = detail::along(x.shape(), axis);
    const auto less = [](index n, const T* from, T amount, T* to) {
      C::kernels::map(detail::row_of(to, n), [=](auto v) { return v - decltype(v)(amount); }, detail::row_of(from, n));
    };
    if (a.in_rows()) {
      for (index r = 0; r < x.as_rows().rows; ++r) {
        const T* const from = x.as_rows().row(r);
        T* const to = y.as_rows().row(r);
        less(a.steps, from, C::kernels::maximum(a.steps, from), to);
        less(a.steps, to, C::kernels::log_sum_exp(a.steps, static_cast<const T*>(to)), to);
      }
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
                e = v - m;
                total = total + math::exp_nonpositive(e);
              },
              row, sum, static_cast<const T*>(most), from + s * a.inner);
        else C::kernels::fill(detail::row_of(row, a.inner), T(0));
      }
      C::kernels::fused_update(a.inner, [](auto& total) { total = math::log(total); }, sum);
      for (index s = 0; s < a.steps; ++s)
        if (valid(s))
          C::kernels::fused_update(
              a.inner, [](auto& e, const auto& total) { e = e - total; }, to + s * a.inner, static_cast<const T*>(sum));
    });
  }
  template <class C>
  void backward(C& c, in<C> x, in<C> y, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const detail::axis_layout a = detail::along(x.shape(), axis);
    if (a.in_rows()) {
      detail::each_valid_rows(x, [&](index begin, index count) {
        for (index r = begin; r < begin + count; ++r) {
          const T total = C::kernels::sum(a.steps, dy.as_rows().row(r));
          C::kernels::map_add(
              detail::rows_of(dx.as_rows(), r, 1),
              [=](auto d, auto e) { return d - math::exp(e) * decltype(e)(total); },
              detail::rows_of(dy.as_rows(), r, 1), detail::rows_of(y.as_rows(), r, 1));
        }
      });
      return;
    }
    T* const sum = c.scratch_fixed();
    detail::each_block(x, a, [&](index b, index begin, auto valid) {
      const T *const value = y.sample(b) + begin, *const upper = dy.sample(b) + begin;
      C::kernels::fill(detail::row_of(sum, a.inner), T(0));
      for (index s = 0; s < a.steps; ++s)
        if (valid(s)) C::kernels::add(detail::row_of(upper + s * a.inner, a.inner), detail::row_of(sum, a.inner));
      for (index s = 0; s < a.steps; ++s)
        if (valid(s))
          C::kernels::fused_update(
              a.inner,
              [](auto& g, const auto& e, const auto& d, const auto& total) { g = g + d - math::exp(e) * total; },
              dx.sample(b) + begin + s * a.inner, value + s * a.inner, upper + s * a.inner, static_cast<const T*>(sum));
    });
  }
} log_softmax;

}  // namespace tectum
