// Pooling to a size that is given, whatever the size of the input.
#pragma once

#include <tectum/operators/layers/windows.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// Window i of `out` over `size` places: [i size / out, (i + 1) size / out), rounded outwards; neighbours may overlap.
struct adaptive_window {
  index begin, end;
  constexpr adaptive_window(index i, index out, index size)
      : begin(i * size / out),
        end(((i + 1) * size + out - 1) / out) {}
  constexpr index count() const { return end - begin; }
};

constexpr shape adaptive_shape(const shape& x, extent2 size, const char* input, const char* extent, const char* pair) {
  if (!has_windows(x)) return wrong(input);
  if (size.smaller() < 1) return wrong(extent, size.height, size.width);
  if (x.kind != kind::picture && !size.square()) return wrong(pair);
  return shape_of_windows(x, size.height, x.kind == kind::sequence ? x.width() : size.width);
}

// Planes of rows and columns: a sequence is one plane, each of its columns a window.
struct planes {
  index count, high, wide, out_high, out_wide;
  constexpr planes(const shape& x, const shape& y)
      : count(x.kind == kind::sequence ? 1 : x.extent[0]),
        high(x.kind == kind::waveform ? 1 : x.extent[x.rank - 2]),
        wide(x.width()),
        out_high(x.kind == kind::waveform ? 1 : y.extent[y.rank - 2]),
        out_wide(y.width()) {}
};

// f(place in y, plane's place in x, rows, columns) for every window.
template <class F>
TECTUM_INLINE void each_adaptive_window(const planes& p, F f) noexcept {
  index place = 0;
  for (index c = 0; c < p.count; ++c)
    for (index i = 0; i < p.out_high; ++i)
      for (index j = 0; j < p.out_wide; ++j, ++place)
        f(place, c * p.high * p.wide, adaptive_window(i, p.out_high, p.high), adaptive_window(j, p.out_wide, p.wide));
}

}  // namespace detail

// The mean of each of size x size windows, which cover the input evenly: window i of n places begins at i n / size
// rounded down and ends before (i + 1) n / size rounded up.
//   size: height and width of the result, as 2 or {2, 3}; over time one number.
//   picture [c, h, w] -> [c, size, size], sequence [length, n] -> [size, n], waveform [c, samples] -> [c, size]
struct adaptive_average_pool {
  extent2 size;

  static constexpr const char* name = "adaptive_average_pool";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(shape x) const {
    return detail::adaptive_shape(x, size,
                                  "adaptive_average_pool: the input must be a picture, a sequence or a waveform",
                                  "adaptive_average_pool: size must be 1 or more",
                                  "adaptive_average_pool: over time there is one axis: size is one number");
  }

  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const detail::planes p(x.shape(), y.shape());
    for (index b = 0; b < x.samples; ++b) {
      if (x.shape().kind == kind::sequence) {
        for (index i = 0; i < p.out_high; ++i) {
          const detail::adaptive_window rows(i, p.out_high, p.high);
          const matrix<T> to{y.sample(b) + i * p.wide, 1, p.wide, p.wide};
          C::kernels::fill(to, T(0));
          for (index r = rows.begin; r < rows.end; ++r)
            C::kernels::scale_add(T(1) / static_cast<T>(rows.count()),
                                  matrix<const T>{x.sample(b) + r * p.wide, 1, p.wide, p.wide}, to);
        }
        continue;
      }
      detail::each_adaptive_window(p, [&](index place, index plane, auto rows, auto columns) {
        T s{};
        for (index r = rows.begin; r < rows.end; ++r)
          s += C::kernels::sum(columns.count(), x.sample(b) + plane + r * p.wide + columns.begin);
        y.sample(b)[place] = s / static_cast<T>(rows.count() * columns.count());
      });
    }
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const detail::planes p(x.shape(), dy.shape());
    for (index b = 0; b < x.samples; ++b) {
      if (!x.present(b)) continue;
      if (x.shape().kind == kind::sequence) {
        for (index i = 0; i < p.out_high; ++i) {
          const detail::adaptive_window rows(i, p.out_high, p.high);
          C::kernels::scale_add(T(1) / static_cast<T>(rows.count()),
                                matrix<const T>{dy.sample(b) + i * p.wide, rows.count(), p.wide, 0},
                                matrix<T>{dx.sample(b) + rows.begin * p.wide, rows.count(), p.wide, p.wide});
        }
        continue;
      }
      detail::each_adaptive_window(p, [&](index place, index plane, auto rows, auto columns) {
        const T share = dy.sample(b)[place] / static_cast<T>(rows.count() * columns.count());
        const matrix<T> to{dx.sample(b) + plane + rows.begin * p.wide + columns.begin, rows.count(), columns.count(),
                           p.wide};
        C::kernels::map_add(to, [=] { return share; });
      });
    }
  }
};

// The maximum of each of size x size windows, which cover the input evenly as those of adaptive_average_pool do. Of
// equal values the first gets the gradient; NaN wins over all.
//   size: height and width of the result, as 2 or {2, 3}; over time one number.
//   picture [c, h, w] -> [c, size, size], sequence [length, n] -> [size, n], waveform [c, samples] -> [c, size]
struct adaptive_max_pool {
  extent2 size;

  static constexpr const char* name = "adaptive_max_pool";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(shape x) const {
    return detail::adaptive_shape(x, size, "adaptive_max_pool: the input must be a picture, a sequence or a waveform",
                                  "adaptive_max_pool: size must be 1 or more",
                                  "adaptive_max_pool: over time there is one axis: size is one number");
  }
  // Where each maximum was in its sample, as an integer of 32 bits.
  constexpr extents saved(shape x) const { return {.per_sample = infer(x).size()}; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const detail::planes p(x.shape(), y.shape());
    for (index b = 0; b < x.samples; ++b)
      detail::each_adaptive_window(p, [&](index place, index plane, auto rows, auto columns) {
        const T* const from = x.sample(b) + plane;
        index best = rows.begin * p.wide + columns.begin;
        for (index r = rows.begin; r < rows.end; ++r)
          for (index i = r * p.wide + columns.begin; i < r * p.wide + columns.end; ++i)
            if (!math::is_nan(from[best]) && (from[i] > from[best] || math::is_nan(from[i]))) best = i;
        y.sample(b)[place] = from[best];
        if (c.recording) places(c, y.size(), b)[place] = static_cast<std::int32_t>(plane + best);
      });
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (!dx) return;
    for (index b = 0; b < dy.samples; ++b)
      for (index i = 0; x.present(b) && i < dy.size(); ++i) dx.sample(b)[places(c, dy.size(), b)[i]] += dy.sample(b)[i];
  }

 private:
  template <class C>
  static std::int32_t* places(C& c, index size, index b) noexcept {
    static_assert(sizeof(typename C::scalar) >= sizeof(std::int32_t));
    return reinterpret_cast<std::int32_t*>(c.saved()) + b * size;
  }
};

}  // namespace tectum
