// Convolution of one sample in the native engine: blocks of 32 output pixels, on the same micro-kernel as the products.
// The picture is copied once with its border of zeros, each row parted by the horizontal stride, so that the values
// that neighbouring pixels need of one tap are neighbours too.
#pragma once

#include <tectum/kernels/geometry.hpp>
#include <tectum/kernels/native/product.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace native_parts {

// Taps gathered at a time: 24 KiB, so that they stay in the first cache.
template <class T>
inline constexpr index convolution_taps = 24576 / (panel_width * static_cast<index>(sizeof(T)));

// to[i] = x[2 i] for n elements.
template <class T>
void copy_every_second(const T* x, index n, T* to) noexcept TECTUM_NONBLOCKING {
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  index i = 0;
  for (; i + W < n; i += W) even_lanes(V::load(x + 2 * i), V::load(x + 2 * i + W)).store(to + i);
  for (; i < n; ++i) to[i] = x[2 * i];
}

// The bordered picture, and where in it output pixels and taps lie: their offsets add up.
struct bordered_picture {
  convolution_geometry g;
  index phase, row, plane;  // elements of one phase of a row, of a row, of a channel

  explicit constexpr bordered_picture(const convolution_geometry& geometry) noexcept
      : g(geometry),
        phase((g.width + 2 * g.padding_width + g.more_right + g.stride_width - 1) / g.stride_width),
        row(phase * g.stride_width),
        plane((g.height + 2 * g.padding_height + g.more_below) * row) {}
  // With room for a whole vector read at the last place.
  constexpr index size() const noexcept { return (g.channels * plane + 31) / 16 * 16; }
  constexpr index of_place(index x) const noexcept { return x % g.stride_width * phase + x / g.stride_width; }

  template <class T>
  void fill_from(const T* x, T* to) const noexcept TECTUM_NONBLOCKING {
    __builtin_memset(to, 0, static_cast<std::size_t>(size()) * sizeof(T));
    each_run([&](index from, index at, index n) {
      if (g.stride_width == 1) __builtin_memcpy(to + at, x + from, static_cast<std::size_t>(n) * sizeof(T));
      else if (g.stride_width == 2) copy_every_second(x + from, n, to + at);
      else
        for (index i = 0; i < n; ++i) to[at + i] = x[from + i * g.stride_width];
    });
  }
  template <class T>
  void add_to(const T* from, T* dx) const noexcept TECTUM_NONBLOCKING {
    each_run([&](index to, index at, index n) {
      for (index i = 0; i < n; ++i) dx[to + i * g.stride_width] += from[at + i];
    });
  }
  // f(first, at, n) for each phase of each row: the elements first, first + stride, ... of the picture, n of them, lie
  // at `at` one behind the other.
  template <class F>
  TECTUM_INLINE void each_run(F f) const noexcept {
    for (index p = 0; p < g.stride_width; ++p) {
      const index begin = g.padding_width > p ? (g.padding_width - p + g.stride_width - 1) / g.stride_width : 0;
      const index first = begin * g.stride_width + p - g.padding_width;
      const index n = first < g.width ? (g.width - first + g.stride_width - 1) / g.stride_width : 0;
      for (index c = 0; n > 0 && c < g.channels; ++c)
        for (index y = 0; y < g.height; ++y)
          f((c * g.height + y) * g.width + first, c * plane + (y + g.padding_height) * row + p * phase + begin, n);
    }
  }
};

// Up to 32 output pixels as runs that are contiguous in the bordered picture.
struct pixel_runs {
  int count = 0, pixels = 0;
  struct {
    index from;
    int at, length;
  } run[panel_width];

  pixel_runs(const bordered_picture& b, index first) noexcept {
    const index wide = b.g.out_width(), all = wide * b.g.out_height();
    index x = first % wide, y = first / wide;
    while (pixels < panel_width && first + pixels < all) {
      const index room = panel_width - pixels, length = wide - x < room ? wide - x : room;
      const index from = y * b.g.stride_height * b.row + x;
      if (count > 0 && run[count - 1].from + run[count - 1].length == from) {
        run[count - 1].length += static_cast<int>(length);
      } else {
        run[count] = {from, pixels, static_cast<int>(length)};
        ++count;
      }
      pixels += static_cast<int>(length);
      x = 0;
      ++y;
    }
  }
};

