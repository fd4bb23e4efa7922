// Other extents for the same elements: what gives flat storage, and pointers, a shape.
#pragma once

#include <tectum/tensor/annotate.hpp>

namespace tectum::inline TECTUM_ABI {

// A few extents, of which only those in use are copied.
struct extent_list {
  int rank;
  index extent[max_rank];

  template <int N>
  constexpr explicit extent_list(const dimension (&extents)[N]) : rank(N),
                                                                  extent{} {
    static_assert(N <= max_rank, "tectum: a tensor has at most six axes");
    for (int i = 0; i < N; ++i) extent[i] = extents[i];
  }
  constexpr extent_list(const extent_list& other) : rank(other.rank) {
    for (int i = 0; i < rank; ++i) extent[i] = other.extent[i];
  }
  extent_list& operator=(const extent_list&) = delete;
};

// A contiguous tensor read in other extents; also what gives flat storage its extents.
template <class Held>
struct reshaped {
  Held held;
  extent_list extents;
};

namespace boundary {
template <class S>
struct flat {
  S* data;
};

template <class L>
auto reshape_layout(const L& inner, const extent_list& extents, bool known) {
  auto layout = row_major_layout(inner.data, extents.extent, extents.rank);
  if (!known && (layout.size() != inner.size() || !inner.contiguous())) {
    message text("reshape: expected a contiguous tensor of ");
    text.append(layout.size()).append(" elements for ").append_extents(extents.extent, extents.rank).append(", got ");
    text.append_extents(inner.extent, inner.rank).append(inner.contiguous() ? "" : " with gaps or in another order");
    fail(error_kind::shape, text);
  }
  return layout;
}
}  // namespace boundary

template <class S>
struct tensor_traits<boundary::flat<S>> {
  using scalar = std::remove_cv_t<S>;
  static tensor_layout<S> layout(const boundary::flat<S>& x) noexcept { return {x.data, 0, {}, {}}; }
};

template <class Held>
struct tensor_traits<reshaped<Held>> {
  using inner = std::remove_cvref_t<Held>;
  static constexpr bool known = requires(inner x) { []<class S>(boundary::flat<S>) {}(x); };
  using scalar = typename tensor_traits<inner>::scalar;
  static tensor_layout<const scalar> layout(const reshaped<Held>& x) {
    return boundary::reshape_layout(tensor_traits<inner>::layout(std::as_const(x.held)), x.extents, known);
  }
  static auto layout(reshaped<Held>& x) {
    return boundary::reshape_layout(tensor_traits<inner>::layout(x.held), x.extents, known);
  }
};

// The elements of x, in order, as a tensor of these extents: `reshape(x, {batch, 12, 64})`. Fails when bound if x has
// gaps or another number of elements.
template <tensor_like X, int N>
constexpr auto reshape(X&& x, const dimension (&extents)[N]) {
  using plain = std::remove_cvref_t<X>;
  // Unlike a bound tensor, an lvalue stays what it is, so that a result can be copied to it.
  if constexpr (std::is_lvalue_reference_v<X> && !lazy_tensor<plain>) return reshaped<X>{x, extent_list(extents)};
  else
    return reshaped<decltype(boundary::hold(static_cast<X&&>(x)))>{boundary::hold(static_cast<X&&>(x)),
                                                                   extent_list(extents)};
}
// The same under the name that reads better for flat storage: `tensor(values, {batch, width})`; values may be a
// pointer, whose extents nothing can check.
template <class X, int N>
constexpr auto tensor(X&& x, const dimension (&extents)[N]) {
  using plain = std::remove_cvref_t<X>;
  if constexpr (std::is_pointer_v<plain>)
    return reshaped<boundary::flat<std::remove_pointer_t<plain>>>{{x}, extent_list(extents)};
  else return reshape(static_cast<X&&>(x), extents);
}

}  // namespace tectum
