// One call: the plan's steps, walked forward and backward over one batch. Instantiated once for each scalar and engine,
// and once more for each type of operator.
#pragma once

#include <cstring>
#include <tectum/model/executor.hpp>
#include <tectum/model/plan.hpp>
#include <tectum/operators/operator.hpp>
#include <tectum/tensor/binding.hpp>

namespace tectum::inline TECTUM_ABI {

// How `backward` runs: the random numbers of dropout, and whether it drops and batch statistics are taken (true), or
// the network behaves as in inference.
struct pass {
  random_stream random{};
  bool training = true;
};

// Everything that a step looks at. Pointers into the model, the workspace and the caller's tensors.
template <class T>
struct run {
  graph_view graph;
  plan_view plan;
  const T* parameters = nullptr;
  T* gradients = nullptr;
  T* buffers = nullptr;
  // The arena, one stretch for each unit of a place; that of the samples is of a part of the batch.
  T* fixed = nullptr;
  T* per_sample = nullptr;
  T* per_pair = nullptr;
  T *scalars = nullptr, *whole = nullptr;  // of the whole batch
  std::uint8_t* masks = nullptr;
  const bound<T>* inputs = nullptr;
  index batch = 0, capacity = 0;
  index first = 0, room = 0;  // of a part of the batch: the samples before it, and how many its memory is for
  bool training = false, recording = false;
  random_stream random{};
  const bound<T>* seeds = nullptr;  // gradients of the wanted values; null: 1 of every loss
  executor threads{};
  T* part_gradients = nullptr;  // of the parts behind the first

  const graph_value& described(int v) const { return graph.values[v]; }
  std::uint8_t* mask(int m) const {
    return m < 0 ? nullptr : masks + graph.masks[m].at * capacity + first * graph.masks[m].length;
  }
  T* at(const place& p, const shape& s, bool of_all, int column, int stride) const {
    if (s.kind == kind::scalar) return scalars + p.fixed;
    if (of_all) return whole + p.per_sample * capacity + first * stride + column;
    return per_sample + p.per_sample * room + column;
  }
  index samples_of(const shape& s) const { return s.kind == kind::scalar ? 1 : batch; }

  view<T> value(int v) const {
    const plan_value& p = plan.values[v];
    const graph_value& g = described(v);
    T* const data = at(p.at, g.shape, p.whole, p.column, p.stride);
    return {data, samples_of(g.shape), p.stride, &g.shape, mask(g.mask)};
  }
  // A value as an input of a step: where the caller has it, if it was not copied.
  view<const T> operand(int v) const {
    const plan_value& p = plan.values[v];
    const graph_value& home = described(p.lies_in);
    if (home.producer >= 0) return value(v);
    const graph_value& g = described(v);
    const bound<T>& b = inputs[home.result];
    return {b.data ? b.data + first * b.stride : nullptr, batch, b.stride, &g.shape, mask(g.mask)};
  }
  token_ids id_operand(int v) const {
    const graph_value& g = described(v);
    const bound<T>& b = inputs[g.result];
    return {b.ids ? b.ids + first * b.stride : nullptr, batch, b.stride, &g.shape, mask(g.mask)};
  }
  view<T> gradient(int v) const {
    const plan_value& p = plan.values[v];
    const graph_value& g = described(v);
    if (!p.gradient) return {nullptr, samples_of(g.shape), p.gradient_stride, &g.shape, nullptr};
    T* const data = at(p.gradient_at, g.shape, p.gradient_whole, p.gradient_column, p.gradient_stride);
    return {data, samples_of(g.shape), p.gradient_stride, &g.shape, nullptr};
  }
};

namespace detail {

// Padded and absent places of what goes out are zero, whatever was computed there; likewise of gradients.
template <class T>
void clear_invalid(view<T> v) noexcept TECTUM_NONBLOCKING {
  if (!v.mask) return;
  const index length = v.of->padded ? v.length() : 1, token = v.size() / length;
  for (index b = 0; b < v.samples; ++b)
    for (index t = 0; t < length; ++t)
      if (!v.valid(b, t))
        for (index i = 0; i < token; ++i) v.sample(b)[t * token + i] = T(0);
}

// An input of a step, as whatever the operator's parameter asks for.
template <class T>
struct operand {
  const run<T>& r;
  int value;
  bool read = true;
  operator view<const T>() const {
    view<const T> v = r.operand(value);
    if (!read) v.data = nullptr;
    return v;
  }
  operator token_ids() const { return r.id_operand(value); }
};

template <class Op, class T, class Engine>
struct steps_of {
  static constexpr int arity = arity_of<Op>(), results = results_of<Op>();

