// Channels of a sample, and the sums over one: what normalisations share.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// A sample as `outer` times `channels` times `inner` places: the channels of a picture or a waveform come first, those
// of a video behind the frames, and those of features and of a token are its last axis.
struct channel_layout {
  index outer, channels, inner;
  constexpr index block() const { return channels * inner; }
};
constexpr channel_layout channels_of(const shape& x) {
  switch (x.kind) {
    case kind::picture:
    case kind::waveform: return {1, x.extent[0], x.size() / x.extent[0]};
    case kind::video: return {x.extent[0], x.extent[1], x.extent[2] * x.extent[3]};
    default: return {x.rows(), x.width(), 1};
  }
}

// Sums around a first guess of the mean: with them the mean and the variance come out right where the mean is large.
template <class T>
struct moments {
  T shift{}, square{};
};
// Adds the sums of x - guess and of its square; n places of scratch.
template <class Kernels, class T>
void add_moments(moments<T>& m, index n, const T* x, T guess, T* scratch) noexcept {
  Kernels::map(row_of(scratch, n), [=](auto a) { return a - decltype(a)(guess); }, row_of(x, n));
  m.shift += Kernels::sum(n, static_cast<const T*>(scratch));
  m.square += Kernels::dot(n, static_cast<const T*>(scratch), static_cast<const T*>(scratch));
}
// Corrects the guess, and gives the biased variance of `count` values.
template <class T>
T settle(const moments<T>& m, T count, T& mean) noexcept {
  const T correction = m.shift / count, variance = m.square / count - correction * correction;
  mean += correction;
  return math::max(variance, T(0));
}

}  // namespace detail
}  // namespace tectum
