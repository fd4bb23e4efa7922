// A part of an axis, and one token of a sequence.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// Neighbouring places of one axis of a sample.
//   begin (0): the first place, negative from the end; count (0): places, 0 for all that follow;
//   axis (-1): of the sample, negative from the end.
//   [..., n, ...] -> [..., count, ...]
// A part of the time of a padded sequence is padded as it was there; where the sequence was joined from others, a part
// of one of these has that one's mask, or none.
struct slice {
  int begin = 0, count = 0, axis = -1;

  static constexpr const char* name = "slice";
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("slice: ids are not numbers to compute with; put an embedding before it");
    const int a = axis_of(x);
    if (a < 0 || a >= x.rank) return wrong("slice: the sample has no such axis", axis, x.rank);
    const int n = x.extent[a], first = first_of(n), places = count == 0 ? n - first : count;
    if (first < 0 || first >= n || places < 1 || first + places > n)
      return wrong("slice: begin and count must lie inside the axis", first + places, n);
    x.extent[a] = places;
    return x;
  }
  constexpr token_mask result_mask(shape x) const {
    if (x.rank == 0 || axis_of(x) != 0 || !x.padded) return {};
    return {mask_from::part, first_of(x.extent[0])};
  }

  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    C::kernels::copy(part(x, y.shape()), all(y));
  }
  template <class C>
  void backward(C&, in<C>, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (dx) C::kernels::add(all(dy), part(dx, dy.shape()));
  }

 private:
  constexpr int axis_of(const shape& x) const { return axis < 0 ? axis + x.rank : axis; }
  constexpr int first_of(int n) const { return begin < 0 ? begin + n : begin; }
  constexpr index behind(const shape& x) const {
    index n = 1;
    for (int i = axis_of(x) + 1; i < x.rank; ++i) n *= x.extent[i];
    return n;
  }
  // The result and what of the input it is, one row for each place of the axes before this one.
  template <class T>
  matrix<T> all(const view<T>& y) const noexcept {
    const index columns = y.shape().extent[axis_of(y.shape())] * behind(y.shape()), rows = y.size() / columns;
    return {y.data, y.samples * rows, columns, rows == 1 ? y.stride : columns};
  }
  template <class T>
  matrix<T> part(const view<T>& x, const shape& y) const noexcept {
    const index n = x.shape().extent[axis_of(y)], inner = behind(y), rows = x.size() / (n * inner);
    return {x.data + first_of(static_cast<int>(n)) * inner, x.samples * rows, y.extent[axis_of(y)] * inner,
            rows == 1 ? x.stride : n * inner};
  }
};

// One token of a sequence, by its place: zeros where that token is padding.
//   at: the place; negative from the end of the axis, whatever is padding there (tt::last_token looks for the last
//   valid one).
//   sequence [length, n] -> [n]
struct take_token {
  int at;

  static constexpr const char* name = "take_token";
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.kind != kind::sequence) return wrong("take_token: the input must be a sequence");
    if (place(x) < 0 || place(x) >= x.length())
      return wrong("take_token: the sequence has no such token", at, x.length());
    shape y = features_of(x.width());
    y.optional = x.optional;
    return y;
  }
  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const index width = x.width(), t = place(x.shape());
    if (!x.mask)
      return C::kernels::copy(matrix<const T>{x.data + t * width, x.samples, width, x.stride}, y.as_samples());
    for (index b = 0; b < x.samples; ++b) {
      const matrix<T> row = detail::row_of(y.sample(b), width);
      if (x.valid(b, t)) C::kernels::copy(detail::rows_of(x.sample_rows(b), t, 1), row);
      else C::kernels::fill(row, T(0));
    }
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    const index t = place(x.shape());
    for (index b = 0; dx && b < x.samples; ++b)
      if (x.valid(b, t))
        C::kernels::add(detail::row_of(dy.sample(b), x.width()), detail::rows_of(dx.sample_rows(b), t, 1));
  }

 private:
  constexpr int place(const shape& x) const { return at < 0 ? at + x.length() : at; }
};

}  // namespace tectum
