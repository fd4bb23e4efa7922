// A bound tensor with its type erased: everything behind a source is compiled once, whatever the caller's tensor is.
#pragma once

#include <tectum/tensor/reshape.hpp>

namespace tectum::inline TECTUM_ABI {

// Lengths, a mask or presence: integers or bool.
struct side_tensor {
  scalar_type type = scalar_type::unknown;
  const void* data = nullptr;
  int rank = 0;
  index extent[2] = {}, stride[2] = {};

  constexpr explicit operator bool() const { return rank != 0; }
};

// A caller's tensor as it lies in memory, samples first, and what was said about it.
struct source {
  scalar_type type = scalar_type::unknown;
  bool columns = false;        // samples were the last axis; only for messages, the layout has them first
  bool channels_last = false;  // said at the call
  bool lengths = false;        // tokens holds lengths, not a mask
  bool absent = false;         // no sample of the batch has this modality; no layout
  tensor_layout<const void> layout{};
  side_tensor tokens{}, present{};
};

// What stands for an optional input that was not bound.
constexpr source absent_source() {
  source s;
  s.absent = true;
  return s;
}

namespace boundary {

template <class S>
constexpr void samples_first(tensor_layout<S>& l) {
  if (l.rank < 2) return;
  const index extent = l.extent[l.rank - 1], stride = l.stride[l.rank - 1];
  for (int i = l.rank - 1; i > 0; --i) {
    l.extent[i] = l.extent[i - 1];
    l.stride[i] = l.stride[i - 1];
  }
  l.extent[0] = extent;
  l.stride[0] = stride;
}

template <class Side>
side_tensor erase_side(const Side& side) {
  using plain = std::remove_cvref_t<decltype(side.data)>;
  auto layout = tensor_traits<plain>::layout(side.data);
  if (side.columns) samples_first(layout);
  // A rank beyond two is kept, so that the check sees it.
  side_tensor erased{scalar_type_of<scalar_of<plain>>(), layout.data, layout.rank, {}, {}};
  for (int i = 0; i < 2 && i < layout.rank; ++i) {
    erased.extent[i] = layout.extent[i];
    erased.stride[i] = layout.stride[i];
  }
  return erased;
}

template <class D, class T, class P>
source erase(const annotated<D, T, P>& a) {
  using plain = std::remove_cvref_t<D>;
  if constexpr (std::is_same_v<plain, absent_t>) {
    return absent_source();
  } else {
    using scalar = scalar_of<plain>;
    static_assert(
        known_scalar<scalar>,
        "tectum: a tensor's scalar must be bool, uint8, int16, int32, uint32, int64, uint64, float or double");
    source s;
    s.type = scalar_type_of<scalar>();
    s.columns = a.columns;
    s.channels_last = a.channels_last;
    s.lengths = a.lengths;
    const auto layout = tensor_traits<plain>::layout(a.data);
    s.layout.data = layout.data;
    s.layout.rank = layout.rank;
    // Only what is used: a vector load of what was just stored in pieces would stall.
    for (int i = 0; i < layout.rank; ++i) {
      s.layout.extent[i] = layout.extent[i];
      s.layout.stride[i] = layout.stride[i];
    }
    if (a.columns) samples_first(s.layout);
    if constexpr (!std::is_same_v<T, nothing>) s.tokens = erase_side(a.tokens);
    if constexpr (!std::is_same_v<P, nothing>) s.present = erase_side(a.present);
    return s;
  }
}

}  // namespace boundary

// A named input with the tensor given for it. Lvalues are referred to, temporaries moved in, lazy ones evaluated
// once, here; the flags let a model check at compile time what its declaration allows.
template <class Name, class Held>
struct binding {
  using name = Name;
  static constexpr bool has_tokens = !std::is_same_v<decltype(Held::tokens), nothing>;
  static constexpr bool has_presence = !std::is_same_v<decltype(Held::present), nothing>;
  static constexpr bool is_absent = std::is_same_v<std::remove_cvref_t<decltype(Held::data)>, absent_t>;

  Held held;

  tectum::source source() const { return boundary::erase(held); }
};

// What `name = x` does.
template <class Name, bindable X>
constexpr auto bind(X&& x) {
  return binding<Name, decltype(boundary::annotate(static_cast<X&&>(x)))>{boundary::annotate(static_cast<X&&>(x))};
}

}  // namespace tectum
