// Runs of valid tokens: how operators walk over a masked value without looking at what is not there.
#pragma once

#include <tectum/tensor/view.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// f(first token, tokens) for each run of valid tokens of sample b; unmasked, one run.
template <class T, class F>
TECTUM_INLINE void each_valid_run(const view<T>& x, index b, F f) noexcept {
  const index length = x.length();
  if (!x.mask || !x.shape().padded) {
    if (x.present(b)) f(index{0}, length);
    return;
  }
  for (index t = 0; t < length;) {
    const index begin = t;
    while (t < length && x.valid(b, t)) ++t;
    if (t > begin) f(begin, t - begin);
    while (t < length && !x.valid(b, t)) ++t;
  }
}

// f(first row, rows) for each run of valid rows of the batch, rows as in as_rows(). Where all are valid it is one run,
// as without a mask: sums over rows come out with the same bits.
template <class T, class F>
TECTUM_INLINE void each_valid_rows(const view<T>& x, F f) noexcept {
  const index rows = x.shape().rows(), a_token = rows / x.length();
  if (!x.mask) {
    f(index{0}, x.samples * rows);
    return;
  }
  index begin = 0, end = 0;
  for (index b = 0; b < x.samples; ++b)
    each_valid_run(x, b, [&](index token, index count) {
      const index first = b * rows + token * a_token;
      if (first != end) {
        if (end > begin) f(begin, end - begin);
        begin = first;
      }
      end = first + count * a_token;
    });
  if (end > begin) f(begin, end - begin);
}

template <class T>
constexpr matrix<T> rows_of(const matrix<T>& m, index begin, index count) {
  return {m.row(begin), count, m.columns, m.stride};
}
template <class T>
constexpr matrix<T> columns_of(const matrix<T>& m, index begin, index count) {
  return {m.data + begin, m.rows, count, m.stride};
}
// One contiguous row.
template <class T>
constexpr matrix<T> row_of(T* data, index columns) {
  return {data, 1, columns, columns};
}

}  // namespace detail
}  // namespace tectum
