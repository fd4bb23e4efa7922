// The Fourier transform of rows of real numbers, of any size: mixed radix, self-sorting, in memory of the caller.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/tensor/view.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace detail {

// The next radix of a complex transform of n points: 5, 4, 3 and 2 have their own code, other primes cost their square.
constexpr index fourier_radix(index n) {
  for (index r : {5, 4, 3, 2})
    if (n % r == 0) return r;
  for (index r = 7; r * r <= n; r += 2)
    if (n % r == 0) return r;
  return n;
}

template <class V>
struct complex_value {
  V re, im;
  TECTUM_INLINE friend complex_value operator+(complex_value a, complex_value b) noexcept {
    return {a.re + b.re, a.im + b.im};
  }
  TECTUM_INLINE friend complex_value operator-(complex_value a, complex_value b) noexcept {
    return {a.re - b.re, a.im - b.im};
  }
  TECTUM_INLINE friend complex_value operator*(complex_value a, complex_value b) noexcept {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  }
  TECTUM_INLINE friend complex_value operator*(V s, complex_value a) noexcept { return {s * a.re, s * a.im}; }
  // Turned back by a quarter: times -i.
  TECTUM_INLINE complex_value turned() const noexcept { return {im, -re}; }
  TECTUM_INLINE complex_value conjugate() const noexcept { return {re, -im}; }
};

// The transform of R values, in place.
template <int R, class V>
TECTUM_INLINE void fourier_butterfly(complex_value<V> (&a)[R]) noexcept {
  using T = element_of_t<V>;
  if constexpr (R == 2) {
    const auto difference = a[0] - a[1];
    a[0] = a[0] + a[1];
    a[1] = difference;
  } else if constexpr (R == 3) {
    const auto sum = a[1] + a[2], turned = (V(T(0.86602540378443864676)) * (a[1] - a[2])).turned();
    const auto middle = a[0] - V(T(0.5)) * sum;
    a[0] = a[0] + sum;
    a[1] = middle + turned;
    a[2] = middle - turned;
  } else if constexpr (R == 4) {
    const auto even = a[0] + a[2], odd = a[1] + a[3], difference = a[0] - a[2], turned = (a[1] - a[3]).turned();
    a[0] = even + odd;
    a[1] = difference + turned;
    a[2] = even - odd;
    a[3] = difference - turned;
  } else {
    static_assert(R == 5);
    const V cosine = V(T(0.30901699437494742410)), cosine_2 = V(T(-0.80901699437494742410));
    const V sine = V(T(0.95105651629515357212)), sine_2 = V(T(0.58778525229247312917));
    const auto outer = a[1] + a[4], inner = a[2] + a[3], outer_difference = a[1] - a[4], inner_difference = a[2] - a[3];
    const auto one = a[0] + cosine * outer + cosine_2 * inner, two = a[0] + cosine_2 * outer + cosine * inner;
    const auto turned = (sine * outer_difference + sine_2 * inner_difference).turned();
    const auto turned_2 = (sine_2 * outer_difference - sine * inner_difference).turned();
    a[0] = a[0] + outer + inner;
    a[1] = one + turned;
    a[2] = two + turned_2;
    a[3] = two - turned_2;
    a[4] = one - turned;
  }
}

}  // namespace detail

// How rows of `size` real numbers are transformed. Of an even size the elements at even places are taken for the real
// parts, those at odd places for the imaginary parts of a transform of half the size; an odd size is done as it is.
// Sizes whose prime factors are 2, 3 and 5 are fast.
//   table: exp(-2 pi i k / size) for all k, what `fill_table` writes, once for any number of transforms; real parts,
//   then imaginary parts.
//   spectrum: bins 0 to size / 2 of sum over k of x_k exp(-2 pi i j k / size); real parts, then imaginary parts.
//   room: what a transform needs beside. Sizes are in elements.
struct fourier {
  index size;

  constexpr index bins() const { return size / 2 + 1; }
  constexpr long long table_size() const { return 2LL * size; }
  constexpr long long spectrum_size() const { return 2LL * bins(); }
  constexpr long long room_size() const { return 4LL * points(); }
  // Of one transform, about; the packing of even sizes included.
  constexpr long long multiply_adds() const {
    long long n = 0;
    for (index left = points(); left > 1; left /= detail::fourier_radix(left)) {
      const index r = detail::fourier_radix(left);
      n += points() * (r <= 5 ? 5 : 3 + 2 * r);
    }
    return n + 4 * points();
  }

