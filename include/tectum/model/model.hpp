// A model: an architecture with parameters. Calling it is inference: const, safe from many threads, each with a
// workspace of its own.
#pragma once

#include <tectum/kernels/native.hpp>
#include <tectum/model/workspace.hpp>

namespace tectum::inline TECTUM_ABI {

// Several results, in the order in which they were wanted: auto [a, b] = model(workspace, a, b, ...).
template <class T, int N>
struct result_list {
  result<T> items[N];
  template <std::size_t I>
  const result<T>& get() const {
    return items[I];
  }
};

// A result with its own memory: what a call without a workspace gives.
template <class T>
class owned_result : public result<T> {
 public:
  owned_result(const view<const T>& v, memory<T> data)
      : result<T>(data.data(), v.samples, v.size(), v.shape()),
        data_(static_cast<memory<T>&&>(data)) {}

 private:
  memory<T> data_;
};

namespace detail {

// What is bound to input I: one of the arguments, or nothing.
template <const auto& Architecture, int I>
source source_of() {
  return absent_source();
}
template <const auto& Architecture, int I, class First, class... Rest>
source source_of(const First& first, const Rest&... rest) {
  constexpr graph_view g = compiled<Architecture>::view();
  if constexpr (is_binding<First>) {
    constexpr int v = find_input(g, First::name::entry());
    if constexpr (v >= 0 && g.values[v < 0 ? 0 : v].result == I) return first.source();
    else return source_of<Architecture, I>(rest...);
  } else {
    static_assert(name_object<First> || is_gradient<First>,
                  "tectum: an argument of a call is a name (wanted) or name = tensor");
    return source_of<Architecture, I>(rest...);
  }
}

// Checks the gradients given to `backward` and brings them in: dense, zero where the value is padded or absent.
template <class T>
void bring_gradients_in(const run<T>& r, arena<T>& a, range<int> wanted, const source* given, bound<T>* seeds) {
  const auto size_at_most = [&](int v) { return r.samples_of(r.described(v).shape) * r.described(v).shape.size(); };
  index total = 0;
  for (const int v : wanted) total += size_at_most(v);
  T* room = a.seeds(total);
  for (int i = 0, k = 0; i < wanted.count; ++i, ++k) {
    while (given[k].type == scalar_type::unknown) ++k;  // an argument of another kind
    const graph_value& g = r.described(wanted[i]);
    const bool once = g.shape.kind == kind::scalar;
    const shape expected = once ? features_of(1) : g.shape.unmasked();
    const char* name = "";
    for (const graph_equation& e : r.graph.equations)
      if (e.value == wanted[i]) name = e.name->characters;
    check(given[k], expected, name, r.samples_of(g.shape));
    seeds[i] = bring_in<T>(given[k], expected, name, r.samples_of(g.shape), room, nullptr, nullptr);
    if (g.mask >= 0) {
      const view<T> dense{room, r.batch, g.shape.size(), &g.shape, r.mask(g.mask)};
      if (seeds[i].data != room)
        for (index b = 0; b < r.batch; ++b)
          std::memcpy(static_cast<void*>(dense.sample(b)), seeds[i].data + b * seeds[i].stride,
                      static_cast<std::size_t>(dense.size()) * sizeof(T));
      clear_invalid(dense);
      seeds[i] = {room, nullptr, r.batch, dense.size(), nullptr, true};
    }
    room += size_at_most(wanted[i]);
  }
}

// Checks the inputs that are needed, then brings them in. Throws before anything has changed that a later call could
// see.
template <class T>
void bring_all_in(run<T>& r, arena<T>& a, range<int> needed, const source* sources) {
  const auto name = [&](int v) { return r.graph.values[v].name ? r.graph.values[v].name->characters : ""; };
  r.batch = -1;
  for (const int v : needed) {
    const graph_value& g = r.graph.values[v];
    const index samples = check(sources[g.result], g.shape, name(v), r.batch);
    if (samples >= 0) r.batch = samples;
  }
  if (r.batch > a.capacity())
    fail(error_kind::state, message("the workspace was made for batches of at most ")
                                .append(a.capacity())
                                .append(" samples, got ")
                                .append(r.batch));
  for (const int v : needed) {
    const graph_value& g = r.graph.values[v];
    const view<T> place = r.value(v);
    a.inputs()[g.result] = bring_in<T>(
        sources[g.result], g.shape, name(v), r.batch, place.data,
        g.shape.holds_ids() ? a.ids() + r.plan.values[v].at.per_sample * a.capacity() : nullptr, r.mask(g.mask));
  }
}

}  // namespace detail

template <const auto& Architecture, class T = float, class Engine = native>
class model {
  static_assert(is_right<Architecture>());

