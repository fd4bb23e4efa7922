// The text of an architecture: a flat list of nodes of plain data. A pipeline is a fragment with a hole.
#pragma once

#include <tectum/architecture/operator_table.hpp>
#include <tectum/architecture/text.hpp>

namespace tectum::inline TECTUM_ABI {

// The characters of a name; there is one object for each name in a program.
struct label {
  const char* characters;
  int length;
};
template <text Characters>
inline constexpr label label_of{Characters.characters, Characters.size()};

// Every node but the first three kinds may be followed by a region of `body` nodes that belongs to it.
//   here      the hole of a pipeline               link     the value of an earlier node
//   carried   the value a repetition carries       declare  an input; its shape stands in the slots
//   apply     an operator                          refer    a named value
//   call      a named pipeline                     repeat   the region, `count` times, each with its own parameters
//   freeze    the region, parameters not trained   embed    an architecture as an operator
//   define    an equation: name = region           also     a further name of the equation before it
enum class does : unsigned char {
  here,
  carried,
  link,
  declare,
  apply,
  refer,
  call,
  repeat,
  freeze,
  embed,
  define,
  also
};

struct node {
  does what = does::here;
  const operator_table* op = nullptr;
  const label* name = nullptr;
  int count = 0;  // operands; of repeat: times
  int body = 0;
  int slots = 0;  // options, then for each operand how many nodes back it stands
};

template <class... Ops>
struct types {};

namespace detail {
template <class List, class Op>
struct with_type;
template <class... Ops, class Op>
struct with_type<types<Ops...>, Op> {
  static consteval auto pick() {
    if constexpr ((std::is_same_v<Ops, Op> || ...)) return types<Ops...>{};
    else return types<Ops..., Op>{};
  }
  using type = decltype(pick());
};
template <class A, class B>
struct joined_types {
  using type = A;
};
template <class A, class First, class... Rest>
  requires(!std::is_same_v<A, types<First, Rest...>>)
struct joined_types<A, types<First, Rest...>> {
  using type = typename joined_types<typename with_type<A, First>::type, types<Rest...>>::type;
};
template <class A, class B>
using join_types = typename joined_types<A, B>::type;

template <class... Lists>
struct all_types {
  using type = types<>;
};
template <class First>
struct all_types<First> {
  using type = First;
};
template <class A, class B, class... Rest>
struct all_types<A, B, Rest...> {
  using type = typename all_types<join_types<A, B>, Rest...>::type;
};
template <class... Lists>
using join_types_of = typename all_types<Lists...>::type;
}  // namespace detail

// `Types`: each operator type that occurs, once. N nodes, S slots.
template <class Types, int N, int S>
struct fragment {
  using operator_types = Types;
  static constexpr int node_count = N, slot_count = S;
  node nodes[N > 0 ? N : 1]{};
  slot slots[S > 0 ? S : 1]{};
  const char* mistake = nullptr;
};

namespace detail {

// Copies nodes and slots one behind the other.
template <class Fragment>
struct builder {
  Fragment result{};
  int nodes = 0, slots = 0;

  constexpr void add(const node& n) { result.nodes[nodes++] = n; }
  constexpr void add_slot(slot s) { result.slots[slots++] = s; }
  template <class T, int N, int S>
  constexpr int add(const fragment<T, N, S>& f) {
    copy(f.nodes, N, result.nodes + nodes);
    copy(f.slots, S, result.slots + slots);
    nodes += N;
    slots += S;
    if (f.mistake) result.mistake = f.mistake;
    return nodes - 1;
  }
  // One step of constant evaluation on clang, which allows a million of them.
  template <class T>
  static constexpr void copy(const T* from, int n, T* to) {
#if defined(__clang__)
    if (n > 0) __builtin_memcpy(to, from, static_cast<unsigned>(n) * sizeof(T));
#else
    for (int i = 0; i < n; ++i) to[i] = from[i];
#endif
  }
  // An operand of the node that is added next.
  constexpr void add_operand(int target) { add_slot(static_cast<slot>(nodes - target)); }