  template <class T>
  void fill_table(T* table) const noexcept TECTUM_NONBLOCKING {
    // In double, as a product of three: with the angle of every element by itself, small sizes of batch would wait for
    // sines only.
    constexpr index radix = 128;
    double re[3][radix], im[3][radix];
    for (index digit = 0, step = 1; digit < 3; ++digit, step *= radix)
      for (index k = 0; k < radix && k * step < size; ++k) turn(k * step, re[digit][k], im[digit][k]);
    for (index high = 0; high < size; high += radix) {
      const index two = high / radix % radix, three = high / radix / radix;
      const double a = re[1][two] * re[2][three] - im[1][two] * im[2][three];
      const double b = re[1][two] * im[2][three] + im[1][two] * re[2][three];
      const index count = size - high < radix ? size - high : radix;
      for (index k = 0; k < count; ++k) {
        table[high + k] = static_cast<T>(a * re[0][k] - b * im[0][k]);
        table[size + high + k] = static_cast<T>(a * im[0][k] + b * re[0][k]);
      }
    }
  }

  template <class T>
  void forward(const T* table, const T* x, T* spectrum, T* room) const noexcept TECTUM_NONBLOCKING {
    const index n = points(), count = bins();
    T *re = room, *im = room + n, *const to = spectrum + count;
    if (size % 2 != 0) {
      for (index k = 0; k < n; ++k) {
        re[k] = x[k];
        im[k] = T(0);
      }
      transform(table, re, im, room + 2 * n, room + 3 * n);
      for (index k = 0; k < count; ++k) {
        spectrum[k] = re[k];
        to[k] = im[k];
      }
      return;
    }
    for (index k = 0; k < n; ++k) {
      re[k] = x[2 * k];
      im[k] = x[2 * k + 1];
    }
    transform(table, re, im, room + 2 * n, room + 3 * n);
    spectrum[0] = re[0] + im[0];
    spectrum[n] = re[0] - im[0];
    to[0] = to[n] = T(0);
    for (index k = 1; 2 * k <= n; ++k) {
      const index mirrored = n - k;
      const T even_re = T(0.5) * (re[k] + re[mirrored]), even_im = T(0.5) * (im[k] - im[mirrored]);
      const T odd_re = T(0.5) * (im[k] + im[mirrored]), odd_im = T(0.5) * (re[mirrored] - re[k]);
      const T turned_re = table[k] * odd_re - table[size + k] * odd_im;
      const T turned_im = table[k] * odd_im + table[size + k] * odd_re;
      spectrum[k] = even_re + turned_re;
      to[k] = even_im + turned_im;
      spectrum[mirrored] = even_re - turned_re;
      to[mirrored] = turned_im - even_im;
    }
  }

  // The row that this is the spectrum of; imaginary parts of bin 0, and of the last one of an even size, count as 0.
  template <class T>
  void inverse(const T* table, const T* spectrum, T* x, T* room) const noexcept TECTUM_NONBLOCKING {
    const index n = points(), count = bins();
    const T* const from = spectrum + count;
    const T share = T(1) / static_cast<T>(size);
    T *re = room, *im = room + n;
    if (size % 2 != 0) {
      re[0] = share * spectrum[0];
      im[0] = T(0);
      for (index k = 1; k < count; ++k) {
        re[k] = re[n - k] = share * spectrum[k];
        im[k] = share * from[k];
        im[n - k] = -im[k];
      }
      transform(table, im, re, room + 2 * n, room + 3 * n);  // of the swapped parts: the inverse, swapped
      for (index k = 0; k < n; ++k) x[k] = re[k];
      return;
    }
    re[0] = share * (spectrum[0] + spectrum[n]);
    im[0] = share * (spectrum[0] - spectrum[n]);
    for (index k = 1; 2 * k <= n; ++k) {
      const index mirrored = n - k;
      const T even_re = share * (spectrum[k] + spectrum[mirrored]), even_im = share * (from[k] - from[mirrored]);
      const T odd_re = share * (spectrum[k] - spectrum[mirrored]), odd_im = share * (from[k] + from[mirrored]);
      const T turned_re = table[k] * odd_re + table[size + k] * odd_im;
      const T turned_im = table[k] * odd_im - table[size + k] * odd_re;
      re[k] = even_re - turned_im;
      im[k] = even_im + turned_re;
      re[mirrored] = even_re + turned_im;
      im[mirrored] = turned_re - even_im;
    }
    transform(table, im, re, room + 2 * n, room + 3 * n);
    for (index k = 0; k < n; ++k) {
      x[2 * k] = re[k];
      x[2 * k + 1] = im[k];
    }
  }

