// Pooling of one sample in the native engine.
#pragma once

#include <tectum/kernels/geometry.hpp>
#include <tectum/kernels/math.hpp>
#include <tectum/kernels/strided.hpp>

TECTUM_PRECISE_BEGIN
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

  // argmax?: the place in the channel's plane, -1 for a window that lies wholly in the padding (its y is 0).
  template <class T>
  static void max_pool(const pool_geometry& g, const T* x, T* y,
                       maybe<std::int32_t> argmax) noexcept TECTUM_NONBLOCKING {
    const index high = g.out_height(), wide = g.out_width();
    for (index c = 0; c < g.channels; ++c, x += g.height * g.width) {
      each_stretch(high, g.height, g.kernel_height, g.stride_height, g.padding_height, [&](const stretch& v) {
        each_stretch(wide, g.width, g.kernel_width, g.stride_width, g.padding_width, [&](const stretch& h) {
          const index to = v.window * wide + h.window, place = v.from * g.width + h.from;
          max_block({v, h, g.width, wide, g.stride_height, g.stride_width, place}, x + place, y + to,
                    argmax ? argmax + to : nullptr);
        });
      });
      y += high * wide;
      if (argmax) argmax += high * wide;
    }
  }
  // Along one side: `count` windows from number `window` on, the first of them `size` places from place `from` on.
  struct stretch {
    index window, count, from, size;
  };
  // f(stretch) for the windows inside the picture and for each that is cut at an end.
  template <class F>
  TECTUM_INLINE static void each_stretch(index windows, index places, index kernel, index step, index padding,
                                         F f) noexcept {
    const index border = (padding + step - 1) / step,
                end = places < kernel ? 0 : (places - kernel + padding) / step + 1;
    const index first = border < windows ? border : windows, last = end < first ? first : end < windows ? end : windows;
    for (index i = 0; i < windows;) {
      const index begin = i * step - padding, stop = begin + kernel, from = begin > 0 ? begin : 0;
      const index count = i == first && last > first ? last - first : 1;
      f(stretch{i, count, from, (stop < places ? stop : places) - from});
      i += count;
    }
  }

  // Windows that are all alike; the places of those in row i, column j begin at x[i * down * width + j * right].
  struct window_block {
    stretch rows, columns;
    index width, out_width, down, right;
    index place;  // of x[0] in the channel's plane
  };
  template <class T>
  static void max_block(const window_block& g, const T* x, T* y,
                        maybe<std::int32_t> argmax) noexcept TECTUM_NONBLOCKING {
    if (g.rows.size <= 0 || g.columns.size <= 0) {
      for (index r = 0; r < g.rows.count; ++r)
        for (index i = r * g.out_width; i < r * g.out_width + g.columns.count; ++i) {
          y[i] = T(0);
          if (argmax) argmax[i] = -1;
        }
    } else if (argmax) {
      max_block_by<true>(g, x, y, argmax);
    } else {
      max_block_by<false>(g, x, y, argmax);
    }
  }
  template <bool Places, class T>
  static void max_block_by(const window_block& g, const T* x, T* y,
                           maybe<std::int32_t> argmax) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_width<T>, least = W > 4 ? 4 : W;
    if (g.columns.count < least) max_windows<T, 1, 0, 0, Places>(g, x, y, argmax);
    else if (g.right == 1) max_lanes<Places, 1, 0>(g, x, y, argmax);
    else if (g.right == 2 && g.columns.size == 2 && g.rows.size == 2) max_lanes<Places, 2, 2>(g, x, y, argmax);
    else if (g.right == 2 && g.columns.size > 1) max_lanes<Places, 2, 0>(g, x, y, argmax);
    else max_windows<T, least, 0, 0, Places>(g, x, y, argmax);
  }
  template <bool Places, int S, int K, class T>
  static void max_lanes(const window_block& g, const T* x, T* y,
                        maybe<std::int32_t> argmax) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_width<T>, half = W > 4 ? W / 2 : W, least = W > 4 ? 4 : W;
    if (g.columns.count >= W) max_windows<T, W, S, K, Places>(g, x, y, argmax);
    else if (g.columns.count >= half) max_windows<T, half, S, K, Places>(g, x, y, argmax);
    else max_windows<T, least, S, K, Places>(g, x, y, argmax);
  }
  // W windows of a row at a time; the last overlap those before them, so at least W. S: the step to the right, K:
  // height and width of a window, where they are known, or 0.
  template <class T, int W, int S, int K, bool Places>
  [[gnu::noinline]] static void max_windows(const window_block& g, const T* x, T* y,
                                            maybe<std::int32_t> argmax) noexcept TECTUM_NONBLOCKING {
    using I = typename integer_of<sizeof(T)>::is;
    using V = std::conditional_t<W == 1, T, simd<T, W>>;
    using N = std::conditional_t<W == 1, I, simd<I, W>>;
    const index step = S ? S : g.right, width = g.width, count = g.columns.count;
    const index rows = K ? K : g.rows.size, columns = K ? K : g.columns.size;
    const N places = places_of<N>(step);
    for (index down = 0; down < g.rows.count; ++down, x += g.down * width, y += g.out_width)
      for (index i = 0; i < count; i += W) {
        if (i + W > count) i = count - W;
        const T* window = x + i * step;
        V most = every<V, S, 0>(window, step);
        N best = N(I(0));
        auto found_nan = math::is_nan(most);
        const auto take = [&](V v, index at) __attribute__((always_inline)) {
          const auto is_nan = math::is_nan(v);
          const decltype(is_nan) better = ((v > most) | is_nan) & !found_nan;
          most = select(better, v, most);
          if constexpr (Places) best = select(mask_for<I>(better), N(static_cast<I>(at)), best);
          found_nan = found_nan | is_nan;
        };
        for (index r = 0; r < rows; ++r) {
          const T* row = window + r * width;
          index at = r * width, c = 0;
          for (; c + 2 <= columns; c += 2, at += 2) {
            if (c > 0 || r > 0) take(every<V, S, 0>(row + c, step), at);
            take(every<V, S, 1>(row + c, step), at + 1);
          }
          if (c < columns) {
            if constexpr (S == 2) take(every<V, S, 1>(row + c - 1, step), at);
            else take(every<V, S, 0>(row + c, step), at);
          }
        }
        write(most, y + i);
        if constexpr (Places) {
          const index from = g.place + down * g.down * width + i * step;
          write(convert<std::int32_t>(best + places + N(static_cast<I>(from))), argmax + down * g.out_width + i);
        }
      }
  }
  // p[A], p[step + A], ...; with S == 2 the 2 W values from p on are read.
  template <class V, int S, int A>
  TECTUM_INLINE static V every(const element_of_t<V>* p, [[maybe_unused]] index step) noexcept {
    if constexpr (std::is_arithmetic_v<V>) {
      return p[A];
    } else if constexpr (S == 1) {
      return V::load(p + A);
    } else if constexpr (S == 2) {
      constexpr int W = V::width;
      return [a = V::load(p), b = V::load(p + W)]<int... I>(std::integer_sequence<int, I...>) {
        return V::from(__builtin_shufflevector(a.v, b.v, (2 * I + A)...));
      }(std::make_integer_sequence<int, W>{});
    } else {
      V v{};
#pragma GCC unroll 16
      for (int i = 0; i < V::width; ++i) v.v[i] = p[A + i * step];
      return v;
    }
  }
  template <class V>
  TECTUM_INLINE static void write(V v, element_of_t<V>* p) noexcept {
    if constexpr (std::is_arithmetic_v<V>) *p = v;
    else v.store(p);
  }
  // 0, step, 2 step, ...
  template <class N>
  TECTUM_INLINE static N places_of(index step) noexcept {
    using I = element_of_t<N>;
    N n = N(I(0));
    if constexpr (!std::is_arithmetic_v<N>)
      for (int i = 0; i < N::width; ++i) n.v[i] = static_cast<I>(i * step);
    return n;
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
TECTUM_PRECISE_END
