// Elementwise kernels and plain reductions of the native engine.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/kernels/random.hpp>
#include <tectum/kernels/strided.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace native_parts {

template <class T>
constexpr bool is_contiguous(const matrix<T>& m) noexcept {
  return m.rows <= 1 || m.stride == m.columns;
}

struct elementwise {
  // One pass over rows; where all matrices are contiguous, over one long row.
  template <bool Add, class T, class F, class... X>
  TECTUM_INLINE static void map_rows(matrix<T> y, F& f, X... x) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_width<T>;
    using V = simd<T, W>;
    const bool flat = is_contiguous(y) && (is_contiguous(x) && ...);
    const index rows = flat ? 1 : y.rows, n = flat ? y.rows * y.columns : y.columns;
    for (index r = 0; r < rows; ++r) {
      T* to = y.row(r);
      index i = 0;
      for (; i + W <= n; i += W) {
        const V value = f(V::load(x.row(r) + i)...);
        (Add ? V::load(to + i) + value : value).store(to + i);
      }
      if (i < n) {
        const V value = f(V::load_partial(x.row(r) + i, n - i)...);
        (Add ? V::load_partial(to + i, n - i) + value : value).store_partial(to + i, n - i);
      }
    }
  }
  template <class T, class F, class... X>
  static void map(matrix<T> y, F f, X... x) noexcept TECTUM_NONBLOCKING {
    map_rows<false>(y, f, x...);
  }
  template <class T, class F, class... X>
  static void map_add(matrix<T> y, F f, X... x) noexcept TECTUM_NONBLOCKING {
    map_rows<true>(y, f, x...);
  }

  template <class T, class V>
  TECTUM_INLINE static void put_back(T* to, V value, index n) noexcept {
    if constexpr (!std::is_const_v<T>) {
      if (n >= V::width) value.store(to);
      else value.store_partial(to, n);
    }
  }
  template <class F, class... T>
  static void fused_update(index n, F f, T*... arrays) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_bytes / static_cast<int>((sizeof(T) + ... + 0) / sizeof...(T));
    index i = 0;
    for (; i + W <= n; i += W)
      [&](simd<std::remove_const_t<T>, W>... v) {
        f(v...);
        (put_back(arrays + i, v, W), ...);
      }(simd<std::remove_const_t<T>, W>::load(arrays + i)...);
    if (i < n)
      [&](simd<std::remove_const_t<T>, W>... v) {
        f(v...);
        (put_back(arrays + i, v, n - i), ...);
      }(simd<std::remove_const_t<T>, W>::load_partial(arrays + i, n - i)...);
  }

  template <class T>
  static void fill(matrix<T> y, std::type_identity_t<T> value) noexcept TECTUM_NONBLOCKING {
    map(y, [=] { return simd<T, native_width<T>>(value); });
  }
  template <class T>
  static void copy(const_matrix<T> x, matrix<T> y) noexcept TECTUM_NONBLOCKING {
    map(y, [](auto a) { return a; }, x);
  }
  template <class T>
  static void add(const_matrix<T> x, matrix<T> y) noexcept TECTUM_NONBLOCKING {
    map_add(y, [](auto a) { return a; }, x);
  }
  template <class T>
  static void scale_add(std::type_identity_t<T> a, const_matrix<T> x, matrix<T> y) noexcept TECTUM_NONBLOCKING {
    map(y, [=](auto b, auto c) { return fma(decltype(b)(a), b, c); }, x, y);
  }

  // The sum of f(i, lanes wanted) over i in steps of the width, four running sums at a time.
  template <class T, class F>
  TECTUM_INLINE static T sum_of(index n, F f) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_width<T>;
    using V = simd<T, W>;
    V a = V(T(0)), b = a, c = a, d = a;
    index i = 0;
    for (; i + 4 * W <= n; i += 4 * W) {
      a = f(a, i, W);
      b = f(b, i + W, W);
      c = f(c, i + 2 * W, W);
      d = f(d, i + 3 * W, W);
    }
    for (; i + W <= n; i += W) a = f(a, i, W);
    if (i < n) b = f(b, i, n - i);
    return horizontal_sum((a + b) + (c + d));
  }
  template <class T>
  TECTUM_INLINE static auto lanes(const T* x, index n) noexcept {
    using V = simd<T, native_width<T>>;
    return n >= V::width ? V::load(x) : V::load_partial(x, n);
  }
  template <class T>
  static T sum(index n, const T* x) noexcept TECTUM_NONBLOCKING {
    return sum_of<T>(n, [=](auto s, index i, index w) { return s + lanes(x + i, w); });
  }
  template <class T>
  static T dot(index n, const T* a, const T* b) noexcept TECTUM_NONBLOCKING {
    return sum_of<T>(n, [=](auto s, index i, index w) { return fma(lanes(a + i, w), lanes(b + i, w), s); });
  }
  // The largest lane, NaN if there is one.
  template <class T, int W>
  TECTUM_INLINE static T largest(simd<T, W> x) noexcept {
    if constexpr (W == 2) return math::max(x[0], x[1]);
    else return largest(math::max(low_half(x), high_half(x)));
  }
  template <class T>
  static T maximum(index n, const T* x) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_width<T>;
    using V = simd<T, W>;
    T m = -math::infinity<T>();
    index i = 0;
    if (n >= W) {
      V best = V(m);
      for (; i + W <= n; i += W) best = math::max(best, V::load(x + i));
      m = largest(best);
    }
    for (; i < n; ++i) m = math::max(m, x[i]);
    return m;
  }
  template <class T>
  static void add_column_sums(const_matrix<T> x, T* y) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_width<T>;
    using V = simd<T, W>;
    index c = 0;
    for (; c + 4 * W <= x.columns; c += 4 * W) {
      V s0 = V(T(0)), s1 = s0, s2 = s0, s3 = s0;
      for (index r = 0; r < x.rows; ++r) {
        const T* at = x.row(r) + c;
        s0 += V::load(at), s1 += V::load(at + W), s2 += V::load(at + 2 * W), s3 += V::load(at + 3 * W);
      }
      (V::load(y + c) + s0).store(y + c), (V::load(y + c + W) + s1).store(y + c + W);
      (V::load(y + c + 2 * W) + s2).store(y + c + 2 * W), (V::load(y + c + 3 * W) + s3).store(y + c + 3 * W);
    }
    for (; c < x.columns; c += W) {
      const index n = x.columns - c < W ? x.columns - c : W;
      V s = V(T(0));
      for (index r = 0; r < x.rows; ++r) s += lanes(x.row(r) + c, n);
      put_back(y + c, lanes<T>(y + c, n) + s, n);
    }
  }

  template <class T>
  static void gather_rows(index n, const std::int32_t* ids, const T* table, index width,
                          matrix<T> y) noexcept TECTUM_NONBLOCKING {
    for (index r = 0; r < n; ++r)
      if (ids[r] < 0) fill<T>({y.row(r), 1, width, width}, T(0));
      else copy<T>({table + ids[r] * width, 1, width, width}, {y.row(r), 1, width, width});
  }
  template <class T>
  static void scatter_add_rows(index n, const std::int32_t* ids, const_matrix<T> dy,
                               T* table_gradient) noexcept TECTUM_NONBLOCKING {
    for (index r = 0; r < n; ++r)
      if (ids[r] >= 0)
        add<T>({dy.row(r), 1, dy.columns, dy.columns},
               {table_gradient + ids[r] * dy.columns, 1, dy.columns, dy.columns});
  }
  template <class T>
  static void fill_uniform(index n, std::uint64_t seed, std::uint64_t stream, T* y,
                           index first = 0) noexcept TECTUM_NONBLOCKING {
    for (index i = 0; i < n;) {
      const index at = first + i;
      const random::block b = random::words(seed, stream, static_cast<std::uint64_t>(at / 4));
      for (index l = at % 4; l < 4 && i < n; ++l) y[i++] = static_cast<T>(random::to_uniform(b.word[l]));
    }
  }
};

}  // namespace native_parts
}  // namespace tectum
TECTUM_PRECISE_END
