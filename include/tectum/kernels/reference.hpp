// The reference engine: every kernel as plain loops, in the order of docs/kernels.md. The oracle of the tests.
#pragma once

#include <tectum/kernels/epilogue.hpp>
#include <tectum/kernels/geometry.hpp>
#include <tectum/kernels/random.hpp>
#include <tectum/kernels/strided.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {

struct reference {
  // --- elementwise

  template <class T, class F, class... X>
  static void map(matrix<T> y, F f, X... x) noexcept TECTUM_NONBLOCKING {
    for (index r = 0; r < y.rows; ++r)
      for (index c = 0; c < y.columns; ++c) y(r, c) = f(x(r, c)...);
  }
  template <class T, class F, class... X>
  static void map_add(matrix<T> y, F f, X... x) noexcept TECTUM_NONBLOCKING {
    for (index r = 0; r < y.rows; ++r)
      for (index c = 0; c < y.columns; ++c) y(r, c) += f(x(r, c)...);
  }
  template <class F, class... T>
  static void fused_update(index n, F f, T*... arrays) noexcept TECTUM_NONBLOCKING {
    for (index i = 0; i < n; ++i) f(arrays[i]...);
  }
  template <class T>
  static void fill(matrix<T> y, std::type_identity_t<T> value) noexcept TECTUM_NONBLOCKING {
    map(y, [=] { return value; });
  }
  template <class T>
  static void copy(const_matrix<T> x, matrix<T> y) noexcept TECTUM_NONBLOCKING {
    map(y, [](T a) { return a; }, x);
  }
  template <class T>
  static void add(const_matrix<T> x, matrix<T> y) noexcept TECTUM_NONBLOCKING {
    map_add(y, [](T a) { return a; }, x);
  }
  template <class T>
  static void scale_add(std::type_identity_t<T> a, const_matrix<T> x, matrix<T> y) noexcept TECTUM_NONBLOCKING {
    map_add(y, [=](T b) { return a * b; }, x);
  }

  // --- reductions

  template <class T>
  static T sum(index n, const T* x) noexcept TECTUM_NONBLOCKING {
    T s{};
    for (index i = 0; i < n; ++i) s += x[i];
    return s;
  }
  template <class T>
  static T maximum(index n, const T* x) noexcept TECTUM_NONBLOCKING {
    T m = -math::infinity<T>();
    for (index i = 0; i < n; ++i) m = math::max(m, x[i]);
    return m;
  }
  template <class T>
  static T dot(index n, const T* a, const T* b) noexcept TECTUM_NONBLOCKING {
    T s{};
    for (index i = 0; i < n; ++i) s += a[i] * b[i];
    return s;
  }
  template <class T>
  static void add_column_sums(const_matrix<T> x, T* y) noexcept TECTUM_NONBLOCKING {
    for (index r = 0; r < x.rows; ++r)
      for (index c = 0; c < x.columns; ++c) y[c] += x(r, c);
  }
  template <class T>
  static T log_sum_exp(index n, const T* x) noexcept TECTUM_NONBLOCKING {
    const T m = maximum(n, x);
    if (math::is_infinite(m) || math::is_nan(m)) return m;
    T s{};
    for (index i = 0; i < n; ++i) s += math::exp(x[i] - m);
    return m + math::log(s);
  }

  // --- rows

