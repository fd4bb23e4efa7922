// What tells the tokens of a sequence their places: learned, or sines and cosines.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/layers/waves.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

namespace detail {

template <class C>
void add_table(in<C> x, const typename C::scalar* table, out<C> y) noexcept {
  using T = typename C::scalar;
  const index width = x.width();
  for (index b = 0; b < x.samples; ++b)
    C::kernels::map(
        y.sample_rows(b), [](auto a, auto p) { return a + p; }, x.sample_rows(b),
        matrix<const T>{table, x.length(), width, width});
}

}  // namespace detail

// y[t] = x[t] + table[t / span], the table learned.
//   deviation (0.02): of the table's normal initial values; span (1): neighbouring tokens that share a place, such as
//   those of one picture of several; must divide the length.
//   [length, n] -> [length, n]; weight [length / span, n]
struct learned_positions {
  float deviation = 0.02f;
  int span = 1;

  static constexpr const char* name = "learned_positions";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(shape x) const {
    if (x.kind != kind::sequence) return wrong("learned_positions: the input must be a sequence");
    if (span < 1 || x.length() % span != 0)
      return wrong("learned_positions: span must divide the length", span, x.length());
    return x;
  }
  constexpr auto parameters(shape x) const {
    return parameter_list(table_of("weight", x.length() / span, x.width()).initialised(initial::normal, deviation));
  }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    if (span == 1) return detail::add_table<C>(x, c.values(0), y);
    const index width = x.width();
    for (index b = 0; b < x.samples; ++b)
      for (index t = 0; t < x.length(); t += span)
        C::kernels::map(
            detail::rows_of(y.sample_rows(b), t, span), [](auto a, auto p) { return a + p; },
            detail::rows_of(x.sample_rows(b), t, span),
            matrix<const T>{c.values(0) + t / span * width, span, width, 0});
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const index width = x.width();
    for (index b = 0; b < x.samples; ++b)
      detail::each_valid_run(x, b, [&](index begin, index count) {
        const matrix<const T> d = detail::rows_of(dy.sample_rows(b), begin, count);
        if (dx) C::kernels::add(d, detail::rows_of(dx.sample_rows(b), begin, count));
        if (!c.gradients) return;
        if (span == 1) return C::kernels::add(d, matrix<T>{c.gradient(0) + begin * width, count, width, width});
        for (index t = 0; t < count; ++t)
          C::kernels::add(detail::rows_of(d, t, 1), detail::row_of(c.gradient(0) + (begin + t) / span * width, width));
      });
  }
};

// y[t] = x[t] + p[t] with sines and cosines of the place t, w_i = base^(-2i / n) (Vaswani et al. 2017): p[t][2i] =
// sin((t + first) w_i), p[t][2i + 1] = cos((t + first) w_i).
//   interleaved (true): false is fairseq's form, in which half the width, h = n / 2, holds sin((t + first) w_i), the
//   next half the cosines, and the last column of an odd width 0, with w_i = base^(-i / (h - 1));
//   first (0): the place of the first token; fairseq and Tsai et al. 2019 have 1;
//   base (10000): how much longer the slowest wave is than the fastest;
//   count_valid (false): padded tokens do not count, so the first valid one has place `first`; they get zeros added.
//   [length, n] -> [length, n]
// Masks go through.
struct sinusoids {
  bool interleaved = true;
  int first = 0;
  double base = 10000;
  bool count_valid = false;

  static constexpr const char* name = "sinusoids";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(shape x) const {
    if (x.kind != kind::sequence) return wrong("sinusoids: the input must be a sequence");
    if (!(base > 0)) return wrong("sinusoids: base must be greater than 0");
    if (!interleaved && x.width() < 4)
      return wrong("sinusoids: the form that is not interleaved needs a width of 4 or more", x.width());
    return x;
  }
  constexpr extents scratch(shape x) const { return {.fixed = x.size()}; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    detail::write_sinusoids<C>({x.length(), x.width(), interleaved, static_cast<double>(first), base},
                               c.scratch_fixed());
    if (!count_valid || !x.shape().padded) return detail::add_table<C>(x, c.scratch_fixed(), y);
    const index width = x.width();
    for (index b = 0; b < x.samples; ++b) {
      index place = 0;
      C::kernels::copy(x.sample_rows(b), y.sample_rows(b));
      detail::each_valid_run(x, b, [&](index begin, index count) {
        C::kernels::add(matrix<const typename C::scalar>{c.scratch_fixed() + place * width, count, width, width},
                        detail::rows_of(y.sample_rows(b), begin, count));
        place += count;
      });
    }
  }
  template <class C>
  void backward(C&, in<C>, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (dx) C::kernels::add(dy.as_samples(), dx.as_samples());
  }
};

// tt::sinusoids as first published (Vaswani et al. 2017), without options.
//   [length, n] -> [length, n]
inline constexpr struct sinusoidal_positions_operator {
  static constexpr const char* name = "sinusoidal_positions";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::nothing;

  static constexpr shape infer(shape x) {
    if (x.kind != kind::sequence) return wrong("sinusoidal_positions: the input must be a sequence");
    return x;
  }
  static constexpr extents scratch(shape x) { return sinusoids{}.scratch(x); }

  template <class C>
  static void forward(C& c, in<C> x, out<C> y) noexcept {
    sinusoids{}.forward(c, x, y);
  }
  template <class C>
  static void backward(C& c, in<C> x, in<C> y, in<C> dy, out<C> dx) noexcept {
    sinusoids{}.backward(c, x, y, dy, dx);
  }
} sinusoidal_positions;

}  // namespace tectum