  // Gives the holes among the nodes from `begin` on another meaning. Slot `s` is that of node `begin`.
  constexpr bool fill_holes(int begin, int s, does with, int target) {
    bool any = false;
    for (int i = begin; i < nodes; ++i) {
      node& n = result.nodes[i];
      if (n.what == does::here) {
        n.what = with;
        n.count = 1;
        result.slots[s] = static_cast<slot>(i - target);
        any = true;
      }
      const int region = n.what == does::embed ? n.body : 0;
      s += n.slots;
      for (int k = 0; k < region; ++k) s += result.nodes[++i].slots;
    }
    return any;
  }
};

template <class T>
inline constexpr bool is_fragment = false;
template <class T, int N, int S>
inline constexpr bool is_fragment<fragment<T, N, S>> = true;

template <class T>
inline constexpr bool is_name = false;

constexpr node hole() { return {.what = does::here, .slots = 1}; }

}  // namespace detail

// The place in a pipeline where its input goes; needed only where it is used more than once, or not first.
struct here_type {};
inline constexpr here_type here{};

template <class T>
concept operator_value = describes_operator<std::remove_cvref_t<T>>;
template <class T>
concept name_object = detail::is_name<std::remove_cvref_t<T>>;
template <class T>
concept fragment_value = detail::is_fragment<std::remove_cvref_t<T>>;
template <class T>
concept architecture_value = requires { typename std::remove_cvref_t<T>::architecture_tag; };
// What may stand in an equation.
template <class T>
concept part = operator_value<T> || name_object<T> || fragment_value<T> ||
               std::is_same_v<std::remove_cvref_t<T>, here_type> || architecture_value<T>;

namespace detail {

template <class Op>
constexpr auto apply_node() {
  return node{.what = does::apply, .op = &table_of_operator<Op>, .slots = option_count<Op>};
}

template <class Result, class Op>
constexpr void add_apply(builder<Result>& b, const Op& op, const int* operands, int count) {
  node n = apply_node<Op>();
  n.count = count;
  n.slots += count;
  slot options[option_count<Op> > 0 ? option_count<Op> : 1]{};
  store_options(op, options);
  for (int i = 0; i < option_count<Op>; ++i) b.add_slot(options[i]);
  for (int i = 0; i < count; ++i) b.add_operand(operands[i]);
  b.add(n);
}

template <class Result, class Architecture>
constexpr void add_embedded(builder<Result>& b, const Architecture& a, const int* operands, int count) {
  for (int i = 0; i < count; ++i) b.add_operand(operands[i]);
  b.add(node{.what = does::embed, .count = count, .body = Architecture::text_type::node_count, .slots = count});
  b.add(a.text);
}

// As something that has a value: a name refers to it, an operator waits for its input, unless it takes none.
template <class P>
constexpr auto as_fragment(const P& p) {
  if constexpr (fragment_value<P>) {
    return p;
  } else if constexpr (std::is_same_v<P, here_type>) {
    builder<fragment<types<>, 1, 1>> b;
    b.add_slot(0);
    b.add(hole());
    return b.result;
  } else if constexpr (name_object<P>) {
    builder<fragment<types<>, 1, 0>> b;
    b.add(node{.what = does::refer, .name = P::entry()});
    return b.result;
  } else if constexpr (architecture_value<P>) {
    using text = typename P::text_type;
    builder<fragment<typename text::operator_types, text::node_count + 2, text::slot_count + 2>> b;
    b.add_slot(0);
    b.add(hole());
    const int operand = 0;
    add_embedded(b, p, &operand, 1);
    return b.result;
  } else if constexpr (arity_of<P>() == 0) {
    builder<fragment<types<P>, 1, option_count<P>>> b;
    add_apply(b, p, nullptr, 0);
    return b.result;
  } else {
    builder<fragment<types<P>, 2, option_count<P> + 2>> b;
    b.add_slot(0);
    b.add(hole());
    const int operand = 0;
    add_apply(b, p, &operand, 1);
    return b.result;
  }
}

// As the right side of `|`: a name is a named pipeline there.
template <class P>
constexpr auto as_pipeline(const P& p) {
  if constexpr (name_object<P>) {
    builder<fragment<types<>, 2, 2>> b;
    b.add_slot(0);
    b.add(hole());
    b.add_operand(0);
    b.add(node{.what = does::call, .name = P::entry(), .count = 1, .slots = 1});
    return b.result;
  } else {
    return as_fragment(p);
  }
}

template <class A, int N, int S, class B, int M, int R>
constexpr auto pipe(const fragment<A, N, S>& x, const fragment<B, M, R>& p) {
  builder<fragment<join_types<A, B>, N + M, S + R>> b;
  b.add(x);
  b.add(p);
  if (!b.fill_holes(N, S, does::link, N - 1))
    b.result.mistake = "the right side of | has no place for an input: it is not a pipeline";
  return b.result;
}

template <class P>
using fragment_of = decltype(as_fragment(std::declval<const P&>()));

template <class Op, class... F>
constexpr auto fuse_fragments(const Op& op, const F&... operands) {
  using all = join_types_of<typename F::operator_types...>;
  if constexpr (architecture_value<Op>) {
    using text = typename Op::text_type;
    builder<fragment<join_types<all, typename text::operator_types>, (0 + ... + F::node_count) + 1 + text::node_count,
                     (0 + ... + F::slot_count) + static_cast<int>(sizeof...(F)) + text::slot_count>>
        b;
    const int ends[] = {b.add(operands)...};
    add_embedded(b, op, ends, static_cast<int>(sizeof...(F)));
    return b.result;
  } else {
    builder<fragment<typename with_type<all, Op>::type, (0 + ... + F::node_count) + 1,
                     (0 + ... + F::slot_count) + option_count<Op> + static_cast<int>(sizeof...(F))>>
        b;
    const int ends[] = {b.add(operands)...};
    add_apply(b, op, ends, static_cast<int>(sizeof...(F)));
    return b.result;
  }
}

}  // namespace detail

// An operator, or an architecture, applied to several parts: names, pipelines on names, `tt::here`.
template <class Op, part... Parts>
  requires(operator_value<Op> || architecture_value<Op>) && (sizeof...(Parts) > 0)
constexpr auto fuse(const Op& op, const Parts&... parts) {
  return detail::fuse_fragments(op, detail::as_fragment(parts)...);
}

// The left side flows into the right one.
template <part L, part R>
constexpr auto operator|(const L& left, const R& right) {
  if constexpr (operator_value<R> || architecture_value<R>)
    return detail::fuse_fragments(right, detail::as_fragment(left));
  else return detail::pipe(detail::as_fragment(left), detail::as_pipeline(right));
}

// What cannot be an equation, told in one sentence.
namespace detail {
template <class T>
inline constexpr bool is_no_aggregate = false;
template <class T>
  requires requires {
    T::name;
    &T::infer;
  }
inline constexpr bool is_no_aggregate<T> = !std::is_aggregate_v<T>;
template <class T>
inline constexpr bool is_part = part<T>;
template <class T>
constexpr void explain() {
  static_assert(!is_no_aggregate<T>,
                "tectum: an operator is an aggregate: its options are public members and it has no constructor");
}
}  // namespace detail
template <part L, class R>
  requires(!part<R>)
constexpr auto operator|(const L& left, const R&) {
  detail::explain<R>();
  static_assert(detail::is_part<R> || detail::is_no_aggregate<R>,
                "tectum: the right side of | must be an operator, a pipeline or a name");
  return detail::as_fragment(left);
}
template <class L, part R>
  requires(!part<L>)
constexpr auto operator|(const L&, const R& right) {
  detail::explain<L>();
  static_assert(detail::is_part<L> || detail::is_no_aggregate<L>,
                "tectum: the left side of | must be a name, an operator or a pipeline");
  return detail::as_pipeline(right);
}

// The pipeline `times` over, each time with parameters of its own; its result must have the shape of its input.
template <part P>
constexpr auto repeat(int times, const P& pipeline) {
  using inner = decltype(detail::as_pipeline(pipeline));
  detail::builder<fragment<typename inner::operator_types, inner::node_count + 2, inner::slot_count + 2>> b;
  b.add_slot(0);
  b.add(detail::hole());
  b.add_operand(0);
  b.add(node{.what = does::repeat, .count = times, .body = inner::node_count, .slots = 1});
  b.add(detail::as_pipeline(pipeline));
  b.fill_holes(2, 2, does::carried, 0);
  return b.result;
}

// The pipeline with parameters that training leaves as they are.
template <part P>
constexpr auto frozen(const P& pipeline) {
  using inner = decltype(detail::as_pipeline(pipeline));
  detail::builder<fragment<typename inner::operator_types, inner::node_count + 1, inner::slot_count>> b;
  b.add(node{.what = does::freeze, .body = inner::node_count});
  b.add(detail::as_pipeline(pipeline));
  return b.result;
}

}  // namespace tectum
