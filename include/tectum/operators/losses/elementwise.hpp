// What losses have in common that compare values element by element.
#pragma once

#include <tectum/operators/losses/reduction.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// The shape of such a loss, or which of the sentences says what is wrong.
constexpr shape elementwise_loss(reduction r, range<shape> x, const char* ids, const char* loss, const char* differ) {
  for (const shape& s : x) {
    if (s.holds_ids()) return wrong(ids);
    if (s.kind == kind::scalar) return wrong(loss);
    if (!s.same_extents(x[0]) || s.length() != x[0].length()) return wrong(differ);
  }
  return reduced(r, x[0], x);
}
// How many values count; room for a value of each element.
constexpr extents elementwise_loss_saved() { return {.fixed = 1}; }
constexpr extents elementwise_loss_scratch(reduction r, const shape& x) {
  return {.per_sample = r == reduction::none ? 0 : x.size()};
}

// y = the reduced values of a loss. fill(values, part) writes the values of one part: part(x) is that of x.
template <class C, class Fill>
void elementwise_loss_forward(C& c, reduction r, inputs<C> x, out<C> y, Fill fill) noexcept {
  using T = typename C::scalar;
  const in<C>& first = x[0];
  const bool each = r == reduction::none;
  const view<T> room = each ? y : view<T>{c.scratch(), first.samples, first.size(), first.of};
  T total = 0, count = 0;
  each_part(x, first.samples, [&](auto part, auto valid) {
    const matrix<T> values = part(room);
    for (int k = 0; k < x.size(); ++k)
      if (!valid(k)) {
        if (each) C::kernels::fill(values, T(0));
        return;
      }
    fill(values, part);
    if (each) return;
    total += C::kernels::sum(values.rows * values.columns, values.data);
    count += T(values.rows * values.columns);
  });
  if (each) return;
  T divisor = r == reduction::mean ? count : T(r == reduction::sum);
  if (r == reduction::batch_mean)
    for (index b = 0; b < first.samples; ++b) {
      bool any = false;
      for (index t = 0; t < first.length(); ++t) any = any || valid_in_all(x, b, t);
      divisor += T(any);
    }
  *c.saved_fixed() = divisor;
  *y.data = divisor == T(0) ? T(0) : total / divisor;
}
// add(upstream, part) for every part that counts.
template <class C, class Add>
void elementwise_loss_backward(C& c, reduction r, inputs<C> x, in<C> dy, Add add) noexcept {
  const upstream<C> g(c, r, dy);
  each_part(x, x[0].samples, [&](auto part, auto valid) {
    for (int k = 0; k < x.size(); ++k)
      if (!valid(k)) return;
    add(g, part);
  });
}

// A loss of the difference of two inputs: value(d), and slope(d), its derivative, odd in d.
template <class C, class F>
void difference_loss_forward(C& c, reduction r, in<C> a, in<C> b, out<C> y, F value) noexcept {
  const in<C> both[] = {a, b};
  elementwise_loss_forward(c, r, inputs<C>{both, 2}, y, [&](auto values, auto part) {
    C::kernels::map(values, [=](auto u, auto v) { return value(u - v); }, part(a), part(b));
  });
}
template <class C, class F>
void difference_loss_backward(C& c, reduction r, in<C> a, in<C> b, in<C> dy, out<C> da, out<C> db, F slope) noexcept {
  const in<C> both[] = {a, b};
  elementwise_loss_backward(c, r, inputs<C>{both, 2}, dy, [&](const auto& g, auto part) {
    const auto of_difference = [=](auto u, auto v) { return slope(u - v); };
    g.add(part, da, of_difference, part(a), part(b));
    g.add(part, db, of_difference, part(b), part(a));
  });
}

}  // namespace detail
}  // namespace tectum
