// Layer normalisation.
#pragma once

#include <tectum/operators/layers/axis.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axes of a sample, variance over n (Ba et al.
// 2016).
//   epsilon (1e-5): added to the variance, greater than 0; affine (true): with learned weight and bias of the shape of
//   the axes, ones and zeros at first; axes (1): how many of the last axes are normalised together, up to all.
//   [..., n] -> [..., n]
// Each token is by itself; the tokens of a padded sequence cannot be normalised together.
struct layer_norm {
  double epsilon = 1e-5;
  bool affine = true;
  int axes = 1;

  static constexpr const char* name = "layer_norm";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("layer_norm: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("layer_norm: a loss has nothing to normalise");
    if (!(epsilon > 0)) return wrong("layer_norm: epsilon must be greater than 0");
    if (axes < 1 || axes > x.rank) return wrong("layer_norm: a sample does not have so many axes", axes, x.rank);
    if (axes == x.rank && x.padded)
      return wrong("layer_norm: the tokens of a padded sequence cannot be normalised together; take fewer axes", axes);
    return x;
  }
  constexpr auto parameters(shape x) const {
    parameter weight = vector_of("weight", normalised(x), role::scale).initialised(initial::ones),
              bias = vector_of("bias", normalised(x));
    for (parameter* p : {&weight, &bias}) {
      p->rank = axes;
      for (int i = 0; i < axes; ++i) p->extent[i] = x.extent[x.rank - axes + i];
    }
    return parameter_list().add_if(affine, weight).add_if(affine, bias);
  }
  // Mean and inverse deviation of each row.
  constexpr extents saved(shape x) const { return {.per_sample = 2LL * (x.size() / normalised(x))}; }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const matrix<const T> rows = detail::wide_rows(x, normalised(x.shape()));
    C::kernels::normalize_rows(rows, static_cast<T>(epsilon), affine ? c.values(0) : nullptr,
                               affine ? c.values(1) : nullptr, detail::wide_rows(y, rows.columns), c.saved(),
                               c.saved() + rows.rows);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const matrix<const T> rows = detail::wide_rows(x, normalised(x.shape()));
    T* const scale_gradient = affine ? c.gradient(0) : nullptr;
    T* const shift_gradient = affine ? c.gradient(1) : nullptr;
    detail::each_valid_wide_rows(x, rows.columns, [&](index begin, index count) {
      C::kernels::normalize_rows_gradient(
          detail::rows_of(rows, begin, count), c.saved() + begin, c.saved() + rows.rows + begin,
          affine ? c.values(0) : nullptr, detail::rows_of(detail::wide_rows(dy, rows.columns), begin, count),
          dx ? detail::rows_of(detail::wide_rows(dx, rows.columns), begin, count) : matrix<T>{}, scale_gradient,
          shift_gradient);
    });
  }

 private:
  // Elements that are normalised together.
  constexpr int normalised(const shape& x) const {
    int n = 1;
    for (int i = 0; i < axes; ++i) n *= x.extent[x.rank - 1 - i];
    return n;
  }
};

}  // namespace tectum
