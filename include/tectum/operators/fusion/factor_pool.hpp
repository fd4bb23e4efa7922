// What bilinear fusion does behind its product: a sum over factors, the signed square root, length 1.
#pragma once

#include <tectum/operators/fusion/chunks.hpp>
#include <tectum/operators/fusion/signed_sqrt.hpp>

namespace tectum::inline TECTUM_ABI {

// How the result of a bilinear fusion is normalised: not at all; its signed square root, divided by the Euclidean norm
// of each chunk (that of BLOCK "before cat") or of the whole ("after cat").
enum class power_norm { none, chunks, whole };

// z = sums of `factor` elements of x; y = sign(z) sqrt |z| / max(norm of that, 1e-12) (as in MFB: Yu et al. 2017).
//   factor (1): terms of each sum; neighbours (true): whether the terms of a sum lie side by side, as in MFB, or
//   each chunk holds `factor` vectors one behind the other, as in MUTAN and BLOCK; chunks (1): in which the result is
//   cut, of ceil(n / chunks), the last one shorter; normalize (none): none, chunks or whole.
//   [..., factor n] -> [..., n]
// Each token is by itself. Where z is 0 the root's gradient is 0.
struct factor_pool {
  int factor = 1;
  bool neighbours = true;
  int chunks = 1;
  power_norm normalize = power_norm::none;

  static constexpr const char* name = "factor_pool";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::output;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("factor_pool: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("factor_pool: a loss has no features");
    if (factor < 1 || x.width() % factor != 0)
      return wrong("factor_pool: factor must be 1 or more and divide the width of the input", factor, x.width());
    if (!detail::chunking{x.width() / factor, chunks}.is_right())
      return wrong("factor_pool: chunks must be 1 to the width of the result", chunks, x.width() / factor);
    return x.with_width(x.width() / factor);
  }
  // The norms.
  constexpr extents saved(shape x) const { return {.per_sample = 1LL * x.rows() * parts()}; }
  constexpr extents scratch(shape x) const { return {.per_sample = x.size() / factor}; }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const matrix<const T> from = x.as_rows();
    const matrix<T> to = y.as_rows();
    const detail::chunking cut = pieces(to.columns);
    if (neighbours && factor > 1) {
      for (index r = 0; r < to.rows; ++r)
        for (index i = 0; i < to.columns; ++i) to(r, i) = C::kernels::sum(factor, from.row(r) + i * factor);
    } else {
      for (int k = 0; k < chunks; ++k) {
        const matrix<T> sum = detail::columns_of(to, cut.begin_of(k), cut.size_of(k));
        C::kernels::copy(term(from, cut, k, 0), sum);
        for (int f = 1; f < factor; ++f) C::kernels::add(term(from, cut, k, f), sum);
      }
    }
    if (normalize == power_norm::none) return;
    C::kernels::map(to, [](auto a) { return signed_sqrt_operator::root(a); }, matrix<const T>(to));
    each_norm(to, [&](index r, int k, index begin, index n) {
      T* const s = to.row(r) + begin;
      const T norm = math::sqrt(C::kernels::dot(n, s, s)), by = norm > least<T> ? norm : least<T>;
      c.saved()[r * parts() + k] = norm;
      const matrix<T> row = detail::row_of(s, n);
      C::kernels::map(row, [by](auto a) { return a / decltype(a)(by); }, matrix<const T>(row));
    });
  }
  template <class C>
  void backward(C& c, in<C> x, in<C> y, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    if (!dx) return;
    detail::each_valid_rows(x, [&](index first, index count) {
      matrix<const T> d = detail::rows_of(dy.as_rows(), first, count);
      if (normalize != power_norm::none) {
        const matrix<const T> result = detail::rows_of(y.as_rows(), first, count);
        const matrix<T> room{c.scratch(), count, d.columns, d.columns};
        each_norm(room, [&](index r, int k, index begin, index n) {
          const T norm = c.saved()[(first + r) * parts() + k], by = norm > least<T> ? norm : least<T>;
          const T along = norm > least<T> ? C::kernels::dot(n, result.row(r) + begin, d.row(r) + begin) : T(0);
          C::kernels::map(
              detail::row_of(room.row(r) + begin, n),
              [=](auto g, auto s) {
                using V = decltype(g);
                return (g - s * V(along)) / V(by) * signed_sqrt_operator::slope(s * V(by));
              },
              detail::row_of(d.row(r) + begin, n), detail::row_of(result.row(r) + begin, n));
        });
        d = room;
      }
      const matrix<T> to = detail::rows_of(dx.as_rows(), first, count);
      const detail::chunking cut = pieces(d.columns);
      if (neighbours && factor > 1) {
        for (index r = 0; r < d.rows; ++r)
          for (index i = 0; i < d.columns; ++i)
            for (index f = 0; f < factor; ++f) to(r, i * factor + f) += d(r, i);
      } else {
        for (int k = 0; k < chunks; ++k)
          for (int f = 0; f < factor; ++f)
            C::kernels::add(detail::columns_of(d, cut.begin_of(k), cut.size_of(k)), term(to, cut, k, f));
      }
    });
  }

 private:
  template <class T>
  static constexpr T least = T(1e-12);

  constexpr int parts() const {
    return normalize == power_norm::chunks ? chunks : normalize == power_norm::whole ? 1 : 0;
  }
  constexpr detail::chunking pieces(index width) const { return {static_cast<int>(width), chunks}; }
  // Term f of the sums of chunk k.
  template <class T>
  matrix<T> term(const matrix<T>& x, const detail::chunking& cut, int k, int f) const noexcept {
    return detail::columns_of(x, factor * cut.begin_of(k) + f * cut.size_of(k), cut.size_of(k));
  }
  // f(row, part, first column, columns) for everything that is divided by one norm.
  template <class T, class F>
  void each_norm(const matrix<T>& m, F f) const noexcept {
    const detail::chunking cut =
        normalize == power_norm::whole ? detail::chunking{static_cast<int>(m.columns), 1} : pieces(m.columns);
    for (index r = 0; r < m.rows; ++r)
      for (int k = 0; k < cut.chunks; ++k) f(r, k, cut.begin_of(k), cut.size_of(k));
  }
};

}  // namespace tectum
