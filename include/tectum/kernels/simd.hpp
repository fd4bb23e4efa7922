// simd<T, W>: W lanes of T on the compiler's vector extensions; one source for AVX-512, AVX2, NEON and plain targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tectum/config.hpp>
#include <type_traits>
#include <utility>

// Around the headers of kernels: clang takes -ffast-math to say that no value is infinite or NaN, and then a softmax
// with masked places is wrong. g++ lets what is tested on bits live.
#if defined(__clang__) && defined(__FAST_MATH__)
#define TECTUM_PRECISE_BEGIN _Pragma("float_control(push)") _Pragma("float_control(precise, on)")
#define TECTUM_PRECISE_END _Pragma("float_control(pop)")
#else
#define TECTUM_PRECISE_BEGIN
#define TECTUM_PRECISE_END
#endif

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {

// Lanes of the widest registers of the target.
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
inline constexpr int native_bytes = 64, native_registers = 32;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr int native_bytes = 32, native_registers = 16;
#elif defined(__ARM_NEON) && defined(__aarch64__)
inline constexpr int native_bytes = 16, native_registers = 32;
#else
inline constexpr int native_bytes = 16, native_registers = 16;
#endif
template <class T>
inline constexpr int native_width = native_bytes / static_cast<int>(sizeof(T));

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__aarch64__)
inline constexpr bool has_fma = true;
#else
inline constexpr bool has_fma = false;  // a call into the C library for each product would cost far more than it gives
#endif

template <int Bytes>
struct integer_of;
template <>
struct integer_of<1> {
  using is = std::int8_t;
  using is_unsigned = std::uint8_t;
};
template <>
struct integer_of<4> {
  using is = std::int32_t;
  using is_unsigned = std::uint32_t;
};
template <>
struct integer_of<8> {
  using is = std::int64_t;
  using is_unsigned = std::uint64_t;
};
// The unsigned integer of the same size.
template <class T>
using bits_of = typename integer_of<sizeof(T)>::is_unsigned;

// What a comparison gives: lanes of all ones or all zeros.
template <class T, int W>
struct simd_mask {
  using integer = typename integer_of<sizeof(T)>::is;
  typedef integer vector __attribute__((vector_size(W * sizeof(T))));
  vector v;
  TECTUM_INLINE friend simd_mask operator&(simd_mask a, simd_mask b) noexcept { return {a.v & b.v}; }
  TECTUM_INLINE friend simd_mask operator|(simd_mask a, simd_mask b) noexcept { return {a.v | b.v}; }
  TECTUM_INLINE friend simd_mask operator!(simd_mask a) noexcept { return {~a.v}; }
};

template <class T, int W>
struct simd {
  static_assert(W > 0 && (W & (W - 1)) == 0, "simd: the width must be a power of two");
  using element = T;
  static constexpr int width = W;
  typedef T vector __attribute__((vector_size(W * sizeof(T))));
  using mask = simd_mask<T, W>;
  vector v;

  simd() = default;
  TECTUM_INLINE simd(T x) noexcept : v(x - vector{}) {}
  TECTUM_INLINE static simd from(vector x) noexcept {
    simd s;
    s.v = x;
    return s;
  }

  // n lanes, 0 <= n <= W: memory beyond p[n - 1] is never touched, lanes beyond are zero.
  static simd load(const T* p) noexcept;
  static simd load_partial(const T* p, std::ptrdiff_t n) noexcept;
  void store(T* p) const noexcept;
  void store_partial(T* p, std::ptrdiff_t n) const noexcept;

  TECTUM_INLINE T operator[](int i) const noexcept { return v[i]; }

  TECTUM_INLINE friend simd operator+(simd a, simd b) noexcept { return from(a.v + b.v); }
  TECTUM_INLINE friend simd operator-(simd a, simd b) noexcept { return from(a.v - b.v); }
  TECTUM_INLINE friend simd operator*(simd a, simd b) noexcept { return from(a.v * b.v); }
  TECTUM_INLINE friend simd operator/(simd a, simd b) noexcept { return from(a.v / b.v); }
  TECTUM_INLINE friend simd operator-(simd a) noexcept { return from(-a.v); }
  TECTUM_INLINE simd& operator+=(simd b) noexcept { return *this = *this + b; }
  TECTUM_INLINE simd& operator-=(simd b) noexcept { return *this = *this - b; }
  TECTUM_INLINE simd& operator*=(simd b) noexcept { return *this = *this * b; }
  TECTUM_INLINE simd& operator/=(simd b) noexcept { return *this = *this / b; }
  TECTUM_INLINE friend mask operator<(simd a, simd b) noexcept { return {a.v < b.v}; }
  TECTUM_INLINE friend mask operator>(simd a, simd b) noexcept { return {a.v > b.v}; }
  TECTUM_INLINE friend mask operator<=(simd a, simd b) noexcept { return {a.v <= b.v}; }
  TECTUM_INLINE friend mask operator>=(simd a, simd b) noexcept { return {a.v >= b.v}; }
  TECTUM_INLINE friend mask operator==(simd a, simd b) noexcept { return {a.v == b.v}; }
  TECTUM_INLINE friend mask operator!=(simd a, simd b) noexcept { return {a.v != b.v}; }
  // Of integer lanes only.
  TECTUM_INLINE friend simd operator&(simd a, simd b) noexcept { return from(a.v & b.v); }
  TECTUM_INLINE friend simd operator|(simd a, simd b) noexcept { return from(a.v | b.v); }
  TECTUM_INLINE friend simd operator<<(simd a, int n) noexcept { return from(a.v << n); }
  TECTUM_INLINE friend simd operator>>(simd a, int n) noexcept { return from(a.v >> n); }
};

