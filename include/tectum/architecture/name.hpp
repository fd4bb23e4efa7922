// Names: what equations define and calls bind. A name is an object, so a misspelt one does not compile.
#pragma once

#include <tectum/architecture/fragment.hpp>

namespace tectum::inline TECTUM_ABI {

// An equation: one name (or several, for an operator of several results) and what it stands for.
template <class Types, int N, int S>
struct equation {
  fragment<Types, N, S> text;
};

// An input of the network: a modality, by its shape.
struct input {
  tectum::shape shape;
  template <class Modality>
    requires requires(Modality m) { shape_of(m); }
  constexpr explicit input(Modality modality) : shape(shape_of(modality)) {}
};

namespace detail {

inline constexpr int declaration_slots = 9;

constexpr void add_define(auto& b, const label* const* names, int count, int body) {
  b.add(node{.what = does::define, .name = names[0], .count = count, .body = body});
  for (int i = 1; i < count; ++i) b.add(node{.what = does::also, .name = names[i]});
}

// The right side of an equation; an operator or a pipeline stays one.
template <int Names, class P>
constexpr auto define(const label* const* names, const P& part) {
  using text = fragment_of<P>;
  builder<fragment<typename text::operator_types, text::node_count + Names, text::slot_count>> b;
  add_define(b, names, Names, Names - 1 + text::node_count);
  b.add(as_fragment(part));
  return equation<typename text::operator_types, text::node_count + Names, text::slot_count>{b.result};
}

inline constexpr auto declare(const label* name, const input& in) {
  builder<fragment<types<>, 2, declaration_slots>> b;
  add_define(b, &name, 1, 1);
  const shape& s = in.shape;
  b.add_slot(static_cast<slot>(s.kind));
  b.add_slot(static_cast<slot>(s.rank));
  for (const int e : s.extent) b.add_slot(static_cast<slot>(e));
  b.add_slot((s.padded ? 1u : 0u) | (s.optional ? 2u : 0u) | (s.channels_last ? 4u : 0u));
  b.add_slot(static_cast<std::uint32_t>(s.limit) | static_cast<slot>(static_cast<std::uint32_t>(s.ignored)) << 32);
  b.add_slot(0);
  b.add(node{.what = does::declare, .slots = declaration_slots});
  return equation<types<>, 2, declaration_slots>{b.result};
}

constexpr shape declared_shape(const slot* s) {
  shape r = make_shape(static_cast<kind>(s[0]), static_cast<int>(s[1]), static_cast<int>(s[2]), static_cast<int>(s[3]),
                       static_cast<int>(s[4]), static_cast<int>(s[5]));
  r.padded = (s[6] & 1) != 0;
  r.optional = (s[6] & 2) != 0;
  r.channels_last = (s[6] & 4) != 0;
  r.limit = static_cast<int>(static_cast<std::uint32_t>(s[7]));
  r.ignored = static_cast<int>(static_cast<std::uint32_t>(s[7] >> 32));
  return r;
}

// Stands for the result of an `=` that could not work, so that no second error follows.
struct no_equation {};

}  // namespace detail

template <class Name, class Tensor>
struct bind_tensor;  // model/call.hpp: how a name takes the caller's tensor

template <text Characters>
struct name {
  static constexpr const label* entry() { return &label_of<Characters>; }
  static constexpr const char* c_str() { return Characters.characters; }

  // In an architecture: an equation.
  constexpr auto operator=(const input& in) const { return detail::declare(entry(), in); }
  template <part P>
  constexpr auto operator=(const P& what) const {
    const label* const names[] = {entry()};
    return detail::define<1>(names, what);
  }
  // In a call: this input's tensor.
  template <class Tensor>
    requires(!part<Tensor> && !std::is_same_v<std::remove_cvref_t<Tensor>, input>)
  constexpr auto operator=(Tensor&& tensor) const {
    return bind_tensor<name, Tensor>::bind(static_cast<Tensor&&>(tensor));
  }
};

template <text Characters>
inline constexpr bool detail::is_name<name<Characters>> = true;

// Several names for the results of one operator, in its order: `tt::named(a, b) = x | tt::split{3}`.
template <name_object... Names>
struct name_list {
  template <part P>
  constexpr auto operator=(const P& what) const {
    const label* const names[] = {Names::entry()...};
    return detail::define<static_cast<int>(sizeof...(Names))>(names, what);
  }
};
template <name_object... Names>
constexpr name_list<Names...> named(const Names&...) {
  return {};
}

// The list of equations, in any order.
template <class... T, int... N, int... S>
constexpr auto equations(const equation<T, N, S>&... all) {
  detail::builder<fragment<detail::join_types_of<T...>, (0 + ... + N), (0 + ... + S)>> b;
  (b.add(all.text), ...);
  return b.result;
}

}  // namespace tectum