 public:
  using scalar = T;
  using engine = Engine;
  using workspace_type = workspace<Architecture, T>;

  // Parameters initialised as each operator says, from the seed.
  explicit model(seed s = {}) : parameters_(graph().parameter_elements) {
    initialise_parameters(graph(), s, parameters_.data());
  }

  static constexpr graph_view graph() { return compiled<Architecture>::view(); }
  static constexpr index parameter_count() { return static_cast<index>(tectum::parameter_count(Architecture)); }

  // Inference into the workspace; allocates nothing. Arguments: names of what is wanted (nothing: all outputs), and
  // name = tensor for each input that it needs. Gives a view, valid until the workspace is used again.
  template <class... Arguments>
  auto operator()(workspace_type& w, const Arguments&... arguments) const TECTUM_NONBLOCKING {
    using call = detail::call<Architecture, mode::inference, detail::wanted_of<Arguments...>>;
    run<T> r = start<call>(w, arguments...);
    run_forward(r, call::template function_table<T, Engine>.of);
    return outputs<call>(r);
  }
  // The short form, with a workspace of its own: allocates. Gives an owning result.
  template <class... Arguments>
    requires(sizeof...(Arguments) > 0) && (detail::is_binding<Arguments> || ...)
  auto operator()(const Arguments&... arguments) const {
    using call = detail::call<Architecture, mode::inference, detail::wanted_of<Arguments...>>;
    static_assert(call::wanted.count == 1, "tectum: a call without a workspace gives one result: name the wanted one");
    const source_list sources = sources_of<call>(arguments...);
    arena<T> a(batch_of<call>(sources.items), input_count);
    run<T> r = start_from<call>(a, sources.items);
    run_forward(r, call::template function_table<T, Engine>.of);
    outputs<call>(r);
    const view<const T> v = r.operand(call::wanted.values[0]);
    memory<T> copy(v.samples * v.size());
    for (index b = 0; b < v.samples; ++b)
      std::memcpy(copy.data() + b * v.size(), v.sample(b), static_cast<std::size_t>(v.size()) * sizeof(T));
    return owned_result<T>(v, static_cast<memory<T>&&>(copy));
  }

  // Forward and backward: sets the workspace's gradients to those of the wanted losses (nothing named: all), and gives
  // the losses. `call_number` chooses the random numbers of dropout.
  template <class... Arguments>
  auto gradients(workspace_type& w, const Arguments&... arguments) {
    return gradients_at({}, w, arguments...);
  }
  template <class... Arguments>
  auto gradients_at(random_stream random, workspace_type& w, const Arguments&... arguments) {
    T* const g = w.gradients(graph().parameter_elements);
    if (g) std::memset(static_cast<void*>(g), 0, static_cast<std::size_t>(graph().parameter_elements) * sizeof(T));
    return add_gradients(random, w, arguments...);
  }
  // The same, added to what the workspace's gradients hold.
  template <class... Arguments>
  auto add_gradients(random_stream random, workspace_type& w, const Arguments&... arguments) {
    using call = detail::call<Architecture, mode::training, detail::wanted_of<Arguments...>>;
    T* const g = w.gradients(graph().parameter_elements);
    run<T> r = start<call>(w, arguments...);
    r.training = r.recording = true;
    r.random = random;
    r.gradients = g;
    r.part_gradients = w.part_gradients(call::plan(), graph().parameter_elements);
    r.buffers = parameters_.data();
    constexpr const step_functions<T>* functions = call::template function_table<T, Engine>.of;
    run_forward(r, functions);
    run_backward<T, Engine>(r, functions, call::wanted_values());
    return outputs<call>(r);
  }