 private:
  constexpr index points() const { return size % 2 == 0 ? size / 2 : size; }

  // exp(-2 pi i k / size)
  void turn(index k, double& re, double& im) const noexcept TECTUM_NONBLOCKING {
    const index rest = 2 * k <= size ? k : size - k;
    math::sin_cos_turns(static_cast<double>(rest) / static_cast<double>(size), im, re);
    if (rest == k) im = -im;
  }

  // The complex transform of `points` values, each stage from one pair of rows to the other: of n points that remain,
  // s transforms lie side by side. (re, im) then say where the result is.
  template <class T>
  void transform(const T* table, T*& re, T*& im, T* other_re, T* other_im) const noexcept TECTUM_NONBLOCKING {
    index n = points(), s = 1;
    while (n > 1) {
      const index r = detail::fourier_radix(n);
      if (r == 5) stage<5>(table, n, s, re, im, other_re, other_im);
      else if (r == 4) stage<4>(table, n, s, re, im, other_re, other_im);
      else if (r == 3) stage<3>(table, n, s, re, im, other_re, other_im);
      else if (r == 2) stage<2>(table, n, s, re, im, other_re, other_im);
      else prime_stage(table, r, n, s, re, im, other_re, other_im);
      T *const last_re = re, *const last_im = im;
      re = other_re;
      im = other_im;
      other_re = last_re;
      other_im = last_im;
      n /= r;
      s *= r;
    }
  }

