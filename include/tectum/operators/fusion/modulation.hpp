// Gains and shifts of channels: what modulation and channel gates share.
#pragma once

#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/channels.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// f(sample, first place, tokens): every part of a sample that is valid, in places of [channels, inner].
template <class T, class F>
void each_modulated(const view<T>& x, const channel_layout& a, F f) noexcept {
  const index token = a.outer / x.length();
  for (index b = 0; b < x.samples; ++b)
    each_valid_run(x, b, [&](index begin, index count) { f(b, begin * token * a.block(), count * token); });
}

// y = gain x + shift with a gain and, unless `shifts` is empty, a shift for each channel of each sample; zeros where x
// is not valid.
template <class Kernels, class T>
void modulate_channels(const view<const T>& x, const matrix<const T>& gains, const matrix<const T>& shifts,
                       const view<T>& y) noexcept {
  const channel_layout a = channels_of(x.shape());
  if (x.mask) Kernels::fill(y.as_samples(), T(0));
  each_modulated(x, a, [&](index b, index first, index outer) {
    const T *const from = x.sample(b) + first, *const gain = gains.row(b);
    const T* const shift = shifts.data ? shifts.row(b) : nullptr;
    T* const to = y.sample(b) + first;
    if (a.inner == 1) {
      const matrix<const T> rows{from, outer, a.channels, a.channels}, g{gain, outer, a.channels, 0};
      const matrix<T> result{to, outer, a.channels, a.channels};
      if (shift)
        Kernels::map(
            result, [](auto v, auto w, auto s) { return fma(v, w, s); }, rows, g,
            matrix<const T>{shift, outer, a.channels, 0});
      else Kernels::map(result, [](auto v, auto w) { return v * w; }, rows, g);
      return;
    }
    for (index o = 0; o < outer; ++o)
      for (index c = 0; c < a.channels; ++c) {
        const T w = gain[c], s = shift ? shift[c] : T(0);
        const index at = (o * a.channels + c) * a.inner;
        Kernels::map(
            row_of(to + at, a.inner), [w, s](auto v) { return fma(v, decltype(v)(w), decltype(v)(s)); },
            row_of(from + at, a.inner));
      }
  });
}

// Adds to the gradients of x, of the gains and of the shifts; each may be empty.
template <class Kernels, class T>
void modulate_channels_gradient(const view<const T>& x, const matrix<const T>& gains, const view<const T>& dy,
                                const view<T>& dx, const matrix<T>& d_gains, const matrix<T>& d_shifts) noexcept {
  const channel_layout a = channels_of(x.shape());
  each_modulated(x, a, [&](index b, index first, index outer) {
    const T *const from = x.sample(b) + first, *const d = dy.sample(b) + first, *const gain = gains.row(b);
    T* const to = dx ? dx.sample(b) + first : nullptr;
    for (index o = 0; a.inner == 1 && o < outer; ++o) {
      const matrix<const T> up = row_of(d + o * a.channels, a.channels);
      const auto times = [](auto v, auto w) { return v * w; };
      if (to) Kernels::map_add(row_of(to + o * a.channels, a.channels), times, up, row_of(gain, a.channels));
      if (d_gains.data)
        Kernels::map_add(row_of(d_gains.row(b), a.channels), times, up, row_of(from + o * a.channels, a.channels));
      if (d_shifts.data) Kernels::add(up, row_of(d_shifts.row(b), a.channels));
    }
    for (index o = 0; a.inner != 1 && o < outer; ++o)
      for (index c = 0; c < a.channels; ++c) {
        const index at = (o * a.channels + c) * a.inner;
        if (to) Kernels::scale_add(gain[c], row_of(d + at, a.inner), row_of(to + at, a.inner));
        if (d_gains.data) d_gains(b, c) += Kernels::dot(a.inner, d + at, from + at);
        if (d_shifts.data) d_shifts(b, c) += Kernels::sum(a.inner, d + at);
      }
  });
}

// What can be modulated: values with channels.
constexpr bool has_channels(const shape& x) { return !x.holds_ids() && x.rank > 0; }

}  // namespace detail
}  // namespace tectum
