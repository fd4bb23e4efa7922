// Rotary positions.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/layers/waves.hpp>

namespace tectum::inline TECTUM_ABI {

// Turns pairs of elements by an angle that grows with the token's place t, so that products of two tokens depend on
// their distance only (Su et al. 2021): (a, b) -> (a cos - b sin, a sin + b cos) at t base^(-2i / d), for pair i of d /
// 2 in each head. For queries and keys in front of tt::dot_product_attention with as many heads.
//   base (10000): how much longer the slowest turn is than the fastest;
//   interleaved (false): pair i is (i, i + d / 2); true: (2i, 2i + 1), as first published;
//   heads (1): parts of d = n / heads elements, each turned alike; d must be even;
//   first (0): the place of the first token.
//   [length, n] -> [length, n]
// Masks go through; padded tokens count.
struct rotary {
  double base = 10000;
  bool interleaved = false;
  int heads = 1, first = 0;

  static constexpr const char* name = "rotary";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(shape x) const {
    if (x.kind != kind::sequence) return wrong("rotary: the input must be a sequence");
    if (!(base > 0)) return wrong("rotary: base must be greater than 0");
    if (heads < 1) return wrong("rotary: heads must be 1 or more", heads);
    if (x.width() % (2 * heads) != 0) return wrong("rotary: each head must have an even width", heads, x.width());
    return x;
  }
  constexpr extents scratch(shape x) const { return {.fixed = x.size() / heads}; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    const tables<C> all(*this, c, x);
    for (index b = 0; b < x.samples; ++b)
      each_pair_block(all, x.sample_rows(b), y.sample_rows(b), 0, [](const auto& p) {
        C::kernels::map(
            p.to_a, [](auto a, auto o, auto s, auto co) { return a * co - o * s; }, p.a, p.b, p.sine, p.cosine);
        C::kernels::map(
            p.to_b, [](auto a, auto o, auto s, auto co) { return a * s + o * co; }, p.a, p.b, p.sine, p.cosine);
      });
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (!dx) return;
    const tables<C> all(*this, c, x);
    for (index b = 0; b < x.samples; ++b)
      detail::each_valid_run(x, b, [&](index begin, index count) {
        const auto from = detail::rows_of(dy.sample_rows(b), begin, count);
        each_pair_block(all, from, detail::rows_of(dx.sample_rows(b), begin, count), begin, [](const auto& p) {
          C::kernels::map_add(
              p.to_a, [](auto a, auto o, auto s, auto co) { return a * co + o * s; }, p.a, p.b, p.sine, p.cosine);
          C::kernels::map_add(
              p.to_b, [](auto a, auto o, auto s, auto co) { return o * co - a * s; }, p.a, p.b, p.sine, p.cosine);
        });
      });
  }

 private:
  template <class T>
  struct pairs {
    matrix<T> to_a, to_b;
    matrix<const T> a, b, sine, cosine;
  };

  // Sines and cosines [length, d / 2], in scratch.
  template <class C>
  struct tables {
    using T = typename C::scalar;
    index half;
    T *sines, *cosines;

    tables(const rotary& r, C& c, const in<C>& x)
        : half(x.width() / r.heads / 2),
          sines(c.scratch_fixed()),
          cosines(sines + x.length() * half) {
      detail::each_wave_block<typename C::kernels>(
          x.length(), half, -math::log(static_cast<double>(r.base)) / static_cast<double>(half), r.first,
          [&](index t, index i, const double* sine, const double* cosine, index count) {
            for (index k = 0; k < count; ++k) {
              sines[t * half + i + k] = static_cast<T>(sine[k]);
              cosines[t * half + i + k] = static_cast<T>(cosine[k]);
            }
          });
    }
  };
  // f(pairs) for the pairs of each head in rows of tokens, of which the first has place `begin`. Elements of
  // interleaved pairs are two apart: each is a row of its own then, a token at a time.
  template <class Tables, class T, class F>
  void each_pair_block(const Tables& all, const matrix<const T>& x, const matrix<T>& y, index begin, F f) const {
    const index n = all.half;
    const T *const sines = all.sines + begin * n, *const cosines = all.cosines + begin * n;
    for (index h = 0; h < heads; ++h) {
      const index at = 2 * h * n;
      if (!interleaved)
        f(pairs<T>{detail::columns_of(y, at, n),
                   detail::columns_of(y, at + n, n),
                   detail::columns_of(x, at, n),
                   detail::columns_of(x, at + n, n),
                   {sines, x.rows, n, n},
                   {cosines, x.rows, n, n}});
      else
        for (index t = 0; t < x.rows; ++t)
          f(pairs<T>{{y.row(t) + at, n, 1, 2},
                     {y.row(t) + at + 1, n, 1, 2},
                     {x.row(t) + at, n, 1, 2},
                     {x.row(t) + at + 1, n, 1, 2},
                     {sines + t * n, n, 1, 1},
                     {cosines + t * n, n, 1, 1}});
    }
  }
};

}  // namespace tectum