// The offsets of a group's taps, one after the other.
struct tap_walk {
  const bordered_picture& b;
  index base, ky = 0, kx = 0;
  tap_walk(const bordered_picture& picture, index group) noexcept
      : b(picture),
        base(group * (picture.g.channels / picture.g.groups) * picture.plane) {}
  TECTUM_INLINE index next() noexcept {
    const index offset = base + ky * b.g.dilation_height * b.row + b.of_place(kx * b.g.dilation_width);
    if (++kx == b.g.kernel_width) {
      kx = 0;
      if (++ky == b.g.kernel_height) {
        ky = 0;
        base += b.plane;
      }
    }
    return offset;
  }
};

// columns[t * 32 + pixel] for `taps` taps. Runs are written in whole vectors, left to right: what is written beyond one
// is overwritten by the next, beyond the last lie 16 spare elements.
template <class T>
[[gnu::noinline]] void gather_taps(const T* picture, const pixel_runs& runs, tap_walk& walk, index taps,
                                   T* columns) noexcept TECTUM_NONBLOCKING {
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  for (index t = 0; t < taps; ++t, columns += panel_width) {
    const T* from = picture + walk.next();
    for (int r = 0; r < runs.count; ++r) {
      const T* source = from + runs.run[r].from;
      T* to = columns + runs.run[r].at;
      for (int i = 0; i < runs.run[r].length; i += W) V::load(source + i).store(to + i);
    }
  }
}
template <class T>
[[gnu::noinline]] void scatter_taps(const T* columns, const pixel_runs& runs, tap_walk& walk, index taps,
                                    T* picture) noexcept TECTUM_NONBLOCKING {
  constexpr int W = native_width<T>;
  using V = simd<T, W>;
  for (index t = 0; t < taps; ++t, columns += panel_width) {
    T* to = picture + walk.next();
    for (int r = 0; r < runs.count; ++r)
      for (int i = 0; i < runs.run[r].length; i += W) {
        const int n = runs.run[r].length - i;
        const T* from = columns + runs.run[r].at + i;
        T* at = to + runs.run[r].from + i;
        (V::load(at) + (n >= W ? V::load(from) : V::load_partial(from, n))).store(at);
      }
  }
}

struct convolutions {
  // Elements of scratch of any of the three kernels.
  static constexpr index convolution_scratch(const convolution_geometry& g) noexcept {
    return bordered_picture(g).size() + convolution_taps<float> * panel_width + 16 +
           panels_of(g.filters / g.groups) * panel_width * panel_width;
  }

  // What the three kernels share: f(group, first pixel, runs, columns, first tap, taps, walk) for each block of pixels
  // and chunk of taps; before(group, first pixel, pixels) for each block.
  template <class T, class Before, class F>
  TECTUM_INLINE static void each_chunk(const bordered_picture& b, Before before, F f) noexcept {
    const index pixels = b.g.out_height() * b.g.out_width(), all = b.g.taps();
    for (index group = 0; group < b.g.groups; ++group)
      for (index first = 0; first < pixels; first += panel_width) {
        const pixel_runs runs(b, first);
        before(group, first, index{runs.pixels});
        tap_walk walk(b, group);
        for (index tap = 0; tap < all; tap += convolution_taps<T>)
          f(group, first, runs, tap, all - tap < convolution_taps<T> ? all - tap : convolution_taps<T>, walk);
      }
  }

