// The mean of any number of values.
#pragma once

#include <tectum/operators/fusion/elementwise.hpp>

namespace tectum::inline TECTUM_ABI {

// y = (x1 + x2 + ...) / n, element by element, over the n modalities that are present; where all are absent y is 0.
//   [...], [...], ... -> [...]: values of one shape, padded sequences with one mask, or losses
struct mean : detail::elementwise_fusion<"mean"> {
  static constexpr auto backward_reads = reads::nothing;

  template <class C>
  void forward(C&, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    detail::each_part(xs, y.samples, [&](auto part, auto valid) {
      const matrix<T> to = part(y);
      const T share = T(1) / T(present(xs, valid));
      C::kernels::fill(to, T(0));
      for (int k = 0; k < xs.size(); ++k)
        if (valid(k)) C::kernels::scale_add(share, part(xs[k]), to);
    });
  }
  template <class C>
  void backward(C&, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    detail::each_part(xs, dy.samples, [&](auto part, auto valid) {
      const T share = T(1) / T(present(xs, valid));
      for (int k = 0; k < xs.size(); ++k)
        if (dxs[k] && valid(k)) C::kernels::scale_add(share, part(dy), part(dxs[k]));
    });
  }

 private:
  template <class Inputs, class Valid>
  static int present(const Inputs& xs, const Valid& valid) {
    int n = 0;
    for (int k = 0; k < xs.size(); ++k) n += valid(k) ? 1 : 0;
    return n > 0 ? n : 1;
  }
};

}  // namespace tectum
