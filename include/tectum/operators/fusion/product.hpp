// The elementwise product of any number of values.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x1 x2 ..., element by element; an absent modality counts as 1, and where all are absent y is 0.
//   [...], [...], ... -> [...]: values of one shape, padded sequences with one mask
struct product {
  static constexpr const char* name = "product";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    return detail::elementwise_shape(x, "product: ids are not numbers to compute with; put an embedding before it",
                                     "product: all inputs must have the same shape",
                                     "product: either all sequences are padded or none is");
  }
  constexpr extents scratch(range<shape> x) const { return {.per_sample = x.size() > 2 ? x[0].size() : 0}; }
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
        else C::kernels::map(to, times, seen == 1 ? part(xs[first]) : matrix<const T>(to), part(xs[k]));
        ++seen;
      }
      if (seen == 0) C::kernels::fill(to, T(0));
      if (seen == 1) C::kernels::copy(part(xs[first]), to);
    });
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const view<T> room{c.scratch(), dy.samples, dy.size(), dy.of};
    detail::each_part(xs, dy.samples, [&](auto part, auto valid) {
      for (int k = 0; k < xs.size(); ++k) {
        if (!dxs[k] || !valid(k)) continue;
        // All other factors: the last of them goes straight into the sum.
        matrix<const T> d = part(dy);
        int last = -1;
        for (int j = 0; j < xs.size(); ++j) {
          if (j == k || !valid(j)) continue;
          if (last >= 0) {
            C::kernels::map(part(room), times, d, part(xs[last]));
            d = part(room);
          }
          last = j;
        }
        if (last < 0) C::kernels::add(d, part(dxs[k]));
        else C::kernels::map_add(part(dxs[k]), times, d, part(xs[last]));
      }
    });
  }

 private:
  static constexpr auto times = [](auto a, auto b) { return a * b; };
};

}  // namespace tectum
