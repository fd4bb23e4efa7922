// Scores and their softmax for few keys and narrow heads: four queries at a time, the keys in the lanes.
#pragma once

#include <tectum/kernels/geometry.hpp>
#include <tectum/kernels/native/dot.hpp>
#include <tectum/kernels/native/pack.hpp>
#include <tectum/kernels/native/rows.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace native_parts {

template <class T>
struct few_keys {
  static constexpr int W = native_width<T>, R = W < 4 ? W : 4;
  static constexpr index most_keys = 64, most_width = 32;
  using V = simd<T, W>;
  using integer = typename integer_of<sizeof(T)>::is;

  static constexpr bool serve(const attention_geometry<T>& g) noexcept {
    return g.queries >= R && g.keys <= most_keys && g.keys > 0 && g.head_width <= most_width;
  }

  // One head: p[i, j] = softmax over the keys j that query i sees; 0 for the others. `valid` has g.keys bytes, or is
  // null.
  [[gnu::noinline]] static void probabilities(const attention_geometry<T>& g, const T* q, index q_stride, const T* k,
                                              index k_stride, const T* bias, const std::uint8_t* valid,
                                              T* p) noexcept TECTUM_NONBLOCKING {
    alignas(64) T turned[most_width * most_keys], scores[R * most_keys];
    alignas(64) integer seen[most_keys];  // all ones where a key may be seen
    const index vectors = (g.keys + W - 1) / W, wide = vectors * W;
    pack_transposed(k, k_stride, g.keys, g.head_width, turned, wide);
    for (index j = 0; j < wide; j += W) {
      const auto mask = valid ? mask_from_bytes<T, W>(valid + j, g.keys - j) : rows::first_mask<T>(g.keys - j);
      simd<integer, W>::from(mask.v).store(seen + j);
    }
    const V lowest = V(math::lowest<T>());
    // The last queries overlap those before them.
    for (index i = 0; i < g.queries; i += R) {
      if (i + R > g.queries) i = g.queries - R;
      const T* from = q + i * q_stride;
      index b = 0;
      for (; b + 2 <= vectors; b += 2) score<2>(g, from, q_stride, turned + b * W, wide, scores + b * W);
      if (b < vectors) score<1>(g, from, q_stride, turned + b * W, wide, scores + b * W);

      V most[R], sums[R];
#pragma GCC unroll 1
      for (index r = 0; r < R; ++r) {
        V best = lowest;
#pragma GCC unroll 4
        for (index j = 0; j < wide; j += W) {
          V s = V::load(scores + r * wide + j);
          if (bias) s += rows::lanes(bias + (i + r) * g.keys + j, g.keys - j);
          typename V::mask mask{simd<integer, W>::load(seen + j).v};
          if (g.causal) mask = mask & rows::first_mask<T>(g.seen_by(i + r) - j);
          s = select(mask, s, lowest);
          s.store(scores + r * wide + j);
          best = select(s > best, s, best);
        }
        most[r] = best;
      }
      all_lanes<R, W / 2>(most, [](V x, V y) { return select(x > y, x, y); });
      // Where a query sees nothing 0 takes the place of the largest: all powers of e are 0 then.
      alignas(64) T largest[W], inverse[W];
      select(most[0] > V(math::lowest<T>() / 2), most[0], V(T(0))).store(largest);
#pragma GCC unroll 1
      for (index r = 0; r < R; ++r) {
        V sum = V(T(0));
        const V m = V(largest[r]);
#pragma GCC unroll 4
        for (index j = 0; j < wide; j += W) {
          const V e = math::exp_nonpositive(V::load(scores + r * wide + j) - m);
          e.store(scores + r * wide + j);
          sum += e;
        }
        sums[r] = sum;
      }
      all_lanes<R, W / 2>(sums, [](V x, V y) { return x + y; });
      select(sums[0] == V(T(0)), V(T(0)), V(T(1)) / sums[0]).store(inverse);
      for (index r = 0; r < R; ++r)
        for (index j = 0; j < wide; j += W)
          rows::put_back(p + (i + r) * g.keys + j, V::load(scores + r * wide + j) * V(inverse[r]), g.keys - j);
    }
  }

 private:
  // The scaled products of R queries with the keys of B vectors.
  template <int B>
  TECTUM_INLINE static void score(const attention_geometry<T>& g, const T* q, index q_stride, const T* turned,
                                  index wide, T* scores) noexcept {
    V s[R][B];
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int b = 0; b < B; ++b) s[r][b] = V(T(0));
    for (index c = 0; c < g.head_width; ++c) {
      V k[B];
#pragma GCC unroll 4
      for (int b = 0; b < B; ++b) k[b] = V::load(turned + c * wide + b * W);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) {
        const V x = V(q[r * q_stride + c]);
#pragma GCC unroll 4
        for (int b = 0; b < B; ++b) s[r][b] = fma(x, k[b], s[r][b]);
      }
    }
    const V scale = V(g.scale);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int b = 0; b < B; ++b) (s[r][b] * scale).store(scores + r * wide + b * W);
  }
};

}  // namespace native_parts
}  // namespace tectum
TECTUM_PRECISE_END
