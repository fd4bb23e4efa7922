// The mean of any number of values.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y = (x1 + x2 + ...) / n, element by element, over the n modalities that are present; where all are absent y is 0.
//   [...], [...], ... -> [...]: values of one shape, padded sequences with one mask, or losses
struct mean {
  static constexpr const char* name = "mean";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    return detail::elementwise_shape(x, "mean: ids are not numbers to compute with; put an embedding before it",
                                     "mean: all inputs must have the same shape",
                                     "mean: either all sequences are padded or none is");
  }
  constexpr long long multiply_adds(range<shape>) const { return 0; }

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
