// Modulation by given gains and shifts.
#pragma once

#include <tectum/operators/fusion/modulation.hpp>

namespace tectum::inline TECTUM_ABI {

// y = gamma_c x + beta_c for each channel c, with gammas and betas from elsewhere (FiLM: Perez et al. 2018).
//   delta (false): gammas are differences from 1, y = (1 + gamma_c) x + beta_c, so that zeros change nothing.
//   [...], [channels], [channels] -> [...]: the channels of pictures, waveforms and videos, the last axis of features
//   and sequences
// The result is masked as x is. An absent gamma counts as no scaling, an absent beta as no shift.
struct modulate {
  bool delta = false;

  static constexpr const char* name = "modulate";
  static constexpr int arity = 3;
  static constexpr auto masks = reads_masks;

  constexpr shape infer(shape x, shape gamma, shape beta) const {
    if (!detail::has_channels(x))
      return wrong("modulate: ids and losses cannot be modulated; put an embedding before it");
    const int channels = static_cast<int>(detail::channels_of(x).channels);
    for (const shape& s : {gamma, beta})
      if (s.kind != kind::features || s.width() != channels)
        return wrong("modulate: gammas and betas must be one vector a sample, one number a channel", s.width(),
                     channels);
    return x;
  }
  // The gains, the shifts.
  constexpr extents scratch(shape x, shape, shape) const {
    return {.per_sample = 2LL * detail::channels_of(x).channels};
  }
  constexpr long long multiply_adds(shape x, shape, shape) const { return x.size(); }

  template <class C>
  void forward(C& c, in<C> x, in<C> gamma, in<C> beta, out<C> y) const noexcept {
    using T = typename C::scalar;
    const matrix<T> shifts{c.scratch() + x.samples * gamma.width(), x.samples, gamma.width(), gamma.width()};
    C::kernels::fill(shifts, T(0));
    detail::each_present_run(beta, [&](index begin, index end) {
      C::kernels::copy(detail::rows_of(beta.as_rows(), begin, end - begin),
                       detail::rows_of(shifts, begin, end - begin));
    });
    detail::modulate_channels<typename C::kernels, typename C::scalar>(x, gains(c, gamma), shifts, y);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C> gamma, in<C> beta, in<C>, in<C> dy, out<C> dx, out<C> d_gamma,
                out<C> d_beta) const noexcept {
    using T = typename C::scalar;
    const matrix<const T> all = gains(c, gamma);
    const index n = gamma.width();
    const auto part = [&](const auto& v, index b) { return v ? view<T>{v.sample(b), 1, n, v.of, nullptr} : view<T>{}; };
    for (index b = 0; b < x.samples; ++b) {
      const index bytes = x.of->padded ? b * x.length() : b;
      const in<C> xb{x.sample(b), 1, x.stride, x.of, x.mask ? x.mask + bytes : nullptr};
      const in<C> db{dy.sample(b), 1, dy.stride, dy.of, nullptr};
      const out<C> dxb = dx ? out<C>{dx.sample(b), 1, dx.stride, dx.of, nullptr} : out<C>{};
      const out<C> g = gamma.present(b) ? part(d_gamma, b) : out<C>{};
      const out<C> s = beta.present(b) ? part(d_beta, b) : out<C>{};
      detail::modulate_channels_gradient<typename C::kernels, T>(
          xb, detail::rows_of(all, b, 1), db, dxb, g ? g.as_rows() : matrix<T>{}, s ? s.as_rows() : matrix<T>{});
    }
  }

 private:
  template <class C>
  matrix<const typename C::scalar> gains(C& c, in<C> gamma) const noexcept {
    using T = typename C::scalar;
    const matrix<T> all{c.scratch(), gamma.samples, gamma.width(), gamma.width()};
    C::kernels::fill(all, T(1));
    detail::each_present_run(gamma, [&](index begin, index end) {
      const matrix<T> to = detail::rows_of(all, begin, end - begin);
      const matrix<const T> from = detail::rows_of(gamma.as_rows(), begin, end - begin);
      if (delta) C::kernels::add(from, to);
      else C::kernels::copy(from, to);
    });
    return all;
  }
};

}  // namespace tectum
