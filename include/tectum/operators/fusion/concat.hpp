// Concatenation on the last axis ("late fusion").
#pragma once

#include <cstring>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = [x1, x2, ...] on the last axis; an absent modality contributes zeros.
//   [..., n1], [..., n2], ... -> [..., n1 + n2 + ...]: features, or sequences of one length and one mask
// The plan lets its inputs be written where they will lie; what already lies there is not copied.
struct concat {
  static constexpr const char* name = "concat";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool joins_last_axis = true;

  constexpr shape infer(range<shape> x) const {
    int width = 0;
    bool padded = false;
    for (const shape& s : x) {
      if (s.holds_ids()) return wrong("concat: ids are not numbers to compute with; put an embedding before it");
      if (s.kind != x[0].kind || s.rank > 2) return wrong("concat: all inputs must be features, or all sequences");
      if (s.rows() != x[0].rows())
        return wrong("concat: all sequences must have the same length", x[0].rows(), s.rows());
      width += s.width();
      padded = padded || s.padded;
    }
    if (padded)
      for (const shape& s : x)
        if (!s.padded) return wrong("concat: either all sequences are padded or none is");
    shape y = x[0].unmasked().with_width(width);
    y.padded = padded;
    y.optional = absent_together(x);
    return y;
  }
  constexpr long long multiply_adds(range<shape>) const { return 0; }

  template <class C>
  void forward(C&, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    index column = 0;
    for (const in<C>& x : xs) {
      const index width = x.width();
      if (x.data != y.data + column) {
        matrix<T> to = y.as_rows();
        to.data += column;
        to.columns = width;
        if (!x.mask && to.rows == 1) {
          std::memcpy(to.data, x.data, static_cast<std::size_t>(width) * sizeof(T));
        } else if (!x.mask) {
          C::kernels::copy(x.as_rows(), to);
        } else {
          for (index b = 0; b < x.samples; ++b)
            for (index t = 0; t < x.shape().rows(); ++t) {
              const index r = b * x.shape().rows() + t;
              const matrix<T> row{to.row(r), 1, width, width};
              if (x.valid(b, t)) C::kernels::copy(matrix<const T>{x.as_rows().row(r), 1, width, width}, row);
              else C::kernels::fill(row, T(0));
            }
        }
      }
      column += width;
    }
  }
  template <class C>
  void backward(C&, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    index column = 0;
    for (int k = 0; k < xs.size(); ++k) {
      const view<T>& dx = dxs[k];
      const index width = xs[k].width();
      if (dx && dx.data != dy.data + column) {
        matrix<const T> from = dy.as_rows();
        from.data += column;
        from.columns = width;
        const matrix<T> to = dx.as_rows();
        if (!xs[k].mask) {
          C::kernels::add(from, to);
        } else {
          const index rows = xs[k].shape().rows();
          for (index r = 0; r < from.rows; ++r)
            if (xs[k].valid(r / rows, r % rows))
              C::kernels::add(matrix<const T>{from.row(r), 1, width, width}, matrix<T>{to.row(r), 1, width, width});
        }
      }
      column += width;
    }
  }
};

}  // namespace tectum