  template <class T>
  static void softmax(index n, const T* x, const std::uint8_t* valid, T* y) noexcept TECTUM_NONBLOCKING {
    T m = math::lowest<T>(), s{};
    for (index i = 0; i < n; ++i)
      if (!valid || valid[i]) m = math::max(m, x[i]);
    const bool none = math::bits(m) == math::bits(math::lowest<T>());
    for (index i = 0; i < n; ++i) s += y[i] = !none && (!valid || valid[i]) ? math::exp(x[i] - m) : T(0);
    if (!none)
      for (index i = 0; i < n; ++i) y[i] /= s;
  }
  template <class T>
  static void softmax_gradient(index n, const T* y, const T* dy, T* dx) noexcept TECTUM_NONBLOCKING {
    const T s = dot(n, y, dy);
    for (index i = 0; i < n; ++i) dx[i] += y[i] * (dy[i] - s);
  }
  template <class T>
  static void normalize_rows(const_matrix<T> x, std::type_identity_t<T> epsilon, maybe<const T> scale,
                             maybe<const T> shift, matrix<T> y, maybe<T> mean,
                             maybe<T> inverse_deviation) noexcept TECTUM_NONBLOCKING {
    const T n = static_cast<T>(x.columns);
    for (index r = 0; r < x.rows; ++r) {
      const T m = sum(x.columns, x.row(r)) / n;
      T variance{};
      for (index c = 0; c < x.columns; ++c) variance += (x(r, c) - m) * (x(r, c) - m) / n;
      const T inverse = T(1) / math::sqrt(variance + epsilon);
      for (index c = 0; c < x.columns; ++c)
        y(r, c) = (x(r, c) - m) * inverse * (scale ? scale[c] : T(1)) + (shift ? shift[c] : T(0));
      if (mean) mean[r] = m;
      if (inverse_deviation) inverse_deviation[r] = inverse;
    }
  }
  template <class T>
  static void normalize_rows_gradient(const_matrix<T> x, const T* mean, const T* inverse_deviation,
                                      maybe<const T> scale, const_matrix<T> dy, matrix<T> dx, maybe<T> dscale,
                                      maybe<T> dshift) noexcept TECTUM_NONBLOCKING {
    const T n = static_cast<T>(x.columns);
    for (index r = 0; r < x.rows; ++r) {
      T s{}, projection{};
      for (index c = 0; c < x.columns; ++c) {
        const T normal = (x(r, c) - mean[r]) * inverse_deviation[r], g = dy(r, c) * (scale ? scale[c] : T(1));
        s += g;
        projection += g * normal;
        if (dscale) dscale[c] += dy(r, c) * normal;
        if (dshift) dshift[c] += dy(r, c);
      }
      if (dx.data)
        for (index c = 0; c < x.columns; ++c) {
          const T normal = (x(r, c) - mean[r]) * inverse_deviation[r], g = dy(r, c) * (scale ? scale[c] : T(1));
          dx(r, c) += inverse_deviation[r] * (g - s / n - normal * projection / n);
        }
    }
  }

  // --- products

  template <class T>
  static void product(const_matrix<T> x, const_packed<T> w, std::type_identity_t<epilogue<T>> e,
                      matrix<T> y) noexcept TECTUM_NONBLOCKING {
    for (index r = 0; r < x.rows; ++r)
      for (index o = 0; o < w.out; ++o) {
        T s = e.accumulate ? y(r, o) : T(0);
        for (index i = 0; i < w.in; ++i) s += x(r, i) * w(o, i);
        y(r, o) = activate(e.act, e.bias ? s + e.bias[o] : s);
      }
  }
  static constexpr index product_input_gradient_scratch(index, index) noexcept { return 0; }
  template <class T>
  static void product_input_gradient(const_matrix<T> dy, const_packed<T> w, matrix<T> dx,
                                     maybe<T>) noexcept TECTUM_NONBLOCKING {
    for (index r = 0; r < dy.rows; ++r)
      for (index o = 0; o < w.out; ++o)
        for (index i = 0; i < w.in; ++i) dx(r, i) += dy(r, o) * w(o, i);
  }
  template <class T>
  static void product_weight_gradient(const_matrix<T> dy, const_matrix<T> x, packed<T> dw) noexcept TECTUM_NONBLOCKING {
    for (index r = 0; r < dy.rows; ++r)
      for (index o = 0; o < dw.out; ++o)
        for (index i = 0; i < dw.in; ++i) dw(o, i) += dy(r, o) * x(r, i);
  }
  template <class T>
  static void batched_product(index count, index m, index n, index k, const_strided<T> a, const_strided<T> b,
                              strided<T> c, std::type_identity_t<T> alpha,
                              bool accumulate) noexcept TECTUM_NONBLOCKING {
    for (index q = 0; q < count; ++q)
      for (index i = 0; i < m; ++i)
        for (index j = 0; j < n; ++j) {
          T s{};
          for (index l = 0; l < k; ++l) s += a(q, i, l) * b(q, l, j);
          c(q, i, j) = accumulate ? c(q, i, j) + alpha * s : alpha * s;
        }
  }

