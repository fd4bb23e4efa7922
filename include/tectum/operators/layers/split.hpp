// The last axis in two parts.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// tt::named(a, b) = x | tt::split{3}: the first `at` columns and the rest.
//   at: in [1, n - 1].   [..., n] -> [..., at] and [..., n - at]
struct split {
  int at;

  static constexpr const char* name = "split";
  static constexpr int results = 2;
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  constexpr shapes infer(shape x) const {
    if (x.holds_ids() || x.rank < 1 || x.rank > 2) return wrong("split: the input must be features or a sequence");
    if (at < 1 || at >= x.width()) return wrong("split: at must lie inside the last axis", at, x.width());
    return {x.with_width(at), x.with_width(x.width() - at)};
  }
  template <class C>
  void forward(C&, in<C> x, out<C> first_part, out<C> rest) const noexcept {
    C::kernels::copy(columns(x.as_rows(), 0, at), first_part.as_rows());
    C::kernels::copy(columns(x.as_rows(), at, x.width() - at), rest.as_rows());
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C>, in<C> d_first, in<C> d_rest, out<C> dx) const noexcept {
    if (!dx) return;
    if (d_first) C::kernels::add(d_first.as_rows(), columns(dx.as_rows(), 0, at));
    if (d_rest) C::kernels::add(d_rest.as_rows(), columns(dx.as_rows(), at, x.width() - at));
  }

 private:
  template <class T>
  static matrix<T> columns(const matrix<T>& m, index begin, index count) noexcept {
    return {m.data + begin, m.rows, count, m.stride};
  }
};

}  // namespace tectum