  static context<T, Engine> around(const run<T>& r, const plan_step& s) noexcept {
    const graph_operator& o = r.graph.operators[s.op];
    context<T, Engine> c;
    if (o.group >= 0) {
      const graph_group& group = r.graph.groups[o.group];
      c.described = r.graph.parameters.items + group.parameters;
      if (!o.frozen) c.gradients = r.gradients;
    }
    c.parameters = r.parameters;
    c.buffers = r.buffers;
    c.saved_fixed_memory = r.fixed + s.saved.fixed;
    T* const samples = s.whole ? r.whole : r.per_sample;
    const index unit = s.whole ? r.capacity : r.room;
    c.saved_memory = samples + s.saved.per_sample * unit;
    c.saved_pair_memory = r.per_pair + s.saved.per_pair * r.capacity * r.capacity;
    c.scratch_fixed_memory = r.fixed + s.scratch.fixed;
    c.scratch_memory = samples + s.scratch.per_sample * unit;
    c.training = r.training;
    c.recording = r.recording;
    c.random = {r.random.seed, r.random.stream * 65536 + static_cast<std::uint64_t>(s.op)};
    c.batch = r.batch;
    c.first = r.first;
    if (s.folded >= 0) c.act = static_cast<activation>(r.graph.operators[s.folded].op->epilogue);
    return c;
  }

  template <int... I, int... R>
  static void forward(const Op& op, const run<T>& r, const plan_step& s, context<T, Engine>& c,
                      std::integer_sequence<int, I...>, std::integer_sequence<int, R...>) noexcept {
    [[maybe_unused]] const int* const x = r.graph.inputs.items + r.graph.operators[s.op].inputs;
    op.forward(c, operand<T>{r, x[I]}..., r.value(s.values + R)...);
  }
  template <int... I, int... R>
  static void backward(const Op& op, const run<T>& r, const plan_step& s, context<T, Engine>& c,
                       std::integer_sequence<int, I...>, std::integer_sequence<int, R...>) noexcept {
    [[maybe_unused]] const int* const x = r.graph.inputs.items + r.graph.operators[s.op].inputs;
    [[maybe_unused]] constexpr bool reads_inputs =
        (static_cast<int>(backward_reads_of<Op>()) & static_cast<int>(reads::inputs)) != 0;
    op.backward(c, operand<T>{r, x[I], reads_inputs}..., output(r, s.values + R)...,
                view<const T>(r.gradient(s.values + R))..., r.gradient(x[I])...);
  }
  // Of any number of inputs.
  template <int... R>
  static void forward(const Op& op, const run<T>& r, const plan_step& s, context<T, Engine>& c,
                      inputs<context<T, Engine>> x, std::integer_sequence<int, R...>) noexcept {
    op.forward(c, x, r.value(s.values + R)...);
  }
  template <int... R>
  static void backward(const Op& op, const run<T>& r, const plan_step& s, context<T, Engine>& c,
                       inputs<context<T, Engine>> x, outputs<context<T, Engine>> dx,
                       std::integer_sequence<int, R...>) noexcept {
    op.backward(c, x, output(r, s.values + R)..., view<const T>(r.gradient(s.values + R))..., dx);
  }
  static view<const T> output(const run<T>& r, int v) noexcept {
    view<const T> y = r.value(v);
    if constexpr ((static_cast<int>(backward_reads_of<Op>()) & static_cast<int>(reads::output)) == 0) y.data = nullptr;
    return y;
  }

  static void forward(const run<T>& r, const plan_step& s) noexcept TECTUM_NONBLOCKING {
    const graph_operator& o = r.graph.operators[s.op];
    const Op op = restore_options<Op>(r.graph.slots + o.slots);
    context<T, Engine> c = around(r, s);
    if constexpr (arity == any_number) {
      view<const T> x[most_inputs];
      for (int k = 0; k < o.input_count; ++k) x[k] = r.operand(r.graph.inputs[o.inputs + k]);
      forward(op, r, s, c, {x, o.input_count}, std::make_integer_sequence<int, results>());
    } else {
      forward(op, r, s, c, std::make_integer_sequence<int, arity>(), std::make_integer_sequence<int, results>());
    }
  }

