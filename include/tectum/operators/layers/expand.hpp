// One number as a whole row.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y_i = x for each i: rows of width 1 made wide.
//   width: of the result.   [..., 1] -> [..., width]
// Each token is by itself.
struct expand {
  int width;

  static constexpr const char* name = "expand";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("expand: ids are not numbers to compute with; put an embedding before it");
    if (width < 1) return wrong("expand: width must be 1 or more", width);
    if (x.rank == 0 || x.width() != 1) return wrong("expand: the last axis of the input must be 1", x.width());
    return x.with_width(width);
  }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    const auto from = x.as_rows();
    const auto to = y.as_rows();
    for (index r = 0; r < to.rows; ++r) C::kernels::fill(detail::rows_of(to, r, 1), *from.row(r));
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (!dx) return;
    detail::each_valid_rows(x, [&](index first, index count) {
      for (index r = first; r < first + count; ++r) *dx.as_rows().row(r) += C::kernels::sum(width, dy.as_rows().row(r));
    });
  }
};

}  // namespace tectum
