// Kernels of whole rows of the native engine: softmax and normalisation.
#pragma once

#include <tectum/kernels/native/elementwise.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace native_parts {

template <class I>
inline constexpr I lane_numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

struct rows : elementwise {
  template <class T>
  static T log_sum_exp(index n, const T* x) noexcept TECTUM_NONBLOCKING {
    const T m = maximum(n, x);
    if (math::is_infinite(m) || math::is_nan(m)) return m;
    using V = simd<T, native_width<T>>;
    const T s = sum_of<T>(n, [=](auto sum, index i, index w) {
      const V e = math::exp_nonpositive(lanes(x + i, w) - V(m));
      return sum + (w >= V::width ? e : first_lanes(e, w));
    });
    return m + math::log(s);
  }

  template <class T>
  static void softmax(index n, const T* x, const std::uint8_t* valid, T* y) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_width<T>;
    using V = simd<T, W>;
    const V lowest = V(math::lowest<T>());
    const auto values = [&](index i) {
      V v = i + W <= n ? V::load(x + i) : select(first_mask<T>(n - i), V::load_partial(x + i, n - i), lowest);
      return valid ? select(mask_from_bytes<T, W>(valid + i, n - i), v, lowest) : v;
    };
    V best = lowest;
    for (index i = 0; i < n; i += W) best = math::max(best, values(i));
    const T m = largest(best);
    if (math::bits(m) == math::bits(math::lowest<T>())) {
      fill<T>({y, 1, n, n}, T(0));
      return;
    }
    V sums = V(T(0));
    for (index i = 0; i < n; i += W) {
      const V v = values(i);
      V e = math::exp_nonpositive(v - V(m));
      if (valid) e = select(mask_from_bytes<T, W>(valid + i, n - i), e, V(T(0)));
      if (n - i < W) e = first_lanes(e, n - i);
      sums += e;
      put_back(y + i, e, n - i);
    }
    const T inverse = T(1) / horizontal_sum(sums);
    for (index i = 0; i < n; i += W) put_back(y + i, lanes<T>(y + i, n - i) * V(inverse), n - i);
  }
  template <class T>
  static void softmax_gradient(index n, const T* y, const T* dy, T* dx) noexcept TECTUM_NONBLOCKING {
    const T s = dot(n, y, dy);
    map_add(
        matrix<T>{dx, 1, n, n}, [=](auto a, auto b) { return a * (b - decltype(b)(s)); }, matrix<const T>{y, 1, n, n},
        matrix<const T>{dy, 1, n, n});
  }

  template <class T>
  static void normalize_rows(const_matrix<T> x, std::type_identity_t<T> epsilon, maybe<const T> scale,
                             maybe<const T> shift, matrix<T> y, maybe<T> mean,
                             maybe<T> inverse_deviation) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_width<T>;
    using V = simd<T, W>;
    const index n = x.columns;
    const T share = T(1) / static_cast<T>(n);
    for (index r = 0; r < x.rows; ++r) {
      const T* from = x.row(r);
      const T m = sum(n, from) * share;
      const T variance = share * sum_of<T>(n, [=](auto s, index i, index w) {
                           V d = lanes(from + i, w) - V(m);
                           if (w < W) d = first_lanes(d, w);
                           return fma(d, d, s);
                         });
      const T inverse = T(1) / math::sqrt(variance + epsilon);
      for (index i = 0; i < n; i += W) {
        V v = (lanes(from + i, n - i) - V(m)) * V(inverse);
        if (scale) v *= lanes(scale + i, n - i);
        if (shift) v += lanes(shift + i, n - i);
        put_back(y.row(r) + i, v, n - i);
      }
      if (mean) mean[r] = m;
      if (inverse_deviation) inverse_deviation[r] = inverse;
    }
  }
  template <class T>
  static void normalize_rows_gradient(const_matrix<T> x, const T* mean, const T* inverse_deviation,
                                      maybe<const T> scale, const_matrix<T> dy, matrix<T> dx, maybe<T> dscale,
                                      maybe<T> dshift) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_width<T>;
    using V = simd<T, W>;
    const index n = x.columns;
    const T share = T(1) / static_cast<T>(n);
    for (index r = 0; r < x.rows; ++r) {
      const T *from = x.row(r), *upper = dy.row(r);
      const V m = V(mean[r]), inverse = V(inverse_deviation[r]);
      V s = V(T(0)), projection = s;
      for (index i = 0; i < n; i += W) {
        const V normal = (lanes(from + i, n - i) - m) * inverse, d = lanes(upper + i, n - i);
        const V g = scale ? d * lanes(scale + i, n - i) : d;
        s += g;  // lanes beyond the row are zero in d, so in g
        projection = fma(g, normal, projection);
        if (dscale) put_back(dscale + i, fma(d, normal, lanes<T>(dscale + i, n - i)), n - i);
        if (dshift) put_back(dshift + i, d + lanes<T>(dshift + i, n - i), n - i);
      }
      if (!dx.data) continue;
      const V a = V(horizontal_sum(s) * share), b = V(horizontal_sum(projection) * share);
      for (index i = 0; i < n; i += W) {
        const V normal = (lanes(from + i, n - i) - m) * inverse, d = lanes(upper + i, n - i);
        const V g = scale ? d * lanes(scale + i, n - i) : d;
        put_back(dx.row(r) + i, fma(inverse, g - a - normal * b, lanes<T>(dx.row(r) + i, n - i)), n - i);
      }
    }
  }

  // The first n lanes set.
  template <class T>
  TECTUM_INLINE static auto first_mask(index n) noexcept TECTUM_NONBLOCKING {
    constexpr int W = native_width<T>;
    using I = typename integer_of<sizeof(T)>::is;
    return mask_for<T>(simd<I, W>::load(lane_numbers<I>) < simd<I, W>(static_cast<I>(n < W ? n : W)));
  }
  template <class T, int W>
  TECTUM_INLINE static simd<T, W> first_lanes(simd<T, W> x, index n) noexcept TECTUM_NONBLOCKING {
    return select(first_mask<T>(n), x, simd<T, W>(T(0)));
  }
};

}  // namespace native_parts
}  // namespace tectum
TECTUM_PRECISE_END