template <class V>
struct element_of {
  using type = V;
};
template <class T, int W>
struct element_of<simd<T, W>> {
  using type = T;
};
template <class V>
using element_of_t = typename element_of<V>::type;

// --- memory

template <class T, int W>
TECTUM_INLINE simd<T, W> simd<T, W>::load(const T* p) noexcept {
  simd s;
  __builtin_memcpy(&s.v, p, sizeof s.v);
  return s;
}
template <class T, int W>
TECTUM_INLINE void simd<T, W>::store(T* p) const noexcept {
  __builtin_memcpy(p, &v, sizeof v);
}
template <class T, int W>
TECTUM_INLINE simd<T, W> simd<T, W>::load_partial(const T* p, std::ptrdiff_t n) noexcept {
#if defined(__AVX512F__) && defined(__AVX512VL__)
  if constexpr (std::is_same_v<T, float> && W == 16)
    return from(__builtin_ia32_loadups512_mask(p, vector{}, static_cast<std::uint16_t>((1u << n) - 1u)));
  if constexpr (std::is_same_v<T, double> && W == 8)
    return from(__builtin_ia32_loadupd512_mask(p, vector{}, static_cast<std::uint8_t>((1u << n) - 1u)));
#endif
  simd s{};
  s.v = vector{};
  __builtin_memcpy(&s.v, p, static_cast<std::size_t>(n) * sizeof(T));
  return s;
}
template <class T, int W>
TECTUM_INLINE void simd<T, W>::store_partial(T* p, std::ptrdiff_t n) const noexcept {
#if defined(__AVX512F__) && defined(__AVX512VL__)
  if constexpr (std::is_same_v<T, float> && W == 16) {
    __builtin_ia32_storeups512_mask(p, v, static_cast<std::uint16_t>((1u << n) - 1u));
    return;
  }
  if constexpr (std::is_same_v<T, double> && W == 8) {
    __builtin_ia32_storeupd512_mask(p, v, static_cast<std::uint8_t>((1u << n) - 1u));
    return;
  }
#endif
  __builtin_memcpy(p, &v, static_cast<std::size_t>(n) * sizeof(T));
}

// --- lanes

template <class U, class T, int W>
TECTUM_INLINE simd<U, W> convert(simd<T, W> x) noexcept {
  return simd<U, W>::from(__builtin_convertvector(x.v, typename simd<U, W>::vector));
}
template <class U, class T>
  requires std::is_arithmetic_v<T>
TECTUM_INLINE constexpr U convert(T x) noexcept {
  return static_cast<U>(x);
}
template <class U, class T, int W>
TECTUM_INLINE simd<U, W> reinterpret(simd<T, W> x) noexcept {
  static_assert(sizeof(U) == sizeof(T));
  return simd<U, W>::from(reinterpret_cast<typename simd<U, W>::vector>(x.v));
}
template <class U, class T>
  requires std::is_arithmetic_v<T>
TECTUM_INLINE constexpr U reinterpret(T x) noexcept {
  return __builtin_bit_cast(U, x);
}
template <class T, int W>
TECTUM_INLINE simd<T, W> select(simd_mask<T, W> m, simd<T, W> a, std::type_identity_t<simd<T, W>> b) noexcept {
  return simd<T, W>::from(m.v ? a.v : b.v);
}
template <class T, int W>
TECTUM_INLINE simd<T, W> select(simd_mask<T, W> m, T a, std::type_identity_t<simd<T, W>> b) noexcept {
  return select(m, simd<T, W>(a), b);
}
template <class T>
  requires std::is_arithmetic_v<T>
