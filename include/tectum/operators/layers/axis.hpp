// One axis of a sample: how operators that work along any of them walk over it.
#pragma once

#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// A sample as `outer` blocks of `steps` rows of `inner` contiguous elements; the axis counts the steps. `last`: it
// is the last axis; `of_tokens`: the steps are the tokens of a sequence or the frames of a video, of which some may be
// padding.
struct axis_layout {
  index outer = 1, steps = 1, inner = 1;
  bool last = true, of_tokens = false;

  constexpr index block() const { return steps * inner; }
  // Whether the axis' elements are a row of as_rows(), valid or not together.
  constexpr bool in_rows() const { return last && !of_tokens; }
};

constexpr bool has_axis(const shape& x, int axis) { return axis >= -x.rank && axis < x.rank; }
// The axis counted from the front, for an axis that x has.
constexpr int axis_of(const shape& x, int axis) { return axis < 0 ? axis + x.rank : axis; }

constexpr axis_layout along(const shape& x, int axis) {
  axis_layout a;
  const int at = axis_of(x, axis);
  for (int i = 0; i < at; ++i) a.outer *= x.extent[i];
  a.steps = x.extent[at];
  for (int i = at + 1; i < x.rank; ++i) a.inner *= x.extent[i];
  a.last = at == x.rank - 1;
  a.of_tokens = at == 0 && (x.kind == kind::sequence || x.kind == kind::video);
  return a;
}

// f(sample, begin of the block in it, valid) for each block; valid(step) says whether that row of it is valid.
template <class T, class F>
void each_block(const view<T>& x, const axis_layout& a, F f) noexcept {
  const index a_token = a.of_tokens ? 1 : a.outer / x.length();
  for (index b = 0; b < x.samples; ++b)
    for (index o = 0; o < a.outer; ++o)
      f(b, o * a.block(), [&, b, o](index step) { return x.valid(b, a.of_tokens ? step : o / a_token); });
}

// f(first, count) for each run of valid rows of `width` elements, where a token is a whole number of them; as
// each_valid_rows, whose rows are the last axis.
template <class T, class F>
void each_valid_wide_rows(const view<T>& x, index width, F f) noexcept {
  each_valid_rows(x, [&](index first, index count) { f(first * x.width() / width, count * x.width() / width); });
}
// All rows of `width` elements of the batch.
template <class T>
constexpr matrix<T> wide_rows(const view<T>& x, index width) {
  const index rows = x.size() / width;
  return {x.data, x.samples * rows, width, rows == 1 ? x.stride : width};
}

}  // namespace detail
}  // namespace tectum
