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

// Whether token r, counted through all samples, is valid.
template <class T>
constexpr bool valid_token(const view<T>& x, index r) {
  return !x.mask || (x.of->padded ? x.mask[r] != 0 : x.mask[r / x.length()] != 0);
}

// Tokens `first` to `first + count`, counted through all samples; without a time axis, whole samples.
template <class T>
constexpr matrix<T> tokens_of(const view<T>& x, index first, index count) {
  const index length = x.length(), n = x.size() / length;
  return length == 1 ? matrix<T>{x.sample(first), count, n, x.stride} : matrix<T>{x.data + first * n, count, n, n};
}

// Calls f(part, valid) for parts that cover all samples of views of one shape: part(view) is the part of a view, a
// matrix of whole tokens, and valid(k) says whether input k has something there. It is one part where no input is
// masked, else one for each run of tokens that are valid in the same inputs.
template <class T, class F>
void each_part(range<view<const T>> xs, index samples, F f) {
  if (samples == 0) return;
  if (!any_masked(xs)) {
    f([](const auto& v) { return v.as_samples(); }, [](int) { return true; });
    return;
  }
  const auto pattern = [&](index r) {
    unsigned bits = 0;
    for (int k = 0; k < xs.size(); ++k) bits |= (valid_token(xs[k], r) ? 1u : 0u) << k;
    return bits;
  };
  const index tokens = samples * xs[0].length();
  for (index r = 0; r < tokens;) {
    const unsigned bits = pattern(r);
    index end = r + 1;
    while (end < tokens && pattern(end) == bits) ++end;
    f([=](const auto& v) { return tokens_of(v, r, end - r); }, [=](int k) { return (bits >> k & 1) != 0; });
    r = end;
  }
}

// All rows of x with zeros where it is not valid: x itself where it has no mask, else a copy in `room`, of
// selected_size(shape) elements a sample. What is computed from it needs no further care.
constexpr long long selected_size(const shape& s) { return s.masked() ? s.size() : 0; }

template <class Kernels, class T>
matrix<const T> selected_rows(const view<const T>& x, std::type_identity_t<T>* room) {
  if (!x.mask) return x.as_rows();
  const view<T> to{room, x.samples, x.size(), x.of};
  each_part(range<view<const T>>{&x, 1}, x.samples, [&](auto part, auto valid) {
    if (valid(0)) Kernels::copy(part(x), part(to));
    else Kernels::fill(part(to), T(0));
  });
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
  y.optional = optional && (padded || absent_together(x));
  return y;
}

}  // namespace detail
}  // namespace tectum