  // --- attention

  template <class T>
  static void attention(const attention_geometry<T>& g, const_matrix<T> q, const_matrix<T> k, const_matrix<T> v,
                        const std::uint8_t* key_valid, matrix<T> y, T* probabilities) noexcept TECTUM_NONBLOCKING {
    for (index h = 0; h < g.heads; ++h)
      for (index i = 0; i < g.queries; ++i) {
        const index seen = g.seen_by(i);
        T* p = probabilities + (h * g.queries + i) * g.keys;
        for (index j = 0; j < g.keys; ++j)
          p[j] = g.scale * dot(g.head_width, q.row(i) + h * g.head_width, k.row(j) + h * g.head_width) +
                 (g.bias ? g.bias[h * g.bias_head_stride + i * g.keys + j] : T(0));
        softmax(seen, p, key_valid, p);
        for (index j = seen; j < g.keys; ++j) p[j] = T(0);
        for (index c = 0; c < g.value_width; ++c) {
          T s{};
          for (index j = 0; j < seen; ++j)
            if (!key_valid || key_valid[j]) s += p[j] * v(j, h * g.value_width + c);
          y(i, h * g.value_width + c) = s;
        }
      }
  }
  template <class T>
  static constexpr index attention_gradient_scratch(const attention_geometry<T>& g) noexcept {
    return 2 * g.keys;
  }
  template <class T>
  static void attention_gradient(const attention_geometry<T>& g, const_matrix<T> q, const_matrix<T> k,
                                 const_matrix<T> v, const std::uint8_t* key_valid, const T* probabilities,
                                 const_matrix<T> dy, matrix<T> dq, matrix<T> dk, matrix<T> dv, maybe<T> dbias,
                                 T* scratch) noexcept TECTUM_NONBLOCKING {
    T *dp = scratch, *ds = scratch + g.keys;
    for (index h = 0; h < g.heads; ++h)
      for (index i = 0; i < g.queries; ++i) {
        const T* p = probabilities + (h * g.queries + i) * g.keys;
        const T* dy_row = dy.row(i) + h * g.value_width;
        const auto visible = [&](index j) { return (!key_valid || key_valid[j]) && j < g.seen_by(i); };
        for (index j = 0; j < g.keys; ++j) {
          dp[j] = visible(j) ? dot(g.value_width, dy_row, v.row(j) + h * g.value_width) : T(0);
          ds[j] = T(0);
        }
        softmax_gradient(g.keys, p, dp, ds);
        for (index j = 0; j < g.keys; ++j) {
          if (!visible(j)) continue;
          if (dbias) dbias[h * g.bias_head_stride + i * g.keys + j] += ds[j];
          for (index c = 0; dv.data && c < g.value_width; ++c) dv(j, h * g.value_width + c) += p[j] * dy_row[c];
          for (index c = h * g.head_width; c < (h + 1) * g.head_width; ++c) {
            if (dq.data) dq(i, c) += g.scale * ds[j] * k(j, c);
            if (dk.data) dk(j, c) += g.scale * ds[j] * q(i, c);
          }
        }
      }
  }

  // --- gather, scatter, random

