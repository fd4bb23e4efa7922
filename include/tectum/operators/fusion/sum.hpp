// Summation of any number of values.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x1 + x2 + ..., element by element; an absent modality is left out, and where all are absent y is 0.
//   [...], [...], ... -> [...]: values of one shape, padded sequences with one mask, or losses
struct sum {
  static constexpr const char* name = "sum";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    return detail::elementwise_shape(x, "sum: ids are not numbers to compute with; put an embedding before it",
                                     "sum: all inputs must have the same shape",
                                     "sum: either all sequences are padded or none is");
  }
  constexpr long long multiply_adds(range<shape>) const { return 0; }

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
