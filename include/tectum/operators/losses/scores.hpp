// How losses walk over class scores: the classes of every place of every sample.
#pragma once

#include <tectum/operators/losses/reduction.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// Where the classes of a place lie. Features and sequences have them last, pictures and waveforms first, as channels.
struct class_layout {
  index classes = 0, places = 0, step = 1;

  constexpr explicit class_layout(const shape& s) {
    const bool first = s.kind == kind::picture || s.kind == kind::waveform;
    classes = first ? s.extent[0] : s.width();
    places = classes == 0 ? 0 : s.size() / classes;
    step = first ? places : 1;
  }
  template <class T>
  constexpr T* at(const view<T>& x, index b, index p) const {
    return x.sample(b) + (step == 1 ? p * classes : p);
  }
  // The scores of a place one behind the other, in `room` if they do not lie so already.
  template <class T>
  const T* row(const view<const T>& x, index b, index p, T* room) const noexcept {
    const T* const from = at(x, b, p);
    if (step == 1) return from;
    for (index j = 0; j < classes; ++j) room[j] = from[j * step];
    return room;
  }
};

// A value a place, as the scores have them.
constexpr shape values_of_places(const shape& s) {
  switch (s.kind) {
    case kind::sequence: return sequence_of(s.extent[0], 1);
    case kind::picture: return picture_of(1, s.extent[1], s.extent[2]);
    case kind::waveform: return make_shape(kind::waveform, 2, 1, s.extent[1]);
    default: return features_of(1);
  }
}

// Which places of which samples count: those that are valid in both, and whose target is not ignored.
template <class T>
auto counted(const view<const T>& scores, const token_ids& target) noexcept {
  return [=](index b, index p) {
    return scores.valid(b, p) && target.valid(b, p) && target.sample(b)[p] != target.shape().ignored;
  };
}

// Takes the largest score of a row off all of them, so that large ones lose no digits; gives the log of the sum of
// their exponentials: the log of a probability is the shifted score less this.
template <class Kernels, class T>
T shift_scores(index n, const T* x, T* shifted) noexcept {
  Kernels::map(
      matrix<T>{shifted, 1, n, n}, [m = Kernels::maximum(n, x)](auto v) { return v - decltype(v)(m); },
      matrix<const T>{x, 1, n, n});
  return Kernels::log_sum_exp(n, shifted);
}

}  // namespace detail
}  // namespace tectum