  template <class T>
  static void gather_rows(index n, const std::int32_t* ids, const T* table, index width,
                          matrix<T> y) noexcept TECTUM_NONBLOCKING {
    for (index r = 0; r < n; ++r)
      for (index c = 0; c < width; ++c) y(r, c) = ids[r] < 0 ? T(0) : table[ids[r] * width + c];
  }
  template <class T>
  static void scatter_add_rows(index n, const std::int32_t* ids, const_matrix<T> dy,
                               T* table_gradient) noexcept TECTUM_NONBLOCKING {
    for (index r = 0; r < n; ++r)
      for (index c = 0; ids[r] >= 0 && c < dy.columns; ++c) table_gradient[ids[r] * dy.columns + c] += dy(r, c);
  }
  template <class T>
  static void fill_uniform(index n, std::uint64_t seed, std::uint64_t stream, T* y,
                           index first = 0) noexcept TECTUM_NONBLOCKING {
    for (index i = 0; i < n; ++i)
      y[i] = static_cast<T>(random::uniform(seed, stream, static_cast<std::uint64_t>(first + i)));
  }

  // --- convolution and pooling of one sample

  static constexpr index convolution_scratch(const convolution_geometry&) noexcept { return 0; }
  // f(filter, place in y, group, row of the group's weights, tap, place in x) for every product of a convolution.
  template <class F>
  static void each_tap(const convolution_geometry& g, F f) noexcept TECTUM_NONBLOCKING {
    const index channels = g.channels / g.groups, filters = g.filters / g.groups;
    for (index o = 0; o < g.filters; ++o)
      for (index oy = 0; oy < g.out_height(); ++oy)
        for (index ox = 0; ox < g.out_width(); ++ox)
          for (index c = 0; c < channels; ++c)
            for (index ky = 0; ky < g.kernel_height; ++ky)
              for (index kx = 0; kx < g.kernel_width; ++kx) {
                const index iy = oy * g.stride_height + ky * g.dilation_height - g.padding_height;
                const index ix = ox * g.stride_width + kx * g.dilation_width - g.padding_width;
                if (iy < 0 || iy >= g.height || ix < 0 || ix >= g.width) continue;
                f((o * g.out_height() + oy) * g.out_width() + ox, o / filters, o % filters,
                  (c * g.kernel_height + ky) * g.kernel_width + kx,
                  ((o / filters * channels + c) * g.height + iy) * g.width + ix);
              }
  }
  template <class T>
  static packed<T> group_weights(const convolution_geometry& g, packed<T> w, index group) noexcept {
    const index filters = g.filters / g.groups;
    return {w.data + group * packed_size(filters, g.taps()), filters, g.taps()};
  }
  template <class T>
  static void convolution(const convolution_geometry& g, const T* x, const_packed<T> w,
                          std::type_identity_t<epilogue<T>> e, T* y, maybe<T>) noexcept TECTUM_NONBLOCKING {
    const index pixels = g.out_height() * g.out_width();
    for (index i = 0; !e.accumulate && i < g.filters * pixels; ++i) y[i] = T(0);
    each_tap(g, [&](index place, index group, index o, index tap, index from) {
      y[place] += group_weights(g, w, group)(o, tap) * x[from];
    });
    for (index i = 0; i < g.filters * pixels; ++i) y[i] = activate(e.act, e.bias ? y[i] + e.bias[i / pixels] : y[i]);
  }
  template <class T>
  static void convolution_weight_gradient(const convolution_geometry& g, const T* x, const T* dy, packed<T> dw,
                                          maybe<T>) noexcept TECTUM_NONBLOCKING {
    each_tap(g, [&](index place, index group, index o, index tap, index from) {
      group_weights(g, dw, group)(o, tap) += dy[place] * x[from];
    });
  }
  template <class T>
  static void convolution_input_gradient(const convolution_geometry& g, const T* dy, const_packed<T> w, T* dx,
                                         maybe<T>) noexcept TECTUM_NONBLOCKING {
    each_tap(g, [&](index place, index group, index o, index tap, index from) {
      dx[from] += dy[place] * group_weights(g, w, group)(o, tap);
    });
  }