  // Backward from gradients that the caller has: for a network that is a part of something else. Arguments:
  // tt::gradient(y) = tensor for each value that a gradient comes to, and name = tensor for the inputs. Sets the
  // workspace's gradients, of the parameters and, read with workspace.gradient(x), of the inputs; gives the values, in
  // that order.
  template <class... Arguments>
  auto backward(workspace_type& w, const Arguments&... arguments) {
    return backward_at({}, w, arguments...);
  }
  template <class... Arguments>
  auto backward_at(pass how, workspace_type& w, const Arguments&... arguments) {
    static_assert((0 + ... + (detail::is_gradient<Arguments> ? 1 : 0)) > 0 && !(false || ... || name_object<Arguments>),
                  "tectum: backward needs tt::gradient(y) = tensor for what is wanted, instead of its name");
    using call = detail::call<Architecture, mode::backward, detail::wanted_of<Arguments...>>;
    T* const g = w.gradients(graph().parameter_elements);
    if (g) std::memset(static_cast<void*>(g), 0, static_cast<std::size_t>(graph().parameter_elements) * sizeof(T));
    run<T> r = start<call>(w, arguments...);
    const source given[] = {gradient_source(arguments)...};
    bound<T> seeds[call::wanted.count];
    derive_masks(r);
    detail::bring_gradients_in(r, w, call::wanted_values(), given, seeds);
    r.seeds = seeds;
    r.training = how.training;
    r.recording = true;
    r.random = how.random;
    r.gradients = g;
    r.part_gradients = w.part_gradients(call::plan(), graph().parameter_elements);
    if (how.training) r.buffers = parameters_.data();
    constexpr const step_functions<T>* functions = call::template function_table<T, Engine>.of;
    run_forward(r, functions);
    run_backward<T, Engine>(r, functions, call::wanted_values());
    for (int v = 0; v < graph().values.size(); ++v)
      if (graph().values[v].producer < 0) w.input_gradients()[graph().values[v].result] = r.gradient(v);
    return outputs<call>(r);
  }

  // The flat parameters, in the kernels' layout; padding between them is zero.
  T* data() { return parameters_.data(); }
  const T* data() const { return parameters_.data(); }
  index size() const { return parameters_.size(); }

  // Calls f(name, parameter, values) for every parameter; values point into data() in the kernels' layout. It is what
  // loading, saving and inspection are built on.
  template <class F>
  void for_each_parameter(F f) {
    for (int i = 0; i < graph().parameters.size(); ++i)
      f(parameter_name(graph(), i).data(), graph().parameters[i].what, data() + graph().parameters[i].offset);
  }
  template <class F>
  void for_each_parameter(F f) const {
    for (int i = 0; i < graph().parameters.size(); ++i)
      f(parameter_name(graph(), i).data(), graph().parameters[i].what, data() + graph().parameters[i].offset);
  }

  // One parameter by its name, in its canonical row-major shape; false if there is none of that name.
  template <class From>
  bool set(const char* name, const From* canonical) {
    const int i = find(name);
    if (i >= 0) store_parameter(graph().parameters[i].what, canonical, data() + graph().parameters[i].offset);
    return i >= 0;
  }
  template <class To>
  bool get(const char* name, To* canonical) const {
    const int i = find(name);
    if (i >= 0) read_parameter(graph().parameters[i].what, data() + graph().parameters[i].offset, canonical);
    return i >= 0;
  }
  // The gradient that `gradients` left in a workspace, likewise.
  template <class To>
  bool get_gradient(workspace_type& w, const char* name, To* canonical) const {
    const int i = find(name);
    if (i >= 0)
      read_parameter(graph().parameters[i].what, w.gradients(graph().parameter_elements) + graph().parameters[i].offset,
                     canonical);
    return i >= 0;
  }
  static int find(const char* name) {
    for (int i = 0; i < graph().parameters.size(); ++i)
      if (same_text(parameter_name(graph(), i).data(), name)) return i;
    return -1;
  }

