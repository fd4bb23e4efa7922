// What becomes of the single values of a loss, and what all losses have in common.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// mean: over all values that count (0 where none does); sum; batch_mean: the sum over the samples of which anything
// counts; none: the values themselves, of the shape of the inputs or one a row, 0 where something does not count.
enum class reduction : unsigned char { mean, sum, batch_mean, none };

namespace detail {

constexpr bool has_tokens(const shape& s) { return s.kind == kind::sequence || s.kind == kind::video; }

// The values of a loss with the mask of the first input that has one: that of its tokens, or else of its samples.
constexpr shape masked_like(shape y, range<shape> x) {
  y = y.unmasked();
  if (has_tokens(y))
    for (const shape& s : x)
      if (s.padded && s.length() == y.length()) {
        y.padded = true;
        y.optional = s.optional;
        return y;
      }
  for (const shape& s : x) y.optional = y.optional || s.optional;
  return y;
}
constexpr shape reduced(reduction r, const shape& values, range<shape> x) {
  return r == reduction::none ? masked_like(values, x) : scalar_shape();
}

// Whether token t of sample b is there in all of these.
template <class T>
constexpr bool valid_in_all(range<view<const T>> x, index b, index t) {
  for (const view<const T>& v : x)
    if (!v.valid(b, t)) return false;
  return true;
}

// y = the reduced values of a loss: value(b, p, weight) of sample b, place p, wherever counts(b, p); a mean divides by
// the sum of the weights, 1 unless set. One element of saved memory, fixed, holds what the sum was divided by.
template <class C, class Counts, class Value>
void reduce_places(C& c, reduction r, index samples, index places, out<C> y, Counts counts, Value value) noexcept {
  using T = typename C::scalar;
  T total = 0, weights = 0, held = 0;
  for (index b = 0; b < samples; ++b) {
    bool any = false;
    for (index p = 0; p < places; ++p) {
      const bool here = counts(b, p);
      T weight = 1;
      const T v = here ? value(b, p, weight) : T(0);
      if (r == reduction::none) y.sample(b)[p] = v;
      if (!here) continue;
      any = true;
      total += v;
      weights += weight;
    }
    if (any) held += T(1);
  }
  if (r == reduction::none) return;
  const T divisor = r == reduction::mean ? weights : r == reduction::batch_mean ? held : T(1);
  *c.saved_fixed() = divisor;
  *y.data = divisor == T(0) ? T(0) : total / divisor;
}

// What dy says about each value of a loss, told apart by place or the same for all.
template <class C>
struct upstream {
  using T = typename C::scalar;
  in<C> dy;
  bool each;
  T scale = 0;

  upstream(C& c, reduction r, in<C> gradient) noexcept : dy(gradient), each(r == reduction::none) {
    if (!each) scale = *c.saved_fixed() == T(0) ? T(0) : *dy.data / *c.saved_fixed();
  }
  T at(index b, index p) const noexcept { return each ? dy.sample(b)[p] : scale; }

  // dx += upstream slope(x...), for one part of each of them; nothing where dx is not wanted.
  template <class Part, class F, class... X>
  void add(Part part, out<C> dx, F slope, X... x) const noexcept {
    if (!dx) return;
    if (each) {
      C::kernels::map_add(part(dx), [=](auto g, auto... v) { return g * slope(v...); }, part(dy), x...);
    } else {
      C::kernels::map_add(
          part(dx), [=, s = scale](auto v, auto... more) { return decltype(v)(s) * slope(v, more...); }, x...);
    }
  }
};

template <class C, class Counts, class Add>
void spread_places(C& c, reduction r, index samples, index places, in<C> dy, Counts counts, Add add) noexcept {
  const upstream<C> g(c, r, dy);
  for (index b = 0; b < samples; ++b)
    for (index p = 0; p < places; ++p)
      if (counts(b, p)) add(b, p, g.at(b, p));
}

}  // namespace detail
}  // namespace tectum
