// Concatenation on any axis: of features ("late fusion"), of time ("early fusion"), of channels.
#pragma once

#include <cstring>
#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = [x1, x2, ...] on one axis; an absent modality contributes zeros.
//   axis (-1): of the sample, negative from the end: 0 is the time of sequences and the channels of pictures.
//   [..., n1, ...], [..., n2, ...], ... -> [..., n1 + n2 + ..., ...]: values of one kind, alike on all other axes
// Sequences joined on another axis than time must have one mask. Joined on time, their masks are joined as well: the
// result is padded if any input is masked, and valid where that input was.
// The plan lets features be written where they will lie; what already lies there is not copied.
struct concat {
  int axis = -1;

  static constexpr const char* name = "concat";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool joins_last_axis = true;

  constexpr shape infer(range<shape> x) const {
    const int a = axis_of(x[0]);
    shape y = x[0].unmasked();
    bool padded = false, masked = false, optional = true;
    for (const shape& s : x) {
      if (s.holds_ids()) return wrong("concat: ids are not numbers to compute with; put an embedding before it");
      if (s.kind != y.kind || s.rank != y.rank || s.rank == 0)
        return wrong("concat: all inputs must be of one kind, such as features or sequences");
    }
    if (a < 0 || a >= y.rank) return wrong("concat: the inputs have no such axis", axis, y.rank);
    y.extent[a] = 0;
    for (const shape& s : x) {
      for (int i = 0; i < s.rank; ++i)
        if (i != a && s.extent[i] != x[0].extent[i])
          return s.kind == kind::sequence && i == 0
                     ? wrong("concat: all sequences must have the same length", x[0].extent[i], s.extent[i])
                     : wrong("concat: all inputs must be alike on the other axes", x[0].extent[i], s.extent[i]);
      y.extent[a] += s.extent[a];
      padded = padded || s.padded;
      masked = masked || s.masked();
      optional = optional && s.optional;
    }
    y.optional = absent_together(x);
    if (on_time(y)) {
      y.padded = padded || (masked && !y.optional);
      y.optional = optional;
      return y;
    }
    y.padded = padded;
    for (const shape& s : x)
      if (padded && !s.padded) return wrong("concat: either all sequences are padded or none is");
    return y;
  }
  constexpr token_mask result_mask(range<shape> x) const {
    return {on_time(x[0]) ? mask_from::joined : mask_from::of_input};
  }
  constexpr long long multiply_adds(range<shape>) const { return 0; }

  template <class C>
  void forward(C&, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    index column = 0;
    for (const in<C>& x : xs) {
      if (x.data != y.data + column)
        each_block(x, x, y, column, [](bool valid, const matrix<const T>& from, const matrix<T>& to) {
          if (!valid) C::kernels::fill(to, T(0));
          else if (to.rows == 1) std::memcpy(to.data, from.data, static_cast<std::size_t>(to.columns) * sizeof(T));
          else C::kernels::copy(from, to);
        });
      column += block(x.shape());
    }
  }
  template <class C>
  void backward(C&, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    index column = 0;
    for (int k = 0; k < xs.size(); ++k) {
      if (dxs[k] && dxs[k].data != dy.data + column)
        each_block(xs[k], dxs[k], dy, column, [](bool valid, const matrix<T>& to, const matrix<const T>& from) {
          if (valid) C::kernels::add(from, to);
        });
      column += block(xs[k].shape());
    }
  }

 private:
  constexpr int axis_of(const shape& x) const { return axis < 0 ? axis + x.rank : axis; }
  constexpr bool on_time(const shape& x) const {
    return axis_of(x) == 0 && (x.kind == kind::sequence || x.kind == kind::video);
  }
  // Neighbouring elements that come from one input: from this axis on.
  constexpr index block(const shape& x) const {
    index n = 1;
    for (int i = axis_of(x); i < x.rank; ++i) n *= x.extent[i];
    return n;
  }
  // f(valid, part of x, part of y) for parts that cover x (of which `masked` is the validity) and its place in y.
  template <class Masked, class X, class Y, class F>
  void each_block(const Masked& masked, const view<X>& x, const view<Y>& y, index column, F f) const noexcept {
    const shape& s = masked.shape();
    const index wide = block(s), wide_y = block(y.shape()), rows = s.size() / wide;
    const matrix<X> from{x.data, x.samples * rows, wide, rows == 1 ? x.stride : wide};
    const matrix<Y> to{y.data + column, from.rows, wide, rows == 1 ? y.stride : wide_y};
    if (!masked.mask) return f(true, from, to);
    if (on_time(s) && s.padded) {
      const index length = s.length(), token = wide / length;
      for (index b = 0; b < x.samples; ++b)
        for (index t = 0, end = 0; t < length; t = end) {
          const bool valid = masked.valid(b, t);
          for (end = t + 1; end < length && masked.valid(b, end) == valid;) ++end;
          f(valid, matrix<X>{from.row(b) + t * token, 1, (end - t) * token, wide},
            matrix<Y>{to.row(b) + t * token, 1, (end - t) * token, wide_y});
        }
      return;
    }
    const index a_token = s.padded ? rows / s.length() : rows;  // rows that are valid together
    for (index r = 0; r < from.rows; r += a_token)
      f(masked.valid(r / rows, r % rows / a_token), detail::rows_of(from, r, a_token), detail::rows_of(to, r, a_token));
  }
};

}  // namespace tectum
