// What one form of call needs, worked out at compile time: the wanted values, the plan, the inputs, the functions.
#pragma once

#include <tectum/model/planning.hpp>
#include <tectum/model/run.hpp>

namespace tectum::inline TECTUM_ABI {

// What `name = tensor` does in a call.
template <class Name, class Tensor>
struct bind_tensor {
  static constexpr auto bind(Tensor&& tensor) { return tectum::bind<Name>(static_cast<Tensor&&>(tensor)); }
};

// What `tt::gradient(name) = tensor` gives in a call of `backward`: the gradient that comes to this value from behind.
template <class Name, class Held>
struct gradient_binding {
  using seeded = Name;
  Held held;
  tectum::source source() const { return boundary::erase(held); }
};
template <name_object Name>
struct gradient_of {
  template <bindable X>
  constexpr auto operator=(X&& x) const {
    return gradient_binding<Name, decltype(boundary::annotate(static_cast<X&&>(x)))>{
        boundary::annotate(static_cast<X&&>(x))};
  }
};
template <name_object Name>
constexpr gradient_of<Name> gradient(const Name&) {
  return {};
}

namespace detail {

// One sentence each, in templates on nothing but the name, so that the error shows it.
template <bool Fine, text Name>
constexpr void an_input_needs_a_tensor() {
  static_assert(Fine, "tectum: an input has no tensor: give name = tensor for the input named here");
}
template <bool Fine, text Name>
constexpr void a_name_is_not_an_input() {
  static_assert(Fine, "tectum: the architecture has no input of the name given here");
}
template <bool Fine, text Name>
constexpr void an_input_is_given_twice() {
  static_assert(Fine, "tectum: the input named here is given two tensors");
}
template <bool Fine, text Name>
constexpr void an_input_is_always_there() {
  static_assert(Fine, "tectum: absence or presence is given for the input named here, which is not declared optional");
}
template <bool Fine, text Name>
constexpr void an_input_is_not_padded() {
  static_assert(Fine, "tectum: lengths or a mask are given for the input named here, which is not declared padded");
}
template <bool Fine, text Name>
constexpr void a_name_is_not_an_equation() {
  static_assert(Fine, "tectum: the architecture has no equation of the name wanted here");
}
template <bool Fine>
constexpr void something_to_train() {
  static_assert(Fine, "tectum: gradients need a loss: the architecture has none among the wanted names");
}
template <const label& Name>
constexpr auto shown() {
  return text<Name.length + 1>(Name.characters, Name.length);
}

template <class T>
inline constexpr bool is_binding = requires {
  typename std::remove_cvref_t<T>::name;
  std::remove_cvref_t<T>::is_absent;
};

template <class T>
inline constexpr bool is_gradient = requires { typename std::remove_cvref_t<T>::seeded; };

template <name_object... Names>
struct names {};

// The name objects of a list of arguments.
template <class Found, class... Args>
struct wanted_names {
  using type = Found;
};
template <class... Found, class First, class... Rest>
struct wanted_names<names<Found...>, First, Rest...> {
  static auto pick() {
    if constexpr (name_object<First>) return wanted_names<names<Found..., First>, Rest...>{};
    else if constexpr (is_gradient<First>) return wanted_names<names<Found..., typename First::seeded>, Rest...>{};
    else return wanted_names<names<Found...>, Rest...>{};
  }
  using type = typename decltype(pick())::type;
};
template <class... Args>
using wanted_of = typename wanted_names<names<>, std::remove_cvref_t<Args>...>::type;

template <class... Bindings>
struct binding_list {};
template <class Found, class... Args>
struct bindings_among {
  using type = Found;
};
template <class... Found, class First, class... Rest>
struct bindings_among<binding_list<Found...>, First, Rest...> {
  static auto pick() {
    if constexpr (is_binding<First>) return bindings_among<binding_list<Found..., First>, Rest...>{};
    else return bindings_among<binding_list<Found...>, Rest...>{};
  }
  using type = typename decltype(pick())::type;
};
template <class... Args>
using bindings_of = typename bindings_among<binding_list<>, std::remove_cvref_t<Args>...>::type;

constexpr int find_equation(const graph_view& g, const label* name) {
  for (const graph_equation& e : g.equations)
    if (e.name == name) return e.value;
  return -1;
}
constexpr int find_input(const graph_view& g, const label* name) {
  const int v = find_equation(g, name);
  return v >= 0 && g.values[v].producer < 0 && g.values[v].name == name ? v : -1;
}

struct wanted_list {
  int values[64]{};
  int count = 0;
};

template <const auto& Architecture, mode Mode, class Names>
struct call;

template <const auto& Architecture, mode Mode, class... Names>
struct call<Architecture, Mode, names<Names...>> {
  using source_graph = compiled<Architecture>;
  static constexpr graph_view graph() { return source_graph::view(); }