  template <class T>
  static void convolution(const convolution_geometry& g, const T* x, const_packed<T> w,
                          std::type_identity_t<epilogue<T>> e, T* y, maybe<T> scratch) noexcept TECTUM_NONBLOCKING {
    const bordered_picture b(g);
    const index pixels = g.out_height() * g.out_width(), filters = g.filters / g.groups, all = g.taps();
    T* columns = scratch + b.size();
    b.fill_from(x, scratch);
    each_chunk<T>(
        b, [](index, index, index) {},
        [&](index group, index first, const pixel_runs& runs, index tap, index taps, tap_walk& walk) {
          gather_taps<T>(scratch, runs, walk, taps, columns);
          const bool last = tap + taps == all;
          for (index f = 0; f < filters; f += panel_width) {
            const index rows = filters - f < panel_width ? filters - f : panel_width, filter = group * filters + f;
            tile_task<T> t{w.data + group * packed_size(filters, all) + f * all + tap * panel_width,
                           1,
                           panel_width,
                           columns,
                           panel_width,
                           0,
                           y + filter * pixels + first,
                           pixels,
                           runs.pixels,
                           taps};
            t.accumulate = e.accumulate || tap > 0;
            t.row_bias = last && e.bias ? e.bias + filter : nullptr;
            t.relu = last && e.act == activation::relu;
            tile_panels(t, rows);
            if (last && e.act != activation::relu && e.act != activation::identity)
              activate_block(e.act, t.c, rows, t.columns, pixels);
          }
        });
  }

  template <class T>
  static void convolution_weight_gradient(const convolution_geometry& g, const T* x, const T* dy, packed<T> dw,
                                          maybe<T> scratch) noexcept TECTUM_NONBLOCKING {
    const bordered_picture b(g);
    const index pixels = g.out_height() * g.out_width(), filters = g.filters / g.groups, all = g.taps();
    T *columns = scratch + b.size(), *turned = columns + convolution_taps<float> * panel_width + 16;
    b.fill_from(x, scratch);
    each_chunk<T>(
        b,
        [&](index group, index first, index n) {
          for (index f = 0; f < filters; f += panel_width)
            pack_transposed(dy + (group * filters + f) * pixels + first, pixels,
                            filters - f < panel_width ? filters - f : panel_width, n, turned + f * panel_width);
        },
        [&](index group, index, const pixel_runs& runs, index tap, index taps, tap_walk& walk) {
          gather_taps<T>(scratch, runs, walk, taps, columns);
          for (index f = 0; f < filters; f += panel_width) {
            tile_task<T> t{columns,
                           panel_width,
                           1,
                           turned + f * panel_width,
                           panel_width,
                           0,
                           dw.data + group * packed_size(filters, all) + f * all + tap * panel_width,
                           panel_width,
                           panel_width,
                           runs.pixels};
            t.accumulate = true;
            tile_panels(t, taps);
          }
        });
  }

  template <class T>
  static void convolution_input_gradient(const convolution_geometry& g, const T* dy, const_packed<T> w, T* dx,
                                         maybe<T> scratch) noexcept TECTUM_NONBLOCKING {
    const bordered_picture b(g);
    const index pixels = g.out_height() * g.out_width(), filters = g.filters / g.groups, all = g.taps();
    T *columns = scratch + b.size(), *block = columns + convolution_taps<float> * panel_width + 16;
    __builtin_memset(scratch, 0, static_cast<std::size_t>(b.size()) * sizeof(T));
    each_chunk<T>(
        b,
        [&](index group, index first, index n) {
          pack_rows(dy + group * filters * pixels + first, pixels, n, filters, block);
        },
        [&](index group, index, const pixel_runs& runs, index tap, index taps, tap_walk& walk) {
          for (index f = 0; f < filters; f += panel_width) {
            tile_task<T> t{w.data + group * packed_size(filters, all) + f * all + tap * panel_width,
                           panel_width,
                           1,
                           block + f * panel_width,
                           panel_width,
                           0,
                           columns,
                           panel_width,
                           panel_width,
                           filters - f < panel_width ? filters - f : panel_width};
            t.accumulate = f > 0;
            tile_panels(t, taps);
          }
          scatter_taps<T>(columns, runs, walk, taps, scratch);
        });
    b.add_to(scratch, dx);
  }
};

}  // namespace native_parts
}  // namespace tectum
TECTUM_PRECISE_END
