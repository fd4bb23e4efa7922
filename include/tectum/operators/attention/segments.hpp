// Attention within segments: each part of the sequences as a sample of its own, in the same memory.
#pragma once

#include <tectum/operators/attention/core.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// What one of `count` segments of a sequence looks like.
constexpr shape segment_of(shape s, int count) {
  s.extent[0] /= count;
  return s;
}

// The inputs and the result of attention from two values, seen as segments.
template <class C>
struct segmented {
  using T = typename C::scalar;
  int count;
  shape shapes[3];  // of queries, keys, result
  in<C> x[2];

  // `room` has two bytes a segment of each sample, for the presence of both inputs.
  segmented(int segments, const in<C>& q, const in<C>& k, const shape& y, std::uint8_t* room)
      : count(segments),
        shapes{segment_of(q.shape(), segments), segment_of(k.shape(), segments), segment_of(y, segments)} {
    x[0] = seen(q, 0, room);
    x[1] = seen(k, 1, room + q.samples * count);
  }
  segmented(const segmented&) = delete;

  // Values without a mask, such as gradients; nothing where nothing is wanted.
  template <class U>
  view<U> parts(const view<U>& v, int which) const {
    if (!v) return {};
    return {v.data, v.samples * count, shapes[which].size(), &shapes[which], nullptr};
  }

 private:
  in<C> seen(const in<C>& v, int which, std::uint8_t* bytes) const {
    in<C> p = parts(v, which);
    p.mask = v.mask;  // bytes of tokens lie as they did
    if (!v.mask || v.shape().padded) return p;
    for (index b = 0; b < p.samples; ++b) bytes[b] = v.mask[b / count];
    p.mask = bytes;
    return p;
  }
};

}  // namespace detail
}  // namespace tectum
