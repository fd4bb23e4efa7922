// Sines and cosines of places: the tables behind sinusoids and rotary positions.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/operators/operator.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace detail {

// Sine and cosine of any angle, in turns of 2 pi, for scalars and lanes.
template <class V>
TECTUM_INLINE void sin_cos_any_turns(V turns, V& sine, V& cosine) noexcept {
  using T = element_of_t<V>;
  constexpr T whole = T(1 << 22);  // a float above it has no fraction
  const V a = math::abs(turns), limited = select(a < V(whole), a, V(T(0)));
  const V part = limited - math::detail::nearest(limited);
  math::sin_cos_turns(math::abs(part), sine, cosine);
  sine = select(part < V(T(0)), -sine, sine);
  sine = select(turns < V(T(0)), -sine, sine);
  sine = select(math::is_nan(turns), turns, sine);
  cosine = select(math::is_nan(turns), turns, cosine);
}

// Calls f(place, first wave, sines, cosines, waves) for each place below `length` and blocks of waves: wave i turns by
// exp(rate * i) radians a place, beginning at `start`. Each place is the one before it, turned; in double, so that the
// errors stay below those of a float.
template <class Kernels, class F>
void each_wave_block(index length, index waves, double rate, double start, F f) noexcept {
  constexpr index most = 32;
  double sine[most], cosine[most], turn_sine[most], turn_cosine[most];
  for (index i = 0; i < waves; i += most) {
    const index block = waves - i < most ? waves - i : most;
    for (index k = 0; k < block; ++k) {
      const double turns = math::exp(rate * static_cast<double>(i + k)) * 0.15915494309189535;
      sin_cos_any_turns(turns, turn_sine[k], turn_cosine[k]);
      sin_cos_any_turns(start * turns, sine[k], cosine[k]);
    }
    for (index t = 0; t < length; ++t) {
      f(t, i, sine, cosine, block);
      Kernels::fused_update(
          block,
          [](auto& s, auto& co, const auto& ts, const auto& tc) {
            const auto next = s * tc + co * ts;
            co = co * tc - s * ts;
            s = next;
          },
          sine, cosine, turn_sine, turn_cosine);
    }
  }
}

struct sinusoid_table {
  index length, width;
  bool interleaved;
  double first, base;
};

// [length, width], as tt::sinusoids describes it.
template <class C>
void write_sinusoids(const sinusoid_table& s, typename C::scalar* table) noexcept {
  using T = typename C::scalar;
  const index half = s.width / 2, waves = s.interleaved ? (s.width + 1) / 2 : half;
  const double steps = s.interleaved ? static_cast<double>(s.width) / 2 : static_cast<double>(half - 1);
  const index step = s.interleaved ? 2 : 1, to_cosine = s.interleaved ? 1 : half;
  if (!s.interleaved && s.width % 2 == 1) C::kernels::fill(matrix<T>{table + s.width - 1, s.length, 1, s.width}, T(0));
  each_wave_block<typename C::kernels>(
      s.length, waves, -math::log(s.base) / steps, s.first,
      [&](index t, index first, const double* sine, const double* cosine, index count) {
        T* const row = table + t * s.width + first * step;
        for (index k = 0; k < count; ++k) {
          row[k * step] = static_cast<T>(sine[k]);
          if (!s.interleaved || 2 * (first + k) + 1 < s.width) row[k * step + to_cosine] = static_cast<T>(cosine[k]);
        }
      });
}

}  // namespace detail
}  // namespace tectum
TECTUM_PRECISE_END
