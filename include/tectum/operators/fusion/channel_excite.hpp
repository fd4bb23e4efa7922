// Channel gates: the second half of squeeze-and-excitation and of MMTM.
#pragma once

#include <tectum/operators/fusion/channel_squeeze.hpp>

namespace tectum::inline TECTUM_ABI {

// y = gain sigmoid(W e + b)_c x for each channel c: the gate that ends MMTM (Joze et al. 2020) and
// squeeze-and-excitation (Hu et al. 2018).
//   gain (1): as in their code; 2 as in MMTM's paper, where zero weights then change nothing.
//   [...], [n] -> [...]: the channels of pictures, waveforms and videos, the last axis of features and sequences
// MMTM of any number of modalities is one squeeze and an excitation of each:
//   joint = tt::fuse(tt::channel_squeeze{}, a, b), a2 = tt::fuse(tt::channel_excite{}, a, joint), b2 = ...
// The result is masked as x is. An absent e counts as zeros.
struct channel_excite {
  double gain = 1;

  static constexpr const char* name = "channel_excite";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;

  constexpr shape infer(shape x, shape e) const {
    if (!detail::has_channels(x))
      return wrong("channel_excite: ids and losses have no channels; put an embedding before it");
    if (e.kind != kind::features) return wrong("channel_excite: the second input must be one vector a sample");
    if (!(gain > 0)) return wrong("channel_excite: gain must be greater than 0");
    return x;
  }
  constexpr auto parameters(shape x, shape e) const {
    return parameter_list(weight_matrix("weight", channels(x), e.width()), bias_of("bias", channels(x), e.width()));
  }
  // The gates.
  constexpr extents saved(shape x, shape) const { return {.per_sample = channels(x)}; }
  constexpr extents scratch(shape x, shape e) const {
    return {.fixed = transposed_panel_size(channels(x), e.width()),
            .per_sample = 1LL * channels(x) + detail::selected_size(e)};
  }
  constexpr long long multiply_adds(shape x, shape e) const { return 1LL * channels(x) * e.width() + x.size(); }

  template <class C>
  void forward(C& c, in<C> x, in<C> e, out<C> y) const noexcept {
    using T = typename C::scalar;
    const matrix<T> gates = kept(c, x);
    const T g = static_cast<T>(gain);
    C::kernels::product(detail::selected_rows<typename C::kernels>(e, c.scratch() + gates.rows * gates.stride),
                        c.weight(0), {c.values(1)}, gates);
    C::kernels::map(gates, [g](auto v) { return decltype(v)(g) * math::sigmoid(v); }, matrix<const T>(gates));
    detail::modulate_channels<typename C::kernels, T>(x, gates, matrix<const T>{}, y);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C> e, in<C>, in<C> dy, out<C> dx, out<C> de) const noexcept {
    using T = typename C::scalar;
    const matrix<T> gates = kept(c, x), d{c.scratch(), gates.rows, gates.columns, gates.columns};
    const T g = static_cast<T>(gain);
    C::kernels::fill(d, T(0));
    detail::modulate_channels_gradient<typename C::kernels, T>(x, gates, dy, dx, d, matrix<T>{});
    C::kernels::map(
        d, [g](auto v, auto z) { return v * z * (decltype(z)(T(1)) - z / decltype(z)(g)); }, matrix<const T>(d),
        matrix<const T>(gates));
    if (c.gradients) {
      C::kernels::product_weight_gradient(d, detail::selected_rows<typename C::kernels>(e, d.data + d.rows * d.stride),
                                          c.weight_gradient(0));
      C::kernels::add_column_sums(d, c.gradient(1));
    }
    if (!de) return;
    for (index b = 0; e.mask && b < x.samples; ++b)
      if (!e.present(b)) C::kernels::fill(detail::rows_of(d, b, 1), T(0));
    C::kernels::product_input_gradient(d, c.weight(0), de.as_rows(), c.scratch_fixed());
  }

 private:
  static constexpr int channels(const shape& x) { return static_cast<int>(detail::channels_of(x).channels); }
  template <class C>
  matrix<typename C::scalar> kept(C& c, in<C> x) const noexcept {
    const index n = channels(x.shape());
    return {c.saved(), x.samples, n, n};
  }
};

// Squeeze-and-excitation (Hu et al. 2018): each channel gated by the means of all.
//   ratio (4): how much narrower the layer between is.   [...] -> [...]
constexpr auto squeeze_excite(int ratio = 4) {
  return fuse(channel_excite{}, here, fuse(channel_squeeze{.ratio = ratio}, here));
}

}  // namespace tectum
