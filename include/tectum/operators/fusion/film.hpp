// Feature-wise linear modulation of one modality by another.
#pragma once

#include <tectum/operators/fusion/modulation.hpp>

namespace tectum::inline TECTUM_ABI {

// y = gamma_c x + beta_c for each channel c, with [gamma, beta] = W condition + b (FiLM: Perez et al. 2018).
//   delta (true): gamma is 1 + what the layer gives, as published; false: what it gives.
//   [...], [n] -> [...]: the channels of pictures, waveforms and videos, the last axis of features and sequences;
//   weight [2 channels, n], the gammas first, bias
// The result is masked as x is. Where the condition is absent x goes through as it is.
struct film {
  bool delta = true;

  static constexpr const char* name = "film";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;

  constexpr shape infer(shape x, shape condition) const {
    if (!detail::has_channels(x)) return wrong("film: ids and losses cannot be modulated; put an embedding before it");
    if (condition.kind != kind::features)
      return wrong("film: the condition must be one vector a sample; pool or flatten it first");
    return x;
  }
  constexpr auto parameters(shape x, shape condition) const {
    const int n = 2 * channels(x);
    return parameter_list(weight_matrix("weight", n, condition.width()), bias_of("bias", n, condition.width()));
  }
  // Gammas and betas.
  constexpr extents saved(shape x, shape) const { return {.per_sample = 2LL * channels(x)}; }
  constexpr extents scratch(shape x, shape condition) const {
    return {.fixed = transposed_panel_size(2 * channels(x), condition.width()),
            .per_sample = 2LL * channels(x) + detail::selected_size(condition)};
  }
  constexpr long long multiply_adds(shape x, shape condition) const {
    return 2LL * channels(x) * condition.width() + x.size();
  }

  template <class C>
  void forward(C& c, in<C> x, in<C> condition, out<C> y) const noexcept {
    using T = typename C::scalar;
    const matrix<T> all = kept(c, x), gammas = detail::columns_of(all, 0, all.columns / 2);
    C::kernels::product(condition.as_rows(), c.weight(0), {c.values(1)}, all);
    if (delta) C::kernels::map(gammas, [](auto g) { return g + decltype(g)(T(1)); }, matrix<const T>(gammas));
    for (index b = 0; condition.mask && b < x.samples; ++b)
      if (!condition.present(b)) {
        C::kernels::fill(detail::rows_of(all, b, 1), T(0));
        C::kernels::fill(detail::rows_of(gammas, b, 1), T(1));
      }
    detail::modulate_channels<typename C::kernels, T>(x, gammas,
                                                      detail::columns_of(all, all.columns / 2, all.columns / 2), y);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C> condition, in<C>, in<C> dy, out<C> dx, out<C> d_condition) const noexcept {
    using T = typename C::scalar;
    const matrix<T> all = kept(c, x), d{c.scratch(), x.samples, all.columns, all.columns};
    const index half = all.columns / 2;
    C::kernels::fill(d, T(0));
    detail::modulate_channels_gradient<typename C::kernels, T>(
        x, detail::columns_of(all, 0, half), dy, dx, detail::columns_of(d, 0, half), detail::columns_of(d, half, half));
    for (index b = 0; condition.mask && b < x.samples; ++b)
      if (!condition.present(b)) C::kernels::fill(detail::rows_of(d, b, 1), T(0));
    if (c.gradients) {
      C::kernels::product_weight_gradient(
          d, detail::selected_rows<typename C::kernels>(condition, d.data + d.rows * d.stride), c.weight_gradient(0));
      C::kernels::add_column_sums(d, c.gradient(1));
    }
    if (d_condition) C::kernels::product_input_gradient(d, c.weight(0), d_condition.as_rows(), c.scratch_fixed());
  }

 private:
  static constexpr int channels(const shape& x) { return static_cast<int>(detail::channels_of(x).channels); }
  template <class C>
  matrix<typename C::scalar> kept(C& c, in<C> x) const noexcept {
    const index n = 2 * channels(x.shape());
    return {c.saved(), x.samples, n, n};
  }
};

}  // namespace tectum
