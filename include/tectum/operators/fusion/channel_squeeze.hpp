// What channel gates see: the means of all channels of all modalities, in one narrow vector.
#pragma once

#include <tectum/operators/fusion/modulation.hpp>

namespace tectum::inline TECTUM_ABI {

// e = relu(W [s0, s1, ...] + b), with s_k the means of the channels of modality k over space and valid tokens: the
// squeeze of MMTM (Joze et al. 2020) and, of one value, of squeeze-and-excitation (Hu et al. 2018).
//   ratio (4): the result is 2 / ratio as wide as all channels together, 1 / ratio of one value alone; features (0):
//   its width, if not 0.
//   [...], [...], ... -> [features]: values of any kinds, the last axis of features and sequences being their channels
// An absent modality's means are zeros.
struct channel_squeeze {
  int ratio = 4, features = 0;

  static constexpr const char* name = "channel_squeeze";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(range<shape> x) const {
    for (const shape& s : x)
      if (!detail::has_channels(s))
        return wrong("channel_squeeze: ids and losses have no channels; put an embedding before it");
    if (features < 0 || (features == 0 && ratio < 1)) return wrong("channel_squeeze: ratio must be 1 or more", ratio);
    if (out(x) < 1) return wrong("channel_squeeze: ratio is larger than the number of channels", ratio, all(x));
    return features_of(out(x));
  }
  constexpr auto parameters(range<shape> x) const {
    return parameter_list(weight_matrix("weight", out(x), all(x)), bias_of("bias", out(x), all(x)));
  }
  // The means, the result.
  constexpr extents saved(range<shape> x) const { return {.per_sample = 1LL * all(x) + out(x)}; }
  constexpr extents scratch(range<shape> x) const {
    return {.fixed = transposed_panel_size(out(x), all(x)), .per_sample = 1LL * all(x) + out(x)};
  }
  constexpr long long multiply_adds(range<shape> x) const { return 1LL * out(x) * all(x); }

  template <class C>
  void forward(C& c, inputs<C> xs, tectum::out<C> y) const noexcept {
    using T = typename C::scalar;
    const matrix<T> s = means(c, xs, y.samples), e{s.data + s.rows * s.stride, y.samples, y.width(), y.width()};
    C::kernels::fill(s, T(0));
    index column = 0;
    for (const in<C>& x : xs) {
      const detail::channel_layout a = detail::channels_of(x.shape());
      for (index b = 0; b < x.samples; ++b) {
        T* const to = s.row(b) + column;
        const T share = share_of(x, b);
        detail::each_valid_run(x, b, [&](index begin, index count) {
          const index first = begin * (a.outer / x.length()), outer = count * (a.outer / x.length());
          const T* const from = x.sample(b) + first * a.block();
          if (a.inner == 1) C::kernels::add_column_sums(matrix<const T>{from, outer, a.channels, a.channels}, to);
          else
            for (index o = 0; o < outer; ++o)
              for (index k = 0; k < a.channels; ++k)
                to[k] += C::kernels::sum(a.inner, from + (o * a.channels + k) * a.inner);
        });
        C::kernels::map(
            detail::row_of(to, a.channels), [share](auto v) { return v * decltype(v)(share); },
            detail::row_of(static_cast<const T*>(to), a.channels));
      }
      column += a.channels;
    }
    C::kernels::product(matrix<const T>(s), c.weight(0), {c.values(1), activation::relu}, e);
    C::kernels::copy(matrix<const T>(e), y.as_rows());
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const matrix<T> s = means(c, xs, dy.samples), e{s.data + s.rows * s.stride, dy.samples, dy.width(), dy.width()};
    const matrix<T> ds{c.scratch(), s.rows, s.columns, s.columns},
        d{ds.data + s.rows * s.columns, e.rows, e.columns, e.columns};
    C::kernels::map(
        d, [](auto g, auto v) { return g * activation_gradient_from_output(activation::relu, v); }, dy.as_rows(),
        matrix<const T>(e));
    if (c.gradients) {
      C::kernels::product_weight_gradient(matrix<const T>(d), matrix<const T>(s), c.weight_gradient(0));
      C::kernels::add_column_sums(matrix<const T>(d), c.gradient(1));
    }
    C::kernels::fill(ds, T(0));
    C::kernels::product_input_gradient(matrix<const T>(d), c.weight(0), ds, c.scratch_fixed());
    index column = 0;
    for (int k = 0; k < xs.size(); ++k) {
      const in<C>& x = xs[k];
      const detail::channel_layout a = detail::channels_of(x.shape());
      for (index b = 0; dxs[k] && b < x.samples; ++b) {
        const T* const from = ds.row(b) + column;
        const T share = share_of(x, b);
        detail::each_valid_run(x, b, [&](index begin, index count) {
          const index first = begin * (a.outer / x.length()), outer = count * (a.outer / x.length());
          T* const to = dxs[k].sample(b) + first * a.block();
          if (a.inner == 1)
            C::kernels::scale_add(share, matrix<const T>{from, outer, a.channels, 0},
                                  matrix<T>{to, outer, a.channels, a.channels});
          else
            for (index o = 0; o < outer; ++o)
              for (index i = 0; i < a.channels; ++i) {
                const T g = share * from[i];
                const matrix<T> row = detail::row_of(to + (o * a.channels + i) * a.inner, a.inner);
                C::kernels::map(row, [g](auto v) { return v + decltype(v)(g); }, matrix<const T>(row));
              }
        });
      }
      column += a.channels;
    }
  }

 private:
  static constexpr int all(range<shape> x) {
    index n = 0;
    for (const shape& s : x) n += detail::channels_of(s).channels;
    return static_cast<int>(n);
  }
  constexpr int out(range<shape> x) const {
    return features > 0 ? features : (x.size() > 1 ? 2 : 1) * all(x) / (ratio > 0 ? ratio : 1);
  }
  template <class C>
  static matrix<typename C::scalar> means(C& c, inputs<C> xs, index samples) noexcept {
    index n = 0;
    for (const in<C>& x : xs) n += detail::channels_of(x.shape()).channels;
    return {c.saved(), samples, n, n};
  }
  // One over the number of valid places of a channel; 1 where there is none.
  template <class T>
  static T share_of(const view<const T>& x, index b) noexcept {
    const detail::channel_layout a = detail::channels_of(x.shape());
    index n = 0;
    detail::each_valid_run(x, b, [&](index, index count) { n += count; });
    n *= a.outer / x.length() * a.inner;
    return T(1) / static_cast<T>(n > 0 ? n : 1);
  }
};

}  // namespace tectum
