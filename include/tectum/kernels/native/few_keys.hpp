// Scores and their softmax for few keys and narrow heads: some queries at a time, all keys in the lanes of registers.
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
  static constexpr int W = native_width<T>, R = native_registers == 32 ? 4 : 2, most_vectors = 4;
  static constexpr index most_width = 32;
  using V = simd<T, W>;
  using integer = typename integer_of<sizeof(T)>::is;

  static constexpr bool serve(const attention_geometry<T>& g) noexcept {
    return g.queries >= R && g.keys <= most_vectors * W && g.keys > 0 && g.head_width <= most_width;
  }

  // One head: p[i, j] = softmax over the keys j that query i sees; 0 for the others. `valid` has g.keys bytes, or is
  // null.
  static void probabilities(const attention_geometry<T>& g, const T* q, index q_stride, const T* k, index k_stride,
                            const T* bias, const std::uint8_t* valid, T* p) noexcept TECTUM_NONBLOCKING {
    if (g.keys <= W) of_vectors<1>(g, q, q_stride, k, k_stride, bias, valid, p);
    else if (g.keys <= 2 * W) of_vectors<2>(g, q, q_stride, k, k_stride, bias, valid, p);
    else of_vectors<4>(g, q, q_stride, k, k_stride, bias, valid, p);
  }

 private:
  template <int B>
  [[gnu::noinline]] static void of_vectors(const attention_geometry<T>& g, const T* q, index q_stride, const T* k,
                                           index k_stride, const T* bias, const std::uint8_t* valid,
                                           T* p) noexcept TECTUM_NONBLOCKING {
    alignas(64) T turned[most_width * B * W], scores[R * B * W];
    alignas(64) integer seen[B * W];  // all ones where a key may be seen
    pack_transposed(k, k_stride, g.keys, g.head_width, turned, B * W);
    for (index j = 0; j < B * W; ++j) seen[j] = j < g.keys && (!valid || valid[j]) ? integer(-1) : integer(0);
    // The last queries overlap those before them.
    for (index i = 0; i < g.queries; i += R) {
      if (i + R > g.queries) i = g.queries - R;
      score<B>(g, q + i * q_stride, q_stride, turned, scores);
      V most[R], sums[R];
      const V lowest = V(math::lowest<T>());
#pragma GCC unroll 1
      for (index r = 0; r < R; ++r) {
        V best = lowest;
#pragma GCC unroll 4
        for (index b = 0; b < B; ++b) {
          T* at = scores + (r * B + b) * W;
          V s = V::load(at);
          if (bias) s += rows::lanes(bias + (i + r) * g.keys + b * W, left(g, b));
          typename V::mask mask{simd<integer, W>::load(seen + b * W).v};
          if (g.causal) mask = mask & rows::first_mask<T>(i + r + 1 - b * W);
          s = select(mask, s, lowest);
          s.store(at);
          best = select(s > best, s, best);
        }
        most[r] = best;
      }
      all_lanes<R, W / 2>(most, [](V a, V b) { return select(a > b, a, b); });
      // Where a query sees nothing the largest is 0 instead, for which all powers of e are 0.
      most[0] = select(most[0] > V(math::lowest<T>() / 2), most[0], V(T(0)));
      alignas(64) T largest[W], inverse[W];
      most[0].store(largest);
#pragma GCC unroll 1
      for (index r = 0; r < R; ++r) {
        V sum = V(T(0));
#pragma GCC unroll 4
        for (index b = 0; b < B; ++b) {
          T* at = scores + (r * B + b) * W;
          const V e = math::exp_nonpositive(V::load(at) - V(largest[r]));
          e.store(at);
          sum += e;
        }
        sums[r] = sum;
      }
      all_lanes<R, W / 2>(sums, [](V a, V b) { return a + b; });
      select(sums[0] == V(T(0)), V(T(0)), V(T(1)) / sums[0]).store(inverse);
      for (index r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (index b = 0; b < B; ++b)
          if (left(g, b) > 0)
            rows::put_back(p + (i + r) * g.keys + b * W, V::load(scores + (r * B + b) * W) * V(inverse[r]), left(g, b));
    }
  }
  // Keys from vector b on, at most a vector of them.
  static index left(const attention_geometry<T>& g, index b) noexcept {
    const index n = g.keys - b * W;
    return n < 0 ? 0 : n < W ? n : W;
  }
  // The scaled products of R queries with all keys.
  template <int B>
  TECTUM_INLINE static void score(const attention_geometry<T>& g, const T* q, index q_stride, const T* turned,
                                  T* scores) noexcept {
    V s[R][B];
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int b = 0; b < B; ++b) s[r][b] = V(T(0));
    for (index c = 0; c < g.head_width; ++c) {
      V k[B];
#pragma GCC unroll 4
      for (int b = 0; b < B; ++b) k[b] = V::load(turned + (c * B + b) * W);
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
      for (int b = 0; b < B; ++b) (s[r][b] * scale).store(scores + (r * B + b) * W);
  }
};

}  // namespace native_parts
}  // namespace tectum
TECTUM_PRECISE_END
