// The largest of any number of values.
#pragma once

#include <tectum/operators/fusion/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// y = max(x1, x2, ...), element by element; an absent modality is left out, and where all are absent y is 0. Of equal
// values the first gets the gradient.
//   [...], [...], ... -> [...]: values of one shape, padded sequences with one mask
struct maximum : detail::elementwise_fusion<"maximum"> {
  static constexpr auto backward_reads = reads::both;

  // The gradient that no input has taken yet.
  constexpr extents scratch(range<shape> x) const { return {.per_sample = x[0].size()}; }

  template <class C>
  void forward(C&, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    detail::each_part(xs, y.samples, [&](auto part, auto valid) {
      const matrix<T> to = part(y);
      bool any = false;
      for (int k = 0; k < xs.size(); ++k) {
        if (!valid(k)) continue;
        if (any)
          C::kernels::map(to, [](auto a, auto b) { return select(a < b, b, a); }, matrix<const T>(to), part(xs[k]));
        else C::kernels::copy(part(xs[k]), to);
        any = true;
      }
      if (!any) C::kernels::fill(to, T(0));
    });
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C> y, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const view<T> room{c.scratch(), dy.samples, dy.size(), dy.of};
    detail::each_part(xs, dy.samples, [&](auto part, auto valid) {
      const matrix<T> left = part(room);
      C::kernels::copy(part(dy), left);
      for (int k = 0; k < xs.size(); ++k) {
        if (!valid(k)) continue;
        if (dxs[k]) C::kernels::map_add(part(dxs[k]), taken, matrix<const T>(left), part(xs[k]), part(y));
        C::kernels::map(left, passed_on, matrix<const T>(left), part(xs[k]), part(y));
      }
    });
  }

 private:
  // y is one of the inputs, bit for bit, and no smaller than any.
  static constexpr auto taken = [](auto d, auto x, auto y) { return select(x < y, decltype(d)(0), d); };
  static constexpr auto passed_on = [](auto d, auto x, auto y) { return select(x < y, d, decltype(d)(0)); };
};

}  // namespace tectum
