// A vector times a matrix that another part of the network made.
#pragma once

#include <tectum/kernels/strided.hpp>
#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// y_j = sum over i of x_i A_ij, the matrix being a value of the network: hyper-networks (Ha et al. 2016),
// multiplicative interactions of three modalities. Rows of A that are padded do not count; where either is absent y
// is 0.
//   [n], sequence [n, m] -> [m]
inline constexpr struct contract_operator {
  static constexpr const char* name = "contract";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x, shape a) {
    if (x.kind != kind::features || a.kind != kind::sequence)
      return wrong("contract: the inputs must be one vector a sample and a sequence");
    if (x.width() != a.extent[0])
      return wrong("contract: the vector must have as many elements as the sequence has tokens", x.width(),
                   a.extent[0]);
    return features_of(a.width());
  }
  static constexpr long long multiply_adds(shape, shape a) { return a.size(); }

  template <class C>
  static void forward(C&, in<C> x, in<C> a, out<C> y) noexcept {
    using T = typename C::scalar;
    for (index b = 0; b < y.samples; ++b) {
      C::kernels::fill(matrix<T>{y.sample(b), 1, y.width(), y.width()}, T(0));
      if (x.present(b))
        detail::each_valid_run(a, b, [&](index first, index count) {
          C::kernels::batched_product(1, 1, y.width(), count, {x.sample(b) + first, 0, 0, 1},
                                      {a.sample(b) + first * y.width(), 0, y.width(), 1},
                                      strided<T>{y.sample(b), 0, 0, 1}, 1, true);
        });
    }
  }
  template <class C>
  static void backward(C&, in<C> x, in<C> a, in<C>, in<C> dy, out<C> dx, out<C> da) noexcept {
    using T = typename C::scalar;
    const index m = dy.width();
    for (index b = 0; b < dy.samples; ++b)
      if (x.present(b))
        detail::each_valid_run(a, b, [&](index first, index count) {
          if (dx)
            C::kernels::batched_product(1, count, 1, m, {a.sample(b) + first * m, 0, m, 1}, {dy.sample(b), 0, 1, 1},
                                        strided<T>{dx.sample(b) + first, 0, 1, 1}, 1, true);
          if (da)
            C::kernels::batched_product(1, count, m, 1, {x.sample(b) + first, 0, 1, 1}, {dy.sample(b), 0, 0, 1},
                                        strided<T>{da.sample(b) + first * m, 0, m, 1}, 1, true);
        });
  }
} contract;

}  // namespace tectum
