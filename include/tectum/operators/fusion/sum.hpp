// Summation of any number of values.
#pragma once

#include <tectum/operators/fusion/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x1 + x2 + ..., element by element; an absent modality is left out, and where all are absent y is 0.
//   [...], [...], ... -> [...]: values of one shape, padded sequences with one mask, or losses
struct sum : detail::elementwise_fusion<"sum"> {
  static constexpr auto backward_reads = reads::nothing;

  template <class C>
  void forward(C&, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    detail::each_part(xs, y.samples, [&](auto part, auto valid) {
      const matrix<T> to = part(y);
      int first = 0, seen = 0;
      for (int k = 0; k < xs.size(); ++k) {
        if (!valid(k)) continue;
        if (seen == 0) first = k;
        else if (seen == 1) C::kernels::map(to, [](auto a, auto b) { return a + b; }, part(xs[first]), part(xs[k]));
        else C::kernels::add(part(xs[k]), to);
        ++seen;
      }
      if (seen == 0) C::kernels::fill(to, T(0));
      if (seen == 1) C::kernels::copy(part(xs[first]), to);
    });
  }
  template <class C>
  void backward(C&, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    detail::each_part(xs, dy.samples, [&](auto part, auto valid) {
      for (int k = 0; k < xs.size(); ++k)
        if (dxs[k] && valid(k)) C::kernels::add(part(dy), part(dxs[k]));
    });
  }
};

}  // namespace tectum
