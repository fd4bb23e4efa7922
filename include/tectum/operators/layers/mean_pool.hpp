// A sequence in one row: the mean, the maximum, the first or the last of its valid tokens.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

namespace detail {

// What they share: [length, n] -> [n], present where any token is.
constexpr shape one_row_of(const shape& x, const char* sentence) {
  if (x.kind != kind::sequence) return wrong(sentence);
  shape y = features_of(x.width());
  y.optional = x.optional;
  return y;
}

template <class T>
index valid_tokens(const view<T>& x, index b) noexcept {
  index n = 0;
  each_valid_run(x, b, [&](index, index count) { n += count; });
  return n;
}

// y = the sum of the valid tokens of sample b; of none, zeros.
template <class C>
void sum_valid_tokens(const in<C>& x, index b, const matrix<typename C::scalar>& y) noexcept {
  C::kernels::fill(y, 0);
  each_valid_run(x, b, [&](index begin, index count) {
    C::kernels::add_column_sums(rows_of(x.sample_rows(b), begin, count), y.data);
  });
}

}  // namespace detail

// The mean of the valid tokens; of none, zeros.   [length, n] -> [n]
inline constexpr struct mean_pool_operator {
  static constexpr const char* name = "mean_pool";
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) { return detail::one_row_of(x, "mean_pool: the input must be a sequence"); }
  template <class C>
  static void forward(C&, in<C> x, out<C> y) noexcept {
    using T = typename C::scalar;
    for (index b = 0; b < x.samples; ++b) {
      const matrix<T> row = detail::row_of(y.sample(b), y.width());
      detail::sum_valid_tokens<C>(x, b, row);
      const index n = detail::valid_tokens(x, b);
      if (n == 0) continue;
      const T share = T(1) / static_cast<T>(n);
      C::kernels::map(row, [=](auto a) { return a * decltype(a)(share); }, matrix<const T>(row));
    }
  }
  template <class C>
  static void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    for (index b = 0; b < x.samples; ++b) {
      const T share = T(1) / static_cast<T>(detail::valid_tokens(x, b));  // of none: not used
      detail::each_valid_run(x, b, [&](index begin, index count) {
        C::kernels::scale_add(share, matrix<const T>{dy.sample(b), count, dy.width(), 0},
                              detail::rows_of(dx.sample_rows(b), begin, count));
      });
    }
  }
} mean_pool;

// The largest value of each column among the valid tokens; of none, zeros. NaN wins over all.   [length, n] -> [n]
inline constexpr struct time_max_pool_operator {
  static constexpr const char* name = "time_max_pool";
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) { return detail::one_row_of(x, "time_max_pool: the input must be a sequence"); }
  // The token that each maximum came from, -1 for none.
  static constexpr extents saved(shape x) { return {.per_sample = x.width()}; }

  template <class C>
  static void forward(C& c, in<C> x, out<C> y) noexcept {
    using T = typename C::scalar;
    const index width = y.width();
    for (index b = 0; b < x.samples; ++b) {
      const matrix<T> row = detail::row_of(y.sample(b), width), best = detail::row_of(c.saved() + b * width, width);
      C::kernels::fill(row, T(0));
      C::kernels::fill(best, T(-1));
      for (index t = 0; t < x.length(); ++t) {
        if (!x.valid(b, t)) continue;
        const matrix<const T> token = detail::rows_of(x.sample_rows(b), t, 1);
        const T place = static_cast<T>(t);
        const auto better = [](auto a, auto most, auto from) {
          const auto settled = math::is_nan(most);
          return (from < decltype(a)(T(0))) | (a > most) | (math::is_nan(a) & !settled);
        };
        C::kernels::map(
            best, [=](auto a, auto most, auto from) { return select(better(a, most, from), decltype(a)(place), from); },
            token, matrix<const T>(row), matrix<const T>(best));
        C::kernels::map(
            row, [=](auto a, auto most, auto from) { return select(from == decltype(a)(place), a, most); }, token,
            matrix<const T>(row), matrix<const T>(best));
      }
    }
  }
  template <class C>
  static void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    const index width = dy.width();
    for (index b = 0; b < x.samples; ++b) {
      const T* best = c.saved() + b * width;
      for (index i = 0; i < width; ++i)
        if (best[i] >= T(0)) dx.sample(b)[static_cast<index>(best[i]) * width + i] += dy.sample(b)[i];
    }
  }
} time_max_pool;

namespace detail {

template <bool Last>
struct one_token_operator {
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  static constexpr shape infer(shape x) {
    return one_row_of(x,
                      Last ? "last_token: the input must be a sequence" : "first_token: the input must be a sequence");
  }
  template <class C>
  static void forward(C&, in<C> x, out<C> y) noexcept {
    using T = typename C::scalar;
    for (index b = 0; b < x.samples; ++b) {
      const matrix<T> row = row_of(y.sample(b), y.width());
      const index t = place(x, b);
      if (t < 0) C::kernels::fill(row, T(0));
      else C::kernels::copy(rows_of(x.sample_rows(b), t, 1), row);
    }
  }
  template <class C>
  static void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) noexcept {
    if (!dx) return;
    for (index b = 0; b < x.samples; ++b) {
      const index t = place(x, b);
      if (t >= 0) C::kernels::add(row_of(dy.sample(b), dy.width()), rows_of(dx.sample_rows(b), t, 1));
    }
  }
  template <class T>
  static index place(const view<T>& x, index b) noexcept {
    for (index i = 0; i < x.length(); ++i) {
      const index t = Last ? x.length() - 1 - i : i;
      if (x.valid(b, t)) return t;
    }
    return -1;
  }
};

}  // namespace detail

// The first valid token, zeros if there is none.   [length, n] -> [n]
inline constexpr struct first_token_operator : detail::one_token_operator<false> {
  static constexpr const char* name = "first_token";
} first_token;
// The last valid token, zeros if there is none.   [length, n] -> [n]
inline constexpr struct last_token_operator : detail::one_token_operator<true> {
  static constexpr const char* name = "last_token";
} last_token;

}  // namespace tectum
