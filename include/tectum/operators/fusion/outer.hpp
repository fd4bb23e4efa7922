// Outer products of any number of vectors, and what flows back through them: under the full multilinear forms.
#pragma once

#include <tectum/kernels/strided.hpp>
#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// What of each input takes part: all of its features, or a chunk of them.
template <class T>
struct factors {
  static constexpr int most = 8;
  matrix<T> of[most];
  int count = 0;

  index width(int k) const { return of[k].columns; }
};
template <class T>
factors<T> factors_of(range<view<T>> xs) {
  factors<T> f;
  for (const view<T>& x : xs) f.of[f.count++] = x.as_samples();
  return f;
}
template <class T>
factors<T> factors_of(range<view<T>> xs, index begin, index width) {
  factors<T> f = factors_of(xs);
  for (int k = 0; k < f.count; ++k)
    if (xs[k]) f.of[k] = columns_of(f.of[k], begin, width);
  return f;
}

// Elements a sample of the products of all, of all but the first, and so on to the last two; width(k) of input k.
template <class Width>
constexpr long long outer_room(int count, Width width) {
  long long size = width(count - 1), room = 0;
  for (int k = count - 2; k >= 0; --k) {
    size *= width(k);
    room += size;
  }
  return room;
}

template <class T>
bool all_present(range<view<const T>> xs, index sample) {
  for (const view<const T>& x : xs)
    if (!x.present(sample)) return false;
  return true;
}

template <class T>
bool any_wanted(range<view<T>> dxs) {
  for (const view<T>& dx : dxs)
    if (dx) return true;
  return false;
}

// The outer products of all samples in `room`: [samples, n0 n1 ...], zeros where any input is absent; behind them those
// without the first input, and so on.
template <class Kernels, class T>
matrix<T> outer_products(range<view<const T>> xs, const factors<const T>& x, T* room) noexcept {
  const index samples = xs[0].samples;
  index at = outer_room(x.count, [&](int k) { return x.width(k); });
  matrix<const T> behind = x.of[x.count - 1];
  matrix<T> all;
  for (int k = x.count - 2; k >= 0; --k) {
    const index n = x.width(k), m = behind.columns;
    at -= n * m;
    all = {room + at * samples, samples, n * m, n * m};
    Kernels::batched_product(samples, n, m, 1, {x.of[k].data, x.of[k].stride, 1, 0}, {behind.data, behind.stride, 0, 1},
                             strided<T>{all.data, all.stride, m, 1}, 1, false);
    behind = all;
  }
  for (index s = 0; s < samples; ++s)
    if (!all_present(xs, s)) Kernels::fill(row_of(all.row(s), all.columns), T(0));
  return all;
}

// Adds to the gradients of the inputs what d, the gradient of the whole product, makes of them. d is at the front of
// `room`, where that product was; the products behind it are used up.
template <class Kernels, class T>
void outer_gradients(range<view<const T>> xs, const factors<const T>& x, matrix<T> d, const factors<T>& dx) noexcept {
  const index samples = d.rows;
  const int last = x.count - 1;
  for (index s = 0; s < samples; ++s) {
    if (!all_present(xs, s)) continue;
    index size = d.columns;
    matrix<T> of = d;  // gradients of the product of k, k + 1, ...
    for (int k = 0; k < last; ++k) {
      const index n = x.width(k), m = size / n;
      const matrix<T> behind{of.data + samples * size, samples, m, m};
      const T* const others = k + 1 == last ? x.of[last].row(s) : behind.row(s);
      const strided<const T> here{of.row(s), 0, m, 1};
      if (dx.of[k].data)
        Kernels::batched_product(1, n, 1, m, here, {others, 0, 1, 1}, strided<T>{dx.of[k].row(s), 0, 1, 1}, 1, true);
      const bool into_input = k + 1 == last;
      T* const next = into_input ? dx.of[last].data ? dx.of[last].row(s) : nullptr : behind.row(s);
      if (next)
        Kernels::batched_product(1, 1, m, n, {x.of[k].row(s), 0, 0, 1}, here, strided<T>{next, 0, 0, 1}, 1, into_input);
      of = behind;
      size = m;
    }
  }
}

}  // namespace detail
}  // namespace tectum
