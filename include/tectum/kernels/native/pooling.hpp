// Pooling of one sample in the native engine.
#pragma once

#include <tectum/kernels/geometry.hpp>
#include <tectum/kernels/math.hpp>

namespace tectum::inline TECTUM_ABI {
namespace native_parts {

struct pooling {
  // f(window's number, top, bottom, left, right, plane's offset): a window cut to the picture.
  template <class F>
  TECTUM_INLINE static void each_window(const pool_geometry& g, F f) noexcept {
    const index high = g.out_height(), wide = g.out_width();
    index place = 0;
    for (index c = 0; c < g.channels; ++c)
      for (index y = 0; y < high; ++y) {
        const index from_y = y * g.stride_height - g.padding_height, to_y = from_y + g.kernel_height;
        const index top = from_y > 0 ? from_y : 0, bottom = to_y < g.height ? to_y : g.height;
        for (index x = 0; x < wide; ++x, ++place) {
          const index from_x = x * g.stride_width - g.padding_width, to_x = from_x + g.kernel_width;
          f(place, top, bottom, from_x > 0 ? from_x : 0, to_x < g.width ? to_x : g.width, c * g.height * g.width);
        }
      }
  }
  static constexpr index places(const pool_geometry& g, index high, index wide) noexcept {
    if (g.count_padding) return g.kernel_height * g.kernel_width;
    return high > 0 && wide > 0 ? high * wide : 1;
  }

  // argmax: the place in the channel's plane, -1 for a window that lies wholly in the padding (its y is 0).
  template <class T>
  static void max_pool(const pool_geometry& g, const T* x, T* y, std::int32_t* argmax) noexcept TECTUM_NONBLOCKING {
    each_window(g, [&](index place, index top, index bottom, index left, index right, index plane) {
      if (top >= bottom || left >= right) {
        y[place] = T(0);
        argmax[place] = -1;
        return;
      }
      index best = top * g.width + left;
      T most = x[plane + best];
      for (index r = top; r < bottom; ++r)
        for (index c = left; c < right; ++c) {
          const T value = x[plane + r * g.width + c];
          const bool better = value > most || (math::is_nan(value) && !math::is_nan(most));
          best = better ? r * g.width + c : best;
          most = better ? value : most;
        }
      y[place] = most;
      argmax[place] = static_cast<std::int32_t>(best);
    });
  }
  template <class T>
  static void max_pool_gradient(const pool_geometry& g, const T* dy, const std::int32_t* argmax,
                                T* dx) noexcept TECTUM_NONBLOCKING {
    const index pixels = g.out_height() * g.out_width();
    for (index c = 0; c < g.channels; ++c, dx += g.height * g.width, dy += pixels, argmax += pixels)
      for (index i = 0; i < pixels; ++i)
        if (argmax[i] >= 0) dx[argmax[i]] += dy[i];
  }
  template <class T>
  static void mean_pool(const pool_geometry& g, const T* x, T* y) noexcept TECTUM_NONBLOCKING {
    each_window(g, [&](index place, index top, index bottom, index left, index right, index plane) {
      T s{};
      for (index r = top; r < bottom; ++r)
        for (index c = left; c < right; ++c) s += x[plane + r * g.width + c];
      y[place] = s / static_cast<T>(places(g, bottom - top, right - left));
    });
  }
  template <class T>
  static void mean_pool_gradient(const pool_geometry& g, const T* dy, T* dx) noexcept TECTUM_NONBLOCKING {
    each_window(g, [&](index place, index top, index bottom, index left, index right, index plane) {
      const T share = dy[place] / static_cast<T>(places(g, bottom - top, right - left));
      for (index r = top; r < bottom; ++r)
        for (index c = left; c < right; ++c) dx[plane + r * g.width + c] += share;
    });
  }
};

}  // namespace native_parts
}  // namespace tectum
