// How fusion operators walk over what is valid: whole batches where nothing is masked, tokens of samples elsewhere.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

template <class T>
constexpr bool any_masked(range<view<T>> xs) {
  for (const view<T>& x : xs)
    if (x.mask) return true;
  return false;
}

// Token t of sample b; without a time axis, the whole sample.
template <class T>
constexpr matrix<T> token_part(const view<T>& x, index b, index t) {
  const index n = x.size() / x.length();
  return {x.sample(b) + t * n, 1, n, n};
}

// Calls f(part, valid) for parts that cover all samples of views of one shape: part(view) is the part of a view,
// valid(k) says whether input k has something there. One part, the whole batch, where no input is masked.
template <class T, class F>
void each_part(range<view<const T>> xs, index samples, F f) {
  if (!any_masked(xs)) {
    f([](const auto& v) { return v.as_samples(); }, [](int) { return true; });
    return;
  }
  const index length = xs[0].length();
  for (index b = 0; b < samples; ++b)
    for (index t = 0; t < length; ++t)
      f([=](const auto& v) { return token_part(v, b, t); }, [&](int k) { return xs[k].valid(b, t); });
}

// All rows of x with zeros where it is not valid: x itself where it has no mask, else a copy in `room`, of
// selected_size(shape) elements a sample. What is computed from it needs no further care.
constexpr long long selected_size(const shape& s) { return s.masked() ? s.size() : 0; }

template <class Kernels, class T>
matrix<const T> selected_rows(const view<const T>& x, std::type_identity_t<T>* room) {
  if (!x.mask) return x.as_rows();
  const view<T> to{room, x.samples, x.size(), x.of};
  for (index b = 0; b < x.samples; ++b)
    for (index t = 0; t < x.length(); ++t)
      if (x.valid(b, t)) Kernels::copy(token_part(x, b, t), token_part(to, b, t));
      else Kernels::fill(token_part(to, b, t), T(0));
  return view<const T>(to).as_rows();
}

// Calls f(begin, end) for each run of samples in which x is present: once, with all of them, where it has no mask.
template <class T, class F>
void each_present_run(const view<const T>& x, F f) {
  for (index b = 0; b < x.samples;) {
    if (!x.present(b)) {
      ++b;
      continue;
    }
    index end = b + 1;
    if (!x.mask) end = x.samples;
    while (end < x.samples && x.present(end)) ++end;
    f(b, end);
    b = end;
  }
}

// The shape of an elementwise fusion, or which of the three sentences says what is wrong with its inputs.
constexpr shape elementwise_shape(range<shape> x, const char* ids, const char* differ, const char* padding) {
  bool padded = false, optional = true;
  for (const shape& s : x) {
    if (s.holds_ids()) return wrong(ids);
    if (s.kind != x[0].kind || !s.same_extents(x[0])) return wrong(differ);
    padded = padded || s.padded;
    optional = optional && s.optional;
  }
  if (padded)
    for (const shape& s : x)
      if (!s.padded) return wrong(padding);
  shape y = x[0].unmasked();
  y.padded = padded;
  y.optional = padded && optional;
  return y;
}

}  // namespace detail
}  // namespace tectum
