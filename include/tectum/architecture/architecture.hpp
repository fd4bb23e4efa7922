// architecture(...): a list of equations, checked, as a constexpr value; and its graph.
#pragma once

#include <tectum/architecture/lower.hpp>

namespace tectum::inline TECTUM_ABI {

template <class Text>
struct architecture_type {
  struct architecture_tag {};
  using text_type = Text;
  Text text{};
  graph_sizes sizes{};  // of its graph
  bool wrong = false;   // a mistake has been found in it
};

namespace detail {

template <class Text>
constexpr lowering lower(const Text& t) {
  return lowering({t.nodes, Text::node_count}, {t.slots, Text::slot_count}, t.mistake);
}
template <class Text>
constexpr sentence<512> mistake_in(const Text& t) {
  return lower(t).mistake();
}

// The sentence of a wrong architecture, as template arguments, so that every compiler prints it. clang cuts an argument
// off after some thirty characters: it gets the sentence in pieces.
template <text... Words>
inline constexpr bool right = false;
template <text... Words>
struct mistake {
  static_assert(right<Words...>, "tectum: this architecture is wrong; the sentence stands between the quotes");
  static constexpr int told = 1;
};

#if defined(__clang__)
inline constexpr int most_characters = 30;
#else
inline constexpr int most_characters = 511;
#endif

// Where the piece that begins at `begin` ends: behind a blank, if it has one.
constexpr int end_of_piece(const sentence<512>& s, int begin) {
  if (s.length - begin <= most_characters) return s.length;
  int end = begin + most_characters;
  while (end > begin && s.characters[end - 1] != ' ') --end;
  return end > begin ? end : begin + most_characters;
}

// Instantiating it is the error.
template <const auto& Sentence, int Begin = 0, text... Words>
struct report {
  static constexpr int end = end_of_piece(Sentence, Begin);
  static constexpr text<end - Begin + 1> piece{Sentence.characters + Begin, end - Begin};
  static constexpr auto next() {
    if constexpr (end == Sentence.length) return mistake<Words..., piece>{};
    else return report<Sentence, end, Words..., piece>{};
  }
  static constexpr int told = decltype(next())::told;
};

template <class Text>
constexpr architecture_type<Text> measured(const Text& t) {
  const lowering l = lower(t);
  return {t, l.sizes(), l.failed()};
}

template <class Equations>
struct checked {
  static constexpr auto value = measured(Equations{}());
};
template <const auto& Architecture>
struct explained {
  static constexpr auto sentence = mistake_in(Architecture.text);
};

}  // namespace detail

// Takes a lambda that returns tt::equations(...) and checks them where it stands; a lambda that captures (an
// architecture in a function of its parts) is checked where its result is used.
template <class Equations>
constexpr auto architecture(Equations make) {
  if constexpr (std::is_empty_v<Equations> && std::is_default_constructible_v<Equations>) {
    using checked = detail::checked<Equations>;
    if constexpr (checked::value.wrong)
      static_assert(detail::report<detail::explained<checked::value>::sentence>::told > 0);
    return checked::value;
  } else {
    return detail::measured(make());
  }
}

// Instantiating it checks an architecture that was not checked where it was made.
template <const auto& Architecture>
consteval bool is_right() {
  if constexpr (Architecture.wrong) static_assert(detail::report<detail::explained<Architecture>::sentence>::told > 0);
  return true;
}

// The graph of an architecture; lowered once in a program.
template <const auto& Architecture>
struct compiled {
  static constexpr graph_sizes sizes = Architecture.sizes;
  static constexpr auto make() {
    graph<sizes> g{};
    if (Architecture.wrong) return g;
    const lowering l = detail::lower(Architecture.text);
    const auto copy = [](const auto& from, auto* to) {
      for (int i = 0; i < from.size(); ++i) to[i] = from[i];
    };
    copy(l.values, g.values);
    copy(l.operators, g.operators);
    copy(l.inputs, g.inputs);
    copy(l.groups, g.groups);
    copy(l.parameters, g.parameters);
    copy(l.scopes, g.scopes);
    copy(l.masks, g.masks);
    copy(l.equations, g.equations);
    g.parameter_elements = l.parameter_elements;
    return g;
  }
  static constexpr auto built = make();
  static constexpr graph_view view() { return built.view(Architecture.text.slots); }
  using operator_types = typename decltype(Architecture.text)::operator_types;
};

// An architecture given as a temporary: tt::held<with(tt::mlb{128})> is one with a place in memory.
template <auto Architecture>
inline constexpr auto held = Architecture;

// Trained and other numbers in all parameters; shared ones count once.
template <class Text>
constexpr long long parameter_count(const architecture_type<Text>& a) {
  const lowering l = detail::lower(a.text);
  long long n = 0;
  for (const graph_parameter& p : l.parameters)
    if (p.what.role != role::buffer) n += p.what.size();
  return n;
}

// Multiplications (with their additions) of products in one forward pass of one sample.
template <class Text>
constexpr long long multiply_adds(const architecture_type<Text>& a) {
  const lowering l = detail::lower(a.text);
  long long n = 0;
  for (const graph_operator& o : l.operators) {
    shape in[most_inputs]{};
    for (int k = 0; k < o.input_count; ++k) in[k] = l.values[l.inputs[o.inputs + k]].shape;
    n += o.op->multiply_adds(a.text.slots + o.slots, {in, o.input_count});
  }
  return n;
}

}  // namespace tectum