  // What is wanted: the names, or every equation that nothing else uses (of losses only, where gradients are wanted).
  static constexpr wanted_list find_wanted() {
    wanted_list w;
    const graph_view g = graph();
    if constexpr (sizeof...(Names) > 0) {
      ((w.values[w.count++] = larger(find_equation(g, Names::entry()), 0)), ...);
    } else {
      for (const graph_equation& e : g.equations)
        if (e.output && (Mode == mode::inference || g.values[e.value].shape.kind == kind::scalar))
          w.values[w.count++] = e.value;
    }
    return w;
  }
  static constexpr int larger(int a, int b) { return a > b ? a : b; }
  static constexpr wanted_list wanted = find_wanted();
  static constexpr range<int> wanted_values() { return {wanted.values, wanted.count}; }
  static constexpr bool any_loss() {
    for (int i = 0; i < wanted.count; ++i)
      if (graph().values[wanted.values[i]].shape.kind == kind::scalar) return true;
    return Mode != mode::training;
  }

  static constexpr auto make_plan() {
    tectum::plan<source_graph::sizes.values, source_graph::sizes.operators> p{};
    const planning made(graph(), wanted.values, wanted.count, Mode);
    for (const plan_value& v : made.values) p.values[p.value_count++] = v;
    for (const plan_step& s : made.steps) p.steps[p.step_count++] = s;
    for (const int c : made.clears) p.clears[p.clear_count++] = c;
    p.arena = made.arena;
    p.ids = made.ids;
    p.mask_bytes = made.mask_bytes;
    p.whole = made.whole;
    p.parts = made.parts;
    return p;
  }
  static constexpr auto planned = make_plan();
  static constexpr plan_view plan() { return planned.view(); }

  // The inputs that the plan needs.
  struct needed_inputs {
    int values[source_graph::sizes.bound + 1]{};
    int count = 0;
    constexpr needed_inputs() {
      for (int v = 0; v < graph().values.size(); ++v)
        if (planned.values[v].used && graph().values[v].producer < 0) values[count++] = v;
    }
  };
  static constexpr needed_inputs needed{};

  template <class T, class Engine>
  struct functions {
    step_functions<T> of[planned.step_count + 1]{};
    constexpr functions() {
      for (int i = 0; i < planned.step_count; ++i)
        of[i] = find_steps < T, Engine,
        Mode != mode::inference > (typename source_graph::operator_types{}, graph().operators[planned.steps[i].op].op);
    }
  };
  template <class T, class Engine>
  static constexpr functions<T, Engine> function_table{};

  // Instantiated by every call of this form: what is wrong with it is one error.
  template <class... Bindings>
  static constexpr void fits() {
    constexpr bool names_exist = (true && ... && (find_equation(graph(), Names::entry()) >= 0));
    (a_name_is_not_an_equation<(find_equation(graph(), Names::entry()) >= 0), shown<*Names::entry()>()>(), ...);
    if constexpr (names_exist) {
      something_to_train<any_loss()>();
      (names_an_input<Bindings, Bindings...>(), ...);
      if constexpr (any_loss() && (true && ... && (find_input(graph(), Bindings::name::entry()) >= 0)))
        all_given<Bindings...>();
    }
  }
  template <class Binding, class... All>
  static constexpr void names_an_input() {
    constexpr auto* entry = Binding::name::entry();
    constexpr int times = (0 + ... + (All::name::entry() == entry ? 1 : 0));
    constexpr int v = find_input(graph(), entry);
    a_name_is_not_an_input<(v >= 0), shown<*entry>()>();
    an_input_is_given_twice<times == 1, shown<*entry>()>();
    if constexpr (v >= 0) {
      constexpr shape declared = graph().values[v].shape;
      constexpr bool says_who_is_there = Binding::is_absent || Binding::has_presence;
      an_input_is_always_there<declared.optional || !says_who_is_there, shown<*entry>()>();
      an_input_is_not_padded<declared.padded || !Binding::has_tokens, shown<*entry>()>();
    }
  }
  template <class... Bindings>
  static constexpr int first_missing() {
    const graph_view g = graph();
    for (int v = 0; v < g.values.size(); ++v) {
      if (!planned.values[v].used || g.values[v].producer >= 0 || g.values[v].shape.optional) continue;
      if (!(false || ... || (Bindings::name::entry() == g.values[v].name))) return v;
    }
    return -1;
  }
  template <class... Bindings>
  static constexpr void all_given() {
    constexpr int v = first_missing<Bindings...>();
    if constexpr (v >= 0) an_input_needs_a_tensor<false, shown<*graph().values[v].name>()>();
  }
};

}  // namespace detail

}  // namespace tectum
