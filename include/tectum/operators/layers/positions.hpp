// What tells the tokens of a sequence their places: learned, or sines and cosines.
#pragma once

#include <tectum/operators/layers/runs.hpp>
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

// y[t] = x[t] + table[t], the table learned.
//   deviation (0.02): of the table's normal initial values.   [length, n] -> [length, n]
struct learned_positions {
  float deviation = 0.02f;

  static constexpr const char* name = "learned_positions";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(shape x) const {
    if (x.kind != kind::sequence) return wrong("learned_positions: the input must be a sequence");
    return x;
  }
  constexpr auto parameters(shape x) const {
    return parameter_list(table_of("weight", x.length(), x.width()).initialised(initial::normal, deviation));
  }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    detail::add_table<C>(x, c.values(0), y);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const index width = x.width();
    for (index b = 0; b < x.samples; ++b)
      detail::each_valid_run(x, b, [&](index begin, index count) {
        const matrix<const T> d = detail::rows_of(dy.sample_rows(b), begin, count);
        if (dx) C::kernels::add(d, detail::rows_of(dx.sample_rows(b), begin, count));
        if (c.gradients) C::kernels::add(d, matrix<T>{c.gradient(0) + begin * width, count, width, width});
      });
  }
};

// y[t] = x[t] + p[t] with p[t][2i] = sin(t w), p[t][2i + 1] = cos(t w), w = 10000^(-2i / n) (Vaswani et al. 2017).
//   [length, n] -> [length, n]
inline constexpr struct sinusoidal_positions_operator {
  static constexpr const char* name = "sinusoidal_positions";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::nothing;

  static constexpr shape infer(shape x) {
    if (x.kind != kind::sequence) return wrong("sinusoidal_positions: the input must be a sequence");
    return x;
  }
  static constexpr extents scratch(shape x) { return {.fixed = x.size()}; }

  template <class C>
  static void forward(C& c, in<C> x, out<C> y) noexcept {
    using T = typename C::scalar;
    const index length = x.length(), width = x.width();
    T* const table = c.scratch_fixed();
    // Each place is the one before it, turned by w; in double, so that the errors stay below those of a float.
    constexpr index most = 32;
    double sine[most], cosine[most], turn_sine[most], turn_cosine[most];
    for (index i = 0; i < width; i += 2 * most) {
      const index pairs = (width - i + 1) / 2 < most ? (width - i + 1) / 2 : most;
      for (index k = 0; k < pairs; ++k) {
        const double w = math::exp(-9.210340371976183 * static_cast<double>(i + 2 * k) / static_cast<double>(width));
        math::sin_cos_turns(w * 0.15915494309189535, turn_sine[k], turn_cosine[k]);
        sine[k] = 0;
        cosine[k] = 1;
      }
      for (index t = 0; t < length; ++t) {
        T* const row = table + t * width + i;
        for (index k = 0; k < pairs; ++k) {
          row[2 * k] = static_cast<T>(sine[k]);
          if (i + 2 * k + 1 < width) row[2 * k + 1] = static_cast<T>(cosine[k]);
        }
        C::kernels::fused_update(
            pairs,
            [](auto& s, auto& co, const auto& ts, const auto& tc) {
              const auto next = s * tc + co * ts;
              co = co * tc - s * ts;
              s = next;
            },
            sine, cosine, turn_sine, turn_cosine);
      }
    }
    detail::add_table<C>(x, table, y);
  }
  template <class C>
  static void backward(C&, in<C>, in<C>, in<C> dy, out<C> dx) noexcept {
    if (dx) C::kernels::add(dy.as_samples(), dx.as_samples());
  }
} sinusoidal_positions;

}  // namespace tectum
