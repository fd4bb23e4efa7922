// A sequence in one row: the median of its valid tokens.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/operators/layers/mean_pool.hpp>

namespace tectum::inline TECTUM_ABI {

// The median of each column among the valid tokens, of an even number the lower of the two in the middle; of none,
// zeros. NaN wins over all.   [length, n] -> [n]
inline constexpr struct median_pool_operator {
  static constexpr const char* name = "median_pool";
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) { return detail::one_row_of(x, "median_pool: the input must be a sequence"); }
  // The token that each median came from, -1 for none.
  static constexpr extents saved(shape x) { return {.per_sample = x.width()}; }

  template <class C>
  static void forward(C& c, in<C> x, out<C> y) noexcept {
    using T = typename C::scalar;
    const index width = y.width();
    for (index b = 0; b < x.samples; ++b) {
      const index middle = (detail::valid_tokens(x, b) - 1) / 2;
      for (index i = 0; i < width; ++i) {
        const T* const column = x.sample(b) + i;
        const index t = token_of_rank(x, b, column, middle);
        y.sample(b)[i] = t < 0 ? T(0) : column[t * width];
        c.saved()[b * width + i] = static_cast<T>(t);
      }
    }
  }
  template <class C>
  static void backward(C& c, in<C>, in<C>, in<C> dy, out<C> dx) noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const index width = dy.width();
    for (index b = 0; b < dy.samples; ++b) {
      const T* const from = c.saved() + b * width;
      for (index i = 0; i < width; ++i)
        if (from[i] >= T(0)) dx.sample(b)[static_cast<index>(from[i]) * width + i] += dy.sample(b)[i];
    }
  }

 private:
  // The valid token that stands at place `rank` of the ordered column; equal ones keep their order.
  template <class V, class T>
  static index token_of_rank(const V& x, index b, const T* column, index rank) noexcept {
    const index width = x.width();
    for (index t = 0; t < x.length(); ++t)
      if (x.valid(b, t) && math::is_nan(column[t * width])) return t;
    for (index t = 0; t < x.length(); ++t) {
      if (!x.valid(b, t)) continue;
      index before = 0;
      for (index s = 0; s < x.length(); ++s) {
        if (!x.valid(b, s)) continue;
        const T own = column[t * width], other = column[s * width];
        before += other < own || (other == own && s < t) ? 1 : 0;
      }
      if (before == rank) return t;
    }
    return -1;
  }
} median_pool;

}  // namespace tectum
