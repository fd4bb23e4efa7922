// Channels times the elements of a vector.
#pragma once

#include <tectum/operators/fusion/modulation.hpp>

namespace tectum::inline TECTUM_ABI {

// y = g_c x for each channel c: the product of a stream of vectors onto another stream, layer by layer (Duanmu et al.
// 2020). A linear layer brings the vector to as many elements as there are channels: h2 = tt::fuse(tt::channel_product,
// h1 | tt::conv2d{...} | tt::relu, table1 | tt::linear{32}).
//   [...], [channels] -> [...]: the channels of pictures, waveforms and videos, the last axis of features and sequences
// The result is masked as x is. Where the vector is absent x goes through as it is.
inline constexpr struct channel_product_operator {
  static constexpr const char* name = "channel_product";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;

  static constexpr shape infer(shape x, shape g) {
    if (!detail::has_channels(x))
      return wrong("channel_product: ids and losses have no channels; put an embedding before it");
    const int channels = static_cast<int>(detail::channels_of(x).channels);
    if (g.kind != kind::features || g.width() != channels)
      return wrong("channel_product: the second input must be one vector a sample, one number a channel", g.width(),
                   channels);
    return x;
  }
  static constexpr extents scratch(shape x, shape) { return {.per_sample = 2LL * detail::channels_of(x).channels}; }
  static constexpr long long multiply_adds(shape x, shape) { return x.size(); }

  template <class C>
  static void forward(C& c, in<C> x, in<C> g, out<C> y) noexcept {
    using T = typename C::scalar;
    detail::modulate_channels<typename C::kernels, T>(x, gains(c, g), matrix<const T>{}, y);
  }
  template <class C>
  static void backward(C& c, in<C> x, in<C> g, in<C>, in<C> dy, out<C> dx, out<C> dg) noexcept {
    using T = typename C::scalar;
    const matrix<const T> all = gains(c, g);
    const matrix<T> d{c.scratch() + all.rows * all.columns, all.rows, all.columns, all.columns};
    C::kernels::fill(d, T(0));
    detail::modulate_channels_gradient<typename C::kernels, T>(x, all, dy, dx, dg ? d : matrix<T>{}, matrix<T>{});
    if (dg)
      detail::each_present_run(g, [&](index begin, index end) {
        C::kernels::add(detail::rows_of(d, begin, end - begin), detail::rows_of(dg.as_rows(), begin, end - begin));
      });
  }

 private:
  // Ones where the vector is absent.
  template <class C>
  static matrix<const typename C::scalar> gains(C& c, in<C> g) noexcept {
    using T = typename C::scalar;
    if (!g.mask) return g.as_rows();
    const matrix<T> all{c.scratch(), g.samples, g.width(), g.width()};
    C::kernels::fill(all, T(1));
    detail::each_present_run(g, [&](index begin, index end) {
      C::kernels::copy(detail::rows_of(g.as_rows(), begin, end - begin), detail::rows_of(all, begin, end - begin));
    });
    return all;
  }
} channel_product;

}  // namespace tectum
