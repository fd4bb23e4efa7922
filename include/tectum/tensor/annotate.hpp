// What a caller says about a tensor at the call: columns, padded, masked, optional, absent, channels last.
#pragma once

#include <tectum/tensor/traits.hpp>
#include <utility>

namespace tectum::inline TECTUM_ABI {

struct nothing {};
struct absent_t {};
// In place of a tensor: the whole batch lacks this modality; the input must be declared optional.
inline constexpr absent_t absent{};

// A tensor with what was said about it. Data is a reference to the caller's tensor, or a value where that was a
// temporary or lazy; Tokens (lengths or a mask) and Present are annotated themselves, or nothing.
template <class Data, class Tokens = nothing, class Present = nothing>
struct annotated {
  Data data;
  [[no_unique_address]] Tokens tokens{};
  [[no_unique_address]] Present present{};
  bool columns = false, channels_last = false, lengths = false;
};

namespace boundary {

template <class X>
inline constexpr bool is_annotated = false;
template <class D, class T, class P>
inline constexpr bool is_annotated<annotated<D, T, P>> = true;

template <class X>
constexpr decltype(auto) hold(X&& x) {
  using plain = std::remove_cvref_t<X>;
  static_assert(tensor_like<plain>,
                "tectum: this type is not a tensor; include <tectum/eigen.hpp>, <tectum/eigen_tensor.hpp> or "
                "<tectum/xtensor.hpp>, or specialise tectum::tensor_traits for it");
  if constexpr (lazy_tensor<plain>) return tensor_traits<plain>::evaluate(x);
  else if constexpr (std::is_lvalue_reference_v<X> || std::is_array_v<plain>) return static_cast<const plain&>(x);
  else return plain(static_cast<X&&>(x));
}

template <class X>
constexpr auto annotate(X&& x) {
  using plain = std::remove_cvref_t<X>;
  if constexpr (is_annotated<plain>) return plain(static_cast<X&&>(x));
  else if constexpr (std::is_same_v<plain, absent_t>) return annotated<absent_t>{};
  else return annotated<decltype(hold(static_cast<X&&>(x)))>{hold(static_cast<X&&>(x))};
}

template <class D, class T, class P, class Tokens>
constexpr auto with_tokens(annotated<D, T, P>&& a, Tokens&& tokens, bool lengths) {
  static_assert(std::is_same_v<T, nothing>, "tectum: lengths or a mask were given twice");
  return annotated<D, std::remove_cvref_t<Tokens>, P>{static_cast<D&&>(a.data),
                                                      static_cast<Tokens&&>(tokens),
                                                      static_cast<P&&>(a.present),
                                                      a.columns,
                                                      a.channels_last,
                                                      lengths};
}
template <class D, class T, class P, class Present>
constexpr auto with_present(annotated<D, T, P>&& a, Present&& present) {
  static_assert(std::is_same_v<P, nothing>, "tectum: presence was given twice");
  return annotated<D, T, std::remove_cvref_t<Present>>{static_cast<D&&>(a.data),
                                                       static_cast<T&&>(a.tokens),
                                                       static_cast<Present&&>(present),
                                                       a.columns,
                                                       a.channels_last,
                                                       a.lengths};
}

}  // namespace boundary

// What may stand on the right of `name = x`.
template <class X>
concept bindable = tensor_like<X> || boundary::is_annotated<std::remove_cvref_t<X>> ||
                   std::is_same_v<std::remove_cvref_t<X>, absent_t>;

// Samples lie on the last axis of x: they are its columns. Without it, rows are samples.
template <bindable X>
constexpr auto columns(X&& x) {
  auto a = boundary::annotate(static_cast<X&&>(x));
  a.columns = true;
  return a;
}
// A picture or video whose channels lie on the last axis of a sample.
template <bindable X>
constexpr auto channels_last(X&& x) {
  auto a = boundary::annotate(static_cast<X&&>(x));
  a.channels_last = true;
  return a;
}
// Of sample b the first lengths[b] tokens are valid (0 to x's number of tokens); what follows is never read.
template <bindable X, bindable Lengths>
constexpr auto padded(X&& x, Lengths&& lengths) {
  return boundary::with_tokens(boundary::annotate(static_cast<X&&>(x)),
                               boundary::annotate(static_cast<Lengths&&>(lengths)), true);
}
// Token t of sample b is valid where mask(b, t) is not zero; integers or bool, [samples, tokens].
template <bindable X, bindable Mask>
constexpr auto masked(X&& x, Mask&& mask) {
  return boundary::with_tokens(boundary::annotate(static_cast<X&&>(x)), boundary::annotate(static_cast<Mask&&>(mask)),
                               false);
}
// Sample b is there where present[b] is not zero; integers or bool, [samples].
template <bindable X, bindable Present>
constexpr auto optional(X&& x, Present&& present) {
  return boundary::with_present(boundary::annotate(static_cast<X&&>(x)),
                                boundary::annotate(static_cast<Present&&>(present)));
}

}  // namespace tectum