 private:
  template <class Argument>
  static source gradient_source(const Argument& a) {
    if constexpr (detail::is_gradient<Argument>) return a.source();
    else return source();
  }
  template <class Call, class... Bindings>
  static constexpr void given(detail::binding_list<Bindings...>) {
    Call::template fits<Bindings...>();
  }

  static constexpr int input_count = compiled<Architecture>::sizes.bound;
  struct source_list {
    source items[input_count + 1];
  };
  template <class Call, class... Arguments>
  static source_list sources_of(const Arguments&... arguments) {
    given<Call>(detail::bindings_of<Arguments...>{});
    return each_source(std::make_integer_sequence<int, input_count>(), arguments...);
  }
  template <int... I, class... Arguments>
  static source_list each_source(std::integer_sequence<int, I...>, const Arguments&... arguments) {
    return {{detail::source_of<Architecture, I>(arguments...)..., source()}};
  }

  template <class Call, class... Arguments>
  run<T> start(arena<T>& a, const Arguments&... arguments) const TECTUM_NONBLOCKING {
    const source_list sources = sources_of<Call>(arguments...);
    return start_from<Call>(a, sources.items);
  }

  template <class Call>
  run<T> start_from(arena<T>& a, const source* sources) const TECTUM_NONBLOCKING {
    constexpr plan_view plan = Call::plan();
    a.ensure(plan);
    run<T> r{.graph = graph(), .plan = plan, .parameters = parameters_.data()};
    r.fixed = r.scalars = a.fixed();
    r.whole = a.per_sample();
    r.per_sample = a.per_sample() + plan.whole * a.capacity();
    r.per_pair = a.per_pair();
    r.masks = a.masks();
    r.inputs = a.inputs();
    r.capacity = r.room = a.capacity();
    r.threads = a.threads();
    detail::bring_all_in(r, a, {Call::needed.values, Call::needed.count}, sources);
    return r;
  }

  template <class Call>
  static index batch_of(const source* sources) {
    index batch = 0;
    for (int i = 0; i < Call::needed.count; ++i) {
      const graph_value& g = graph().values[Call::needed.values[i]];
      if (sources[g.result].absent) continue;
      const index samples = check(sources[g.result], g.shape, g.name->characters);
      if (samples > batch) batch = samples;
    }
    return batch;
  }

  template <class Call, int... I>
  static result_list<T, static_cast<int>(sizeof...(I))> list_of(const run<T>& r, std::integer_sequence<int, I...>) {
    return {{output_of(r, Call::wanted.values[I])...}};
  }
  static result<T> output_of(const run<T>& r, int v) {
    const view<const T> x = r.operand(v);
    return {x.data, x.samples, x.stride, x.shape()};
  }
  template <class Call>
  static auto outputs(const run<T>& r) {
    for (int i = 0; i < Call::wanted.count; ++i)
      if (r.described(r.plan.values[Call::wanted.values[i]].lies_in).producer >= 0)
        detail::clear_invalid(r.value(Call::wanted.values[i]));
    if constexpr (Call::wanted.count == 1) return output_of(r, Call::wanted.values[0]);
    else return list_of<Call>(r, std::make_integer_sequence<int, Call::wanted.count>());
  }

  memory<T> parameters_;
};

// A model of an architecture given as a temporary: tt::model_of<with(tt::mlb{128})>.
template <auto Architecture, class T = float, class Engine = native>
using model_of = model<held<Architecture>, T, Engine>;
template <auto Architecture, class T = float>
using workspace_of = workspace<held<Architecture>, T>;

}  // namespace tectum

template <class T, int N>
struct std::tuple_size<tectum::result_list<T, N>> {
  static constexpr std::size_t value = N;
};
template <std::size_t I, class T, int N>
struct std::tuple_element<I, tectum::result_list<T, N>> {
  using type = tectum::result<T>;
};