  // f(place in y, place in the channel's plane, plane's offset) for every place of every window.
  template <class F>
  static void each_window(const pool_geometry& g, F f) noexcept TECTUM_NONBLOCKING {
    index place = 0;
    for (index c = 0; c < g.channels; ++c)
      for (index oy = 0; oy < g.out_height(); ++oy)
        for (index ox = 0; ox < g.out_width(); ++ox, ++place)
          for (index ky = 0; ky < g.kernel_height; ++ky)
            for (index kx = 0; kx < g.kernel_width; ++kx) {
              const index iy = oy * g.stride_height + ky - g.padding_height;
              const index ix = ox * g.stride_width + kx - g.padding_width;
              if (iy >= 0 && iy < g.height && ix >= 0 && ix < g.width)
                f(place, iy * g.width + ix, c * g.height * g.width);
            }
  }
  // Places of window (oy, ox) that a mean divides by.
  static constexpr index window_places(const pool_geometry& g, index oy, index ox) noexcept {
    if (g.count_padding) return g.kernel_height * g.kernel_width;
    const index top = oy * g.stride_height - g.padding_height, left = ox * g.stride_width - g.padding_width;
    const index bottom = top + g.kernel_height, right = left + g.kernel_width;
    const index high = (bottom < g.height ? bottom : g.height) - (top > 0 ? top : 0);
    const index wide = (right < g.width ? right : g.width) - (left > 0 ? left : 0);
    return high > 0 && wide > 0 ? high * wide : 1;
  }
  // argmax?: the place in the channel's plane, -1 for a window that lies wholly in the padding (its y is 0).
  template <class T>
  static void max_pool(const pool_geometry& g, const T* x, T* y,
                       maybe<std::int32_t> argmax) noexcept TECTUM_NONBLOCKING {
    for (index i = 0; i < g.channels * g.out_height() * g.out_width(); ++i) {
      y[i] = T(0);
      if (argmax) argmax[i] = -1;
    }
    index last = -1;
    each_window(g, [&](index place, index at, index plane) {
      const T a = x[plane + at];
      if (place == last && (math::is_nan(y[place]) || !(math::is_nan(a) || a > y[place]))) return;
      last = place;
      y[place] = a;
      if (argmax) argmax[place] = static_cast<std::int32_t>(at);
    });
  }
  template <class T>
  static void max_pool_gradient(const pool_geometry& g, const T* dy, const std::int32_t* argmax,
                                T* dx) noexcept TECTUM_NONBLOCKING {
    const index pixels = g.out_height() * g.out_width();
    for (index i = 0; i < g.channels * pixels; ++i)
      if (argmax[i] >= 0) dx[i / pixels * g.height * g.width + argmax[i]] += dy[i];
  }
  template <class T>
  static void mean_pool(const pool_geometry& g, const T* x, T* y) noexcept TECTUM_NONBLOCKING {
    const index pixels = g.out_height() * g.out_width(), wide = g.out_width();
    for (index i = 0; i < g.channels * pixels; ++i) y[i] = T(0);
    each_window(g, [&](index place, index at, index plane) {
      y[place] += x[plane + at] / static_cast<T>(window_places(g, place % pixels / wide, place % wide));
    });
  }
  template <class T>
  static void mean_pool_gradient(const pool_geometry& g, const T* dy, T* dx) noexcept TECTUM_NONBLOCKING {
    const index pixels = g.out_height() * g.out_width(), wide = g.out_width();
    each_window(g, [&](index place, index at, index plane) {
      dx[plane + at] += dy[place] / static_cast<T>(window_places(g, place % pixels / wide, place % wide));
    });
  }
};

}  // namespace tectum
TECTUM_PRECISE_END
