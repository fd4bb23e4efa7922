// Version, target and floating-point mode: what must be part of every mangled name, and the few macros of the library.
#pragma once

#define TECTUM_VERSION_MAJOR 0
#define TECTUM_VERSION_MINOR 1
#define TECTUM_VERSION_PATCH 0

// Two translation units with different -m flags would otherwise share one copy of every inline function, whichever the
// linker meets first. The target in the namespace makes them two; passing a model across becomes a link error.
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define TECTUM_TARGET avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define TECTUM_TARGET avx2
#elif defined(__ARM_NEON) && defined(__aarch64__)
#define TECTUM_TARGET neon
#else
#define TECTUM_TARGET baseline
#endif

#if defined(__FAST_MATH__)
#define TECTUM_FLOAT_MODE _fast_math
#elif defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#define TECTUM_FLOAT_MODE _finite_math
#else
#define TECTUM_FLOAT_MODE
#endif

#if defined(__cpp_exceptions)
#define TECTUM_EXCEPTIONS 1
#define TECTUM_EXCEPTION_MODE
#else
#define TECTUM_EXCEPTIONS 0
#define TECTUM_EXCEPTION_MODE _noexcept
#endif

#define TECTUM_JOIN_(a, b, c, d) a##_##b##c##d
#define TECTUM_JOIN(a, b, c, d) TECTUM_JOIN_(a, b, c, d)
#define TECTUM_ABI TECTUM_JOIN(v0_1, TECTUM_TARGET, TECTUM_FLOAT_MODE, TECTUM_EXCEPTION_MODE)

// On clang 20 and newer the compiler proves that a function so marked neither allocates, locks nor throws.
#if defined(__clang__) && __clang_major__ >= 20
#define TECTUM_NONBLOCKING [[clang::nonblocking]]
#else
#define TECTUM_NONBLOCKING
#endif

#define TECTUM_INLINE [[gnu::always_inline]] inline