TECTUM_INLINE constexpr T select(bool m, T a, std::type_identity_t<T> b) noexcept {
  return m ? a : b;
}
// The mask of integer lanes of the same size, for floating lanes.
template <class T, class I, int W>
TECTUM_INLINE simd_mask<T, W> mask_for(simd_mask<I, W> m) noexcept {
  static_assert(sizeof(T) == sizeof(I));
  return {m.v};
}
template <class T>
TECTUM_INLINE constexpr bool mask_for(bool m) noexcept {
  return m;
}
// Lanes whose byte is not 0; n bytes are read.
template <class T, int W>
TECTUM_INLINE simd_mask<T, W> mask_from_bytes(const std::uint8_t* p, std::ptrdiff_t n) noexcept {
  typedef std::uint8_t bytes __attribute__((vector_size(W)));
  using mask = simd_mask<T, W>;
  bytes b{};
  if (n >= W) __builtin_memcpy(&b, p, W);
  else __builtin_memcpy(&b, p, static_cast<std::size_t>(n));
#if defined(__AVX512F__) && !defined(__clang__)
  // g++ 12 widens bytes one by one.
  typedef char octets __attribute__((vector_size(16)));
  typedef int words __attribute__((vector_size(64)));
  typedef long long quads __attribute__((vector_size(64)));
  octets o{};
  __builtin_memcpy(&o, &b, W < 16 ? W : 16);
  if constexpr (sizeof(T) == 4 && W == 16)
    return {reinterpret_cast<typename mask::vector>(__builtin_ia32_pmovzxbd512_mask(o, words{}, 0xffff)) !=
            typename mask::vector{}};
  if constexpr (sizeof(T) == 8 && W == 8)
    return {reinterpret_cast<typename mask::vector>(__builtin_ia32_pmovzxbq512_mask(o, quads{}, 0xff)) !=
            typename mask::vector{}};
#endif
  return {__builtin_convertvector(b, typename mask::vector) != typename mask::vector{}};
}

// a * b + c, rounded once where the target can.
template <class T>
  requires std::is_floating_point_v<T>
TECTUM_INLINE T fma(T a, std::type_identity_t<T> b, std::type_identity_t<T> c) noexcept {
  if constexpr (!has_fma) return a * b + c;
  else if constexpr (sizeof(T) == 4) return __builtin_fmaf(a, b, c);
  else return __builtin_fma(a, b, c);
}
template <class T, int W>
TECTUM_INLINE simd<T, W> fma(simd<T, W> a, std::type_identity_t<simd<T, W>> b,
                             std::type_identity_t<simd<T, W>> c) noexcept {
  using V = simd<T, W>;
  if constexpr (!has_fma) return a * b + c;
#if defined(__clang__)
  return V::from(__builtin_elementwise_fma(a.v, b.v, c.v));
#else
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<T, float> && W == 16)
    return V::from(__builtin_ia32_vfmaddps512_mask(a.v, b.v, c.v, static_cast<std::int16_t>(-1), 4));
  if constexpr (std::is_same_v<T, double> && W == 8)
    return V::from(__builtin_ia32_vfmaddpd512_mask(a.v, b.v, c.v, static_cast<std::int8_t>(-1), 4));
#endif
#if defined(__FMA__)
  if constexpr (std::is_same_v<T, float> && W == 8) return V::from(__builtin_ia32_vfmaddps256(a.v, b.v, c.v));
  if constexpr (std::is_same_v<T, double> && W == 4) return V::from(__builtin_ia32_vfmaddpd256(a.v, b.v, c.v));
  if constexpr (std::is_same_v<T, float> && W == 4) return V::from(__builtin_ia32_vfmaddps(a.v, b.v, c.v));
  if constexpr (std::is_same_v<T, double> && W == 2) return V::from(__builtin_ia32_vfmaddpd(a.v, b.v, c.v));
#elif defined(__aarch64__)
  if constexpr (std::is_same_v<T, float> && W == 4) return V::from(__builtin_aarch64_fmav4sf(a.v, b.v, c.v));
  if constexpr (std::is_same_v<T, double> && W == 2) return V::from(__builtin_aarch64_fmav2df(a.v, b.v, c.v));
#endif
  V r;
  for (int i = 0; i < W; ++i) r.v[i] = fma(a.v[i], b.v[i], c.v[i]);
  return r;
#endif
}

template <class T, int W>
TECTUM_INLINE simd<T, W / 2> low_half(simd<T, W> x) noexcept {
  return [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    return simd<T, W / 2>::from(__builtin_shufflevector(x.v, x.v, I...));
  }(std::make_integer_sequence<int, W / 2>{});
}
template <class T, int W>
TECTUM_INLINE simd<T, W / 2> high_half(simd<T, W> x) noexcept {
  return [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    return simd<T, W / 2>::from(__builtin_shufflevector(x.v, x.v, (I + W / 2)...));
  }(std::make_integer_sequence<int, W / 2>{});
}
// The lanes 0, 2, 4, ... of a, then of b.
template <class T, int W>
TECTUM_INLINE simd<T, W> even_lanes(simd<T, W> a, simd<T, W> b) noexcept {
  return [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    return simd<T, W>::from(__builtin_shufflevector(a.v, b.v, 2 * I...));
  }(std::make_integer_sequence<int, W>{});
}
template <class T, int W>
TECTUM_INLINE T horizontal_sum(simd<T, W> x) noexcept {
  if constexpr (W == 1) return x.v[0];
  else if constexpr (W == 2) return x.v[0] + x.v[1];
  else return horizontal_sum(low_half(x) + high_half(x));
}
template <class T, int W>
TECTUM_INLINE T horizontal_max(simd<T, W> x) noexcept {
  if constexpr (W == 1) {
    return x.v[0];
  } else {
    const auto a = low_half(x), b = high_half(x);
    return horizontal_max(select(a > b, a, b));
  }
}

}  // namespace tectum
TECTUM_PRECISE_END
