// What losses have in common that compare two values element by element.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// The shape of such a loss, or which of the sentences says what is wrong.
constexpr shape elementwise_loss(shape a, shape b, const char* ids, const char* loss, const char* differ) {
  if (a.holds_ids() || b.holds_ids()) return wrong(ids);
  if (a.kind == kind::scalar || b.kind == kind::scalar) return wrong(loss);
  if (!a.same_extents(b) || a.length() != b.length()) return wrong(differ);
  return scalar_shape();
}

// y = the mean of value(a - b) over the elements that are valid on both sides, 0 if there are none. Needs a.size()
// elements of scratch a sample and one, fixed, that is kept.
template <class C, class F>
void elementwise_loss_forward(C& c, in<C> a, in<C> b, out<C> y, F value) noexcept {
  using T = typename C::scalar;
  const in<C> both[] = {a, b};
  const view<T> room{c.scratch(), a.samples, a.size(), a.of};
  T total = 0, count = 0;
  each_part(inputs<C>{both, 2}, a.samples, [&](auto part, auto valid) {
    if (!valid(0) || !valid(1)) return;
    const matrix<T> d = part(room);
    C::kernels::map(d, [=](auto u, auto v) { return value(u - v); }, part(a), part(b));
    total += C::kernels::sum(d.rows * d.columns, d.data);
    count += T(d.rows * d.columns);
  });
  *c.saved_fixed() = count;
  *y.data = count > 0 ? total / count : T(0);
}
// slope(d): the derivative of value(d), odd.
template <class C, class F>
void elementwise_loss_backward(C& c, in<C> a, in<C> b, in<C> dy, out<C> da, out<C> db, F slope) noexcept {
  using T = typename C::scalar;
  const in<C> both[] = {a, b};
  const T scale = *dy.data / *c.saved_fixed();
  each_part(inputs<C>{both, 2}, a.samples, [&](auto part, auto valid) {
    if (!valid(0) || !valid(1)) return;
    const auto gradient = [=](auto u, auto v) { return decltype(u)(scale) * slope(u - v); };
    if (da) C::kernels::map_add(part(da), gradient, part(a), part(b));
    if (db) C::kernels::map_add(part(db), gradient, part(b), part(a));
  });
}

}  // namespace detail
}  // namespace tectum