  template <int R, class T>
  void stage(const T* table, index n, index s, const T* re, const T* im, T* to_re,
             T* to_im) const noexcept TECTUM_NONBLOCKING {
    constexpr int widest = native_width<T>;
    if constexpr (widest >= 4)
      if (s == 1 && n / R >= widest) return first_stage<R>(table, n, re, im, to_re, to_im);
    if (s >= widest) return wide_stage<R, simd<T, widest>>(table, n, s, re, im, to_re, to_im);
    if constexpr (widest > 8)
      if (s >= 8) return wide_stage<R, simd<T, 8>>(table, n, s, re, im, to_re, to_im);
    if constexpr (widest > 4)
      if (s >= 4) return wide_stage<R, simd<T, 4>>(table, n, s, re, im, to_re, to_im);
    wide_stage<R, T>(table, n, s, re, im, to_re, to_im);
  }
  // The stage with s = 1, of neighbouring p at a time; the last of them are done again where p ends within a vector.
  template <int R, class T>
  void first_stage(const T* table, index n, const T* re, const T* im, T* to_re,
                   T* to_im) const noexcept TECTUM_NONBLOCKING {
    constexpr int lanes = native_width<T>;
    using V = simd<T, lanes>;
    const index m = n / R, step = size / points();
    detail::complex_value<V> turns[R];  // by which lane i is ahead of lane 0
#pragma GCC unroll 8
    for (index k = 1; k < R; ++k) {
      T turn_re[lanes], turn_im[lanes];
      for (index i = 0; i < lanes; ++i) {
        turn_re[i] = table[k * i * step];
        turn_im[i] = table[size + k * i * step];
      }
      turns[k] = {V::load(turn_re), V::load(turn_im)};
    }
    for (index p = 0;; p = p + 2 * lanes > m ? m - lanes : p + lanes) {
      detail::complex_value<V> a[R];
#pragma GCC unroll 8
      for (index k = 0; k < R; ++k) a[k] = {V::load(re + p + m * k), V::load(im + p + m * k)};
      detail::fourier_butterfly<R>(a);
      V parts[2][R];
#pragma GCC unroll 8
      for (index k = 0; k < R; ++k) {
        const index at = k * p * step;
        if (k > 0) a[k] = detail::complex_value<V>{V(table[at]), V(table[size + at])} * turns[k] * a[k];
        parts[0][k] = a[k].re;
        parts[1][k] = a[k].im;
      }
      store_interleaved<R>(parts[0], to_re + R * p);
      store_interleaved<R>(parts[1], to_im + R * p);
      if (p + lanes >= m) break;
    }
  }
  // to[R i + k] = lane i of from[k]
  template <int R, class V, class T>
  TECTUM_INLINE static void store_interleaved(const V (&from)[R], T* to) noexcept {
    [&]<int... J>(std::integer_sequence<int, J...>) __attribute__((always_inline)) {
      (interleaved<R, J>(from, std::make_integer_sequence<int, V::width>()).store(to + J * V::width), ...);
    }(std::make_integer_sequence<int, R>());
  }
  template <int R, int J, class V, int... E>
  TECTUM_INLINE static V interleaved(const V (&from)[R], std::integer_sequence<int, E...>) noexcept {
    constexpr int W = V::width;
    V y = V::from(__builtin_shufflevector(from[0].v, from[1].v, (((J * W + E) % R == 1 ? W : 0) + (J * W + E) / R)...));
    if constexpr (R > 2)
      y = V::from(__builtin_shufflevector(y.v, from[2].v, ((J * W + E) % R == 2 ? W + (J * W + E) / R : E)...));
    if constexpr (R > 3)
      y = V::from(__builtin_shufflevector(y.v, from[3].v, ((J * W + E) % R == 3 ? W + (J * W + E) / R : E)...));
    if constexpr (R > 4)
      y = V::from(__builtin_shufflevector(y.v, from[4].v, ((J * W + E) % R == 4 ? W + (J * W + E) / R : E)...));
    return y;
  }
  // s is not less than the lanes of V; the last lanes are done again where it is no multiple of them.
  template <int R, class V, class T>
  void wide_stage(const T* table, index n, index s, const T* re, const T* im, T* to_re,
                  T* to_im) const noexcept TECTUM_NONBLOCKING {
    constexpr index lanes = sizeof(V) / sizeof(T);
    const index m = n / R, step = s * (size / points());
    for (index p = 0; p < m; ++p) {
      detail::complex_value<V> w[R];
#pragma GCC unroll 8
      for (index k = 1; k < R; ++k) w[k] = {V(table[k * p * step]), V(table[size + k * p * step])};
      for (index q = 0;; q = q + lanes > s - lanes ? s - lanes : q + lanes) {
        detail::complex_value<V> a[R];
#pragma GCC unroll 8
        for (index k = 0; k < R; ++k) {
          const index at = q + s * (p + m * k);
          a[k] = {load<V>(re + at), load<V>(im + at)};
        }
        detail::fourier_butterfly<R>(a);
#pragma GCC unroll 8
        for (index k = 0; k < R; ++k) {
          if (k > 0) a[k] = w[k] * a[k];
          const index at = q + s * (R * p + k);
          store(a[k].re, to_re + at);
          store(a[k].im, to_im + at);
        }
        if (q + lanes >= s) break;
      }
    }
  }
  template <class T>
  void prime_stage(const T* table, index r, index n, index s, const T* re, const T* im, T* to_re,
                   T* to_im) const noexcept TECTUM_NONBLOCKING {
    const index m = n / r, whole = size / points(), step = s * whole, turn = points() / r * whole;
    for (index p = 0; p < m; ++p)
      for (index j = 0; j < r; ++j) {
        T *const sum_re = to_re + s * (r * p + j), *const sum_im = to_im + s * (r * p + j);
        for (index q = 0; q < s; ++q) {
          sum_re[q] = re[q + s * p];
          sum_im[q] = im[q + s * p];
        }
        for (index k = 1, turns = j; k < r; ++k, turns += turns + j < r ? j : j - r) {
          const T w_re = table[turns * turn], w_im = table[size + turns * turn];
          const T *const a_re = re + s * (p + m * k), *const a_im = im + s * (p + m * k);
          for (index q = 0; q < s; ++q) {
            sum_re[q] += w_re * a_re[q] - w_im * a_im[q];
            sum_im[q] += w_re * a_im[q] + w_im * a_re[q];
          }
        }
        const T w_re = table[j * p * step], w_im = table[size + j * p * step];
        for (index q = 0; q < s; ++q) {
          const T a = sum_re[q], b = sum_im[q];
          sum_re[q] = w_re * a - w_im * b;
          sum_im[q] = w_re * b + w_im * a;
        }
      }
  }

  template <class V, class T>
  TECTUM_INLINE static V load(const T* p) noexcept {
    if constexpr (std::is_same_v<V, T>) return *p;
    else return V::load(p);
  }
  template <class T, class V>
  TECTUM_INLINE static void store(V v, T* p) noexcept {
    if constexpr (std::is_same_v<V, T>) *p = v;
    else v.store(p);
  }
};

}  // namespace tectum
TECTUM_PRECISE_END
