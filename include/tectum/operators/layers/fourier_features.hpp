// Fourier features.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/layers/waves.hpp>

namespace tectum::inline TECTUM_ABI {

// Sines and cosines of each element at several frequencies (Tancik et al. 2020; Jaegle et al. 2021): with scales s_k
// evenly from 1 to max_frequency / 2, the element x becomes sin(pi s_1 x), ..., sin(pi s_bands x), cos(pi s_1 x), ...,
// cos(pi s_bands x), x.
//   bands: how many frequencies;
//   max_frequency: twice the largest scale, in periods per 2 units of x;
//   keep_input (true): x itself behind its cosines.
//   [..., n] -> [..., n (2 bands + 1)], the numbers of one element side by side; without keep_input n 2 bands
// For features and sequences. Masks go through.
struct fourier_features {
  int bands;
  double max_frequency;
  bool keep_input = true;

  static constexpr const char* name = "fourier_features";
  static constexpr auto masks = tokenwise;

  constexpr shape infer(shape x) const {
    if (x.kind != kind::features && x.kind != kind::sequence)
      return wrong("fourier_features: the input must be features or a sequence");
    if (bands < 1) return wrong("fourier_features: bands must be 1 or more", bands);
    if (!(max_frequency > 0)) return wrong("fourier_features: max_frequency must be greater than 0");
    return x.with_width(x.width() * each());
  }

  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    for (index r = 0; r < x.as_rows().rows; ++r) {
      const matrix<const T> from = column(x, r);
      const matrix<T> to = elements(y, r);
      for (int k = 0; k < bands; ++k) {
        const T turns = half_scale<T>(k);
        C::kernels::map(
            detail::columns_of(to, k, 1), [turns](auto v) { return wave(v, decltype(v)(turns)).sine; }, from);
        C::kernels::map(
            detail::columns_of(to, bands + k, 1), [turns](auto v) { return wave(v, decltype(v)(turns)).cosine; }, from);
      }
      if (keep_input) C::kernels::copy(from, detail::columns_of(to, 2 * bands, 1));
    }
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    detail::each_valid_rows(x, [&](index first, index count) {
      for (index r = first; r < first + count; ++r) {
        const matrix<const T> from = column(x, r), d = elements(dy, r);
        const matrix<T> to = column(dx, r);
        for (int k = 0; k < bands; ++k) {
          const T turns = half_scale<T>(k);
          C::kernels::map_add(
              to,
              [turns](auto v, auto d_sine, auto d_cosine) {
                using V = decltype(v);
                const auto w = wave(v, V(turns));
                return V(turns * T(6.28318530717958648)) * (d_sine * w.cosine - d_cosine * w.sine);
              },
              from, detail::columns_of(d, k, 1), detail::columns_of(d, bands + k, 1));
        }
        if (keep_input) C::kernels::add(detail::columns_of(d, 2 * bands, 1), to);
      }
    });
  }

 private:
  constexpr int each() const { return 2 * bands + (keep_input ? 1 : 0); }
  // pi s_k x is 2 pi times this times x.
  template <class T>
  T half_scale(int k) const {
    const double last = static_cast<double>(max_frequency) / 2;
    return static_cast<T>((bands > 1 ? 1 + (last - 1) * k / (bands - 1) : 1) / 2);
  }
  template <class V>
  struct both {
    V sine, cosine;
  };
  template <class V>
  static both<V> wave(V x, V turns) noexcept {
    both<V> w;
    detail::sin_cos_any_turns(x * turns, w.sine, w.cosine);
    return w;
  }
  // Row r as a column, an element a row.
  template <class T>
  static matrix<T> column(const view<T>& x, index r) {
    const matrix<T> rows = x.as_rows();
    return {rows.row(r), rows.columns, 1, 1};
  }
  template <class T>
  matrix<T> elements(const view<T>& y, index r) const {
    const matrix<T> rows = y.as_rows();
    return {rows.row(r), rows.columns / each(), each(), each()};
  }
};

}  // namespace tectum