  static void backward(const run<T>& r, const plan_step& s) noexcept TECTUM_NONBLOCKING {
    const graph_operator& o = r.graph.operators[s.op];
    const Op op = restore_options<Op>(r.graph.slots + o.slots);
    context<T, Engine> c = around(r, s);
    if constexpr (arity == any_number) {
      view<const T> x[most_inputs];
      view<T> dx[most_inputs];
      for (int k = 0; k < o.input_count; ++k) {
        const int v = r.graph.inputs[o.inputs + k];
        x[k] = operand<T>{r, v, (static_cast<int>(backward_reads_of<Op>()) & 1) != 0};
        dx[k] = r.gradient(v);
      }
      backward(op, r, s, c, {x, o.input_count}, {dx, o.input_count}, std::make_integer_sequence<int, results>());
    } else {
      backward(op, r, s, c, std::make_integer_sequence<int, arity>(), std::make_integer_sequence<int, results>());
    }
  }
};

}  // namespace detail

// The two functions of an operator type.
template <class T>
struct step_functions {
  void (*forward)(const run<T>&, const plan_step&) noexcept TECTUM_NONBLOCKING = nullptr;
  void (*backward)(const run<T>&, const plan_step&) noexcept TECTUM_NONBLOCKING = nullptr;
};

template <class T, class Engine, bool Backward, class... Ops>
constexpr step_functions<T> find_steps(types<Ops...>, const operator_table* op) {
  step_functions<T> found;
  const auto look = [&]<class Op>(std::type_identity<Op>) {
    if (op != &table_of_operator<Op>) return;
    found.forward = &detail::steps_of<Op, T, Engine>::forward;
    if constexpr (Backward) found.backward = &detail::steps_of<Op, T, Engine>::backward;
  };
  (look(std::type_identity<Ops>{}), ...);
  return found;
}

// Masks that are made of others. A sample of which any token is valid is present.
template <class T>
void derive_masks(const run<T>& r) noexcept TECTUM_NONBLOCKING {
  for (int m = 0; m < r.graph.masks.size(); ++m) {
    const graph_mask& g = r.graph.masks[m];
    if (!g.is_derived()) continue;
    std::uint8_t* to = r.mask(m);
    if (g.joins >= 0) {
      const graph_operator& o = r.graph.operators[g.joins];
      for (index b = 0; b < r.batch; ++b)
        for (int k = 0; k < o.input_count; ++k) {
          const graph_value& v = r.described(r.graph.inputs[o.inputs + k]);
          const std::uint8_t* const from = r.mask(v.mask);
          const index tokens = g.one_each ? 1 : v.shape.length();
          for (index t = 0; t < tokens; ++t) *to++ = !from ? 1 : v.shape.padded ? from[b * tokens + t] : from[b];
        }
      continue;
    }
    const int source = g.any_of >= 0 ? g.any_of : g.part_of;
    const index length = r.graph.masks[source].length;
    for (index b = 0; b < r.batch; ++b) {
      const std::uint8_t* const tokens = r.mask(source) + b * length;
      if (g.part_of >= 0) {
        for (index t = 0; t < g.length; ++t) to[b * g.length + t] = tokens[g.begin + t];
        continue;
      }
      std::uint8_t any = 0;
      for (index t = 0; t < length; ++t) any = any | tokens[t];
      to[b] = any;
    }
  }
}

namespace detail {

// Into how many parts the batch is divided. Where gradients are added up, how many there are depends on the batch
// alone.
inline index parts_of(const batch_parts& p, index batch, const executor& with) noexcept TECTUM_NONBLOCKING {
  const auto at_most = [](index n, index limit) { return n < limit ? n : limit; };
  const auto at_least_one = [](index n) { return n > 1 ? n : 1; };
  if (p.keeps && with.is_given()) {
    index parts = 1;
    while (parts < 16 && 2 * parts * p.share <= batch) parts *= 2;
    return parts;
  }
  const index threads = with.concurrency();
  const index near = p.near > 0 && batch > p.near ? (batch + p.near - 1) / p.near : 1;
  if (near >= threads) return (near + threads - 1) / threads * threads;
  const index shares = at_least_one(at_most(batch / p.share, threads));
  return shares > near ? shares : near;
}

// f(run of a part) for every part of the batch, beside one another where there are threads.
template <class T, class F>
void each_part(const run<T>& r, index parts, const F& f) noexcept TECTUM_NONBLOCKING {
  const index threads = r.threads.concurrency();
  const int lanes = static_cast<int>(threads < parts ? threads : parts);
  r.threads.run(lanes, [&](int lane) TECTUM_NONBLOCKING {
    run<T> part = r;
    part.fixed = r.fixed + lane * r.plan.arena.fixed;
    for (index p = parts * lane / lanes; p < parts * (lane + 1) / lanes; ++p) {
      part.first = r.batch * p / parts;
      part.batch = part.room = r.batch * (p + 1) / parts - part.first;
      const index before = r.plan.parts.keeps ? part.first : lane * ((r.batch + parts - 1) / parts);
      part.per_sample = r.per_sample + before * r.plan.arena.per_sample;
      if (r.gradients && p > 0 && r.threads.is_given())
        part.gradients = r.part_gradients + (p - 1) * r.graph.parameter_elements;
      f(part);
    }
  });
}

// The end of the steps from `i` on that go through the parts together; i + 1 of one that takes all samples.
inline int end_of_stretch(const plan_view& p, int i) noexcept TECTUM_NONBLOCKING {
  const bool whole = p.steps[i++].whole;
  while (!whole && i < p.steps.size() && !p.steps[i].whole) ++i;
  return i;
}

}  // namespace detail

template <class T>
void run_forward(const run<T>& r, const step_functions<T>* functions) noexcept TECTUM_NONBLOCKING {
  derive_masks(r);
  const index parts = detail::parts_of(r.plan.parts, r.batch, r.threads);
  for (int i = 0, end = 0; i < r.plan.steps.size(); i = end) {
    end = detail::end_of_stretch(r.plan, i);
    const auto walk = [functions, i, end](const run<T>& part) TECTUM_NONBLOCKING {
      for (int k = i; k < end; ++k) functions[k].forward(part, part.plan.steps[k]);
    };
    if (r.plan.steps[i].whole) walk(r);
    else detail::each_part(r, parts, walk);
  }
}

template <class T, class Engine>
void seed_gradient(const run<T>& r, int value, int number) noexcept TECTUM_NONBLOCKING {
  const view<T> g = r.gradient(value);
  if (!g) return;
  if (r.seeds) {
    const bound<T>& b = r.seeds[number];
    const index before = g.shape().kind == kind::scalar ? 0 : r.first * b.stride;
    Engine::add(matrix<const T>{b.data + before, g.samples, g.size(), b.stride}, g.as_samples());
  } else if (g.shape().kind == kind::scalar) {
    *g.data += T(1);
  }
}

template <class T, class Engine>
void step_backward(const run<T>& r, const step_functions<T>& function, const plan_step& s,
                   range<int> wanted) noexcept TECTUM_NONBLOCKING {
  for (int k = 0; k < s.clear_count; ++k) {
    const int v = r.plan.clears[s.clear + k];
    Engine::fill(r.gradient(v).as_samples(), T(0));
    for (int w = 0; w < wanted.size(); ++w)
      if (r.plan.values[wanted[w]].gradient_lies_in == v) seed_gradient<T, Engine>(r, wanted[w], w);
  }
  if (!s.backward) return;
  if (s.folded >= 0) {
    const activation act = static_cast<activation>(r.graph.operators[s.folded].op->epilogue);
    const matrix<T> dy = r.gradient(s.values).as_samples();
    Engine::map(
        dy, [act](auto d, auto y) { return d * activation_gradient_from_output(act, y); }, matrix<const T>(dy),
        matrix<const T>(r.value(s.values).as_samples()));
    view<T> masked = r.gradient(s.values);
    masked.mask = r.mask(r.described(s.values).mask);
    detail::clear_invalid(masked);  // of NaN in y there, even times zero
  }
  function.backward(r, s);
}

// Gradients of the wanted losses, added to what `r.gradients` holds.
template <class T, class Engine>
void run_backward(const run<T>& r, const step_functions<T>* functions, range<int> wanted) noexcept TECTUM_NONBLOCKING {
  const index parts = detail::parts_of(r.plan.parts, r.batch, r.threads), size = r.graph.parameter_elements;
  const bool apart = r.gradients && parts > 1 && r.threads.is_given();
  if (apart)
    detail::each_part(r, parts, [size](const run<T>& part) TECTUM_NONBLOCKING {
      if (part.first > 0) Engine::fill(matrix<T>{part.gradients, 1, size, size}, T(0));
    });
  for (int end = r.plan.steps.size(), i = 0; end > 0; end = i) {
    i = end - 1;
    while (!r.plan.steps[end - 1].whole && i > 0 && !r.plan.steps[i - 1].whole) --i;
    const auto walk = [functions, i, end, wanted](const run<T>& part) TECTUM_NONBLOCKING {
      for (int k = end - 1; k >= i; --k) step_backward<T, Engine>(part, functions[k], part.plan.steps[k], wanted);
    };
    if (r.plan.steps[i].whole) walk(r);
    else detail::each_part(r, parts, walk);
  }
  if (!apart) return;
  each_stretch(r.threads, size, [&](index begin, index count) TECTUM_NONBLOCKING {
    for (index p = 1; p < parts; ++p)
      Engine::add(matrix<const T>{r.part_gradients + (p - 1) * size + begin, 1, count, count},
                  matrix<T>{r.gradients + begin, 1, count, count});
  });
}

}  // namespace tectum
