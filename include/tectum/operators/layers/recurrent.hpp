// What recurrent layers share: layers and directions, states, parameters, and the walks over the steps.
#pragma once

#include <tectum/architecture/text.hpp>
#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// One step of one sample, forward: `gates` hold W x + b and become what backward reads; `sums` hold W h + b, or lie in
// `gates` and are in there already (joined cells). c is the second state, null where there is none.
template <class T>
struct recurrent_step {
  T* gates;
  const T *sums, *h, *c;
  T *kept, *h_after, *c_after;
};
// And backward: dy is the gradient of the result; dh and dc those of the states behind the step, and become those parts
// of the ones before it that go past the products; d_input, d_state: of W x + b and W h + b (joined cells: the first).
template <class T>
struct recurrent_step_back {
  const T *gates, *kept, *h, *c, *dy;
  T *dh, *dc, *d_input, *d_state;
};

// weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_ih_l0_reverse, ..., weight_ih_l1, ...
struct recurrent_names {
  static constexpr int most_layers = 18;
  sentence<24> all[most_layers][2][4]{};
  constexpr recurrent_names() {
    constexpr const char* kinds[] = {"weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"};
    for (int layer = 0; layer < most_layers; ++layer)
      for (int d = 0; d < 2; ++d)
        for (int k = 0; k < 4; ++k) all[layer][d][k] << kinds[k] << layer << (d == 1 ? "_reverse" : "");
  }
};
inline constexpr recurrent_names recurrent_parameter_names;

// Of operator Op: its name, then Words.
template <class Op, text Words>
inline constexpr sentence<160> recurrent_sentence = sentence<160>{} << Op::name << ": " << Words.characters;
template <class Op, text Words>
constexpr shape recurrent_fault(long long first = -1, long long second = -1) {
  return wrong(recurrent_sentence<Op, Words>.data(), first, second);
}

// The presence of a state behind: absent where all inputs are absent together; an absent state before counts as zeros.
template <class Op>
constexpr shape recurrent_presence(shape state, range<shape> in) {
  state.optional = absent_together(in);
  for (int k = 1; k < in.size(); ++k)
    if (in[0].optional && in[k].optional && !state.optional)
      return recurrent_fault<Op, "the input and the states must be absent together, or one of them always there">();
  return state;
}

// `layers` layers of a cell in one or two directions. A cell says
//   gates, states (1: h, 2: h and c), kept: widths, in units of hidden, of its sums, its states and what else it keeps
//   joined: W x + b and W h + b only ever occur as their sum
//   step(n, recurrent_step), step_gradient(n, recurrent_step_back)
// A cell operator is one step of one layer: its `y` is empty, and the states behind are its results.
template <class Cell>
struct recurrent {
  Cell cell;
  int hidden, layers;
  bool bidirectional, bias;

  static constexpr int gates = Cell::gates, states = Cell::states;
  static constexpr int per_step = gates + Cell::kept + states;

  constexpr int directions() const { return bidirectional ? 2 : 1; }
  constexpr int walks() const { return layers * directions(); }
  constexpr int each() const { return bias ? 4 : 2; }  // parameters of one walk

  template <class Op>
  constexpr shape infer(const shape& x) const {
    if (x.kind != kind::sequence) return recurrent_fault<Op, "the input must be a sequence">();
    if (hidden < 1) return recurrent_fault<Op, "hidden must be 1 or more">(hidden);
    if (layers < 1) return recurrent_fault<Op, "layers must be 1 or more">(layers);
    if (walks() * each() > parameter_list::capacity)
      return recurrent_fault<Op, "layers and directions come to more parameters than an operator may have">(
          walks() * each(), parameter_list::capacity);
    return x.with_width(directions() * hidden);
  }
  // With states: y, and as many times `states` the states behind.
  template <class Op>
  constexpr shapes infer_states(range<shape> in) const {
    if (in.size() != 1 && in.size() != 1 + states)
      return recurrent_fault<Op, "the inputs are a sequence and, if wanted, all initial states">(in.size());
    const shape y = infer<Op>(in[0]);
    if (y.fault) return y;
    for (int k = 1; k < in.size(); ++k)
      if (!in[k].same_extents(sequence_of(walks(), hidden)) || in[k].kind != kind::sequence || in[k].padded)
        return recurrent_fault<Op, "an initial state must be an unpadded sequence [layers x directions, hidden]">(
            walks(), hidden);
    const shape state = recurrent_presence<Op>(sequence_of(walks(), hidden), in);
    if constexpr (states == 1) return {y, state};
    else return {y, state, state};
  }
  // Of a cell.
  template <class Op>
  constexpr shape infer_cell(range<shape> in) const {
    if (hidden < 1) return recurrent_fault<Op, "hidden must be 1 or more">(hidden);
    for (const shape& s : in)
      if (s.kind != kind::features) return recurrent_fault<Op, "the inputs must be features">();
    for (int k = 1; k < in.size(); ++k)
      if (in[k].width() != hidden) return recurrent_fault<Op, "a state must be hidden wide">(in[k].width(), hidden);
    return recurrent_presence<Op>(features_of(hidden), in);
  }

  constexpr parameter_list parameters(const shape& x) const {
    parameter_list all;
    for (int layer = 0; layer < layers; ++layer)
      for (int d = 0; d < directions(); ++d) {
        const auto& names = recurrent_parameter_names.all[layer][d];
        add_parameters(all, layer == 0 ? x.width() : directions() * hidden, names[0].data(), names[1].data(),
                       names[2].data(), names[3].data());
      }
    return all;
  }
  constexpr parameter_list cell_parameters(const shape& x) const {
    parameter_list all;
    add_parameters(all, x.width(), "weight_ih", "weight_hh", "bias_ih", "bias_hh");
    return all;
  }
  // The results of all layers but the last, and the trace of each walk.
  constexpr extents saved(const shape& x) const {
    return {.per_sample =
                1LL * hidden * ((layers - 1) * directions() * x.length() + walks() * (per_step * x.length() + states))};
  }
  // Backward: the gradients of both sums of each step, of the states, and of the results of two layers; a row of zeros.
  constexpr extents scratch(const shape& x) const {
    const int between = layers < 3 ? layers - 1 : 2;
    const int widest = x.width() > directions() * hidden ? x.width() : directions() * hidden;
    return {.fixed = row_of_zeros() + transposed_panel_size(gates * hidden, widest),
            .per_sample = 1LL * hidden * ((2 * gates + between * directions()) * x.length() + states)};
  }

  // initial, last: `states` views each, or null; y may be empty.
  template <class C>
  void forward(C& c, const in<C>& x, const in<C>* initial, const out<C>& y, const out<C>* last) const noexcept {
    using T = typename C::scalar;
    for (int layer = 0; layer < layers; ++layer) {
      const matrix<T> to = layer + 1 < layers ? result_of(c, x, layer) : y ? y.as_rows() : matrix<T>{};
      for (int d = 0; d < directions(); ++d) walk(c, x, layer, d, input_of(c, x, layer), initial, to, last);
    }
  }
  // dy, dx, and each of d_last and d_initial may be empty.
  template <class C>
  void backward(C& c, const in<C>& x, const in<C>* initial, const in<C>& dy, const in<C>* d_last, const out<C>& dx,
                const out<C>* d_initial) const noexcept {
    using T = typename C::scalar;
    const index rows = x.samples * x.length(), width = directions() * hidden;
    C::kernels::fill(row_of(c.scratch_fixed(), hidden), T(0));
    T* const between = c.scratch() + rows * hidden * 2 * gates + x.samples * hidden * states;
    matrix<const T> d_to = dy ? dy.as_rows() : matrix<const T>{};
    for (int layer = layers - 1; layer >= 0; --layer) {
      matrix<T> d_from{between + (layer - 1) % 2 * rows * width, rows, width, width};
      if (layer == 0) d_from = dx ? dx.as_rows() : matrix<T>{};
      else C::kernels::fill(d_from, T(0));
      for (int d = 0; d < directions(); ++d) walk_back(c, x, layer, d, initial, d_to, d_last, d_from, d_initial);
      d_to = d_from;
    }
  }

 private:
  constexpr void add_parameters(parameter_list& all, int in, const char* weight_ih, const char* weight_hh,
                                const char* bias_ih, const char* bias_hh) const {
    parameter of_input = weight_matrix(weight_ih, gates * hidden, in);
    of_input.fan_in = hidden;  // PyTorch draws all four from U(+-1 / sqrt(hidden))
    all.add(of_input).add(weight_matrix(weight_hh, gates * hidden, hidden));
    all.add_if(bias, bias_of(bias_ih, gates * hidden, hidden)).add_if(bias, bias_of(bias_hh, gates * hidden, hidden));
  }

  // What a walk keeps: gates [samples, length, gates n], as the input lies; kept [length, samples, kept n] and states
  // [state][length + 1, samples, n], as the steps go. Without recording all walks use one, and a step's are gone with
  // the step.
  template <class T>
  struct trace {
    T *all_gates, *all_kept, *all_states;
    index samples, length, n;
    bool recording;
    matrix<T> input_sums() const noexcept { return {all_gates, samples * length, gates * n, gates * n}; }
    matrix<T> gates_at(index t) const noexcept {
      return {all_gates + t * gates * n, samples, gates * n, length * gates * n};
    }
    T* kept(index b, index s) const noexcept { return all_kept + ((recording ? s : 0) * samples + b) * Cell::kept * n; }
    // State i before step s.
    matrix<T> state(int i, index s) const noexcept {
      const index slots = recording ? length + 1 : 2;
      return {all_states + (i * slots + (recording ? s : s % 2)) * samples * n, samples, n, n};
    }
  };
  template <class C, class T>
  trace<T> trace_of(C& c, const view<const T>& x, int which, bool recording) const noexcept {
    const index n = hidden, rows = x.samples * x.length(), size = n * (per_step * rows + states * x.samples);
    T* const at = c.saved() + (layers - 1) * rows * directions() * n + (recording ? which * size : 0);
    T* const kept = at + rows * gates * n;
    return {at, kept, kept + rows * Cell::kept * n, x.samples, x.length(), n, recording};
  }
  template <class C, class T>
  matrix<T> result_of(C& c, const view<const T>& x, int layer) const noexcept {
    const index rows = x.samples * x.length(), width = directions() * hidden;
    return {c.saved() + layer * rows * width, rows, width, width};
  }
  template <class C, class T>
  matrix<const T> input_of(C& c, const view<const T>& x, int layer) const noexcept {
    return layer == 0 ? x.as_rows() : matrix<const T>(result_of(c, x, layer - 1));
  }
  // In fixed scratch memory: zeros, for where nobody wants a result's gradient; behind them what the products need.
  constexpr int row_of_zeros() const { return static_cast<int>(panels_of(hidden) * panel_width); }
  // The rows that belong to a walk of a view of states, or of their gradients.
  template <class T>
  matrix<T> rows_of_walk(const view<T>& v, int which) const noexcept {
    return {v.data + which * hidden, v.samples, hidden, v.stride};
  }

  template <class C, class T>
  void walk(C& c, const view<const T>& x, int layer, int d, const matrix<const T>& from, const view<const T>* initial,
            const matrix<T>& to, const view<T>* last) const noexcept {
    const index n = hidden, length = x.length();
    const int which = layer * directions() + d, first = which * each();
    const trace<T> m = trace_of(c, x, which, c.recording);
    const T* const bias_hh = bias ? c.values(first + 3) : nullptr;
    C::kernels::product(from, c.weight(first), {bias ? c.values(first + 2) : nullptr, activation::identity, false},
                        m.input_sums());
    for (int i = 0; i < states; ++i) begin<C>(initial ? &initial[i] : nullptr, which, m.state(i, 0));
    for (index s = 0; s < length; ++s) {
      const index t = d == 0 ? s : length - 1 - s;
      const matrix<T> sums = Cell::joined ? m.gates_at(t) : matrix<T>{c.scratch(), x.samples, gates * n, gates * n};
      if (s > 0 || initial)
        C::kernels::product(m.state(0, s), c.weight(first + 1), {bias_hh, activation::identity, Cell::joined}, sums);
      else if (bias_hh) add_or_copy<C>(matrix<const T>{bias_hh, x.samples, gates * n, 0}, sums);
      else if (!Cell::joined) C::kernels::fill(sums, T(0));
      for (index b = 0; b < x.samples; ++b) {
        const auto state = [&](int i, index at) { return i < states ? m.state(i, at).row(b) : nullptr; };
        if (x.valid(b, t))
          cell.template step<C>(n, recurrent_step<T>{m.input_sums().row(b * length + t), sums.row(b), state(0, s),
                                                     state(1, s), m.kept(b, s), state(0, s + 1), state(1, s + 1)});
        else
          for (int i = 0; i < states; ++i) C::kernels::copy(row_of(state(i, s), n), row_of(state(i, s + 1), n));
        if (!to.data) continue;
        const matrix<T> row = row_of(to.row(b * length + t) + d * n, n);
        if (x.valid(b, t)) C::kernels::copy(row_of(state(0, s + 1), n), row);
        else C::kernels::fill(row, T(0));
      }
    }
    for (int i = 0; last && i < states; ++i) C::kernels::copy(m.state(i, length), rows_of_walk(last[i], which));
  }
  // The state before the first step: zeros where none is given.
  template <class C, class T>
  void begin(const view<const T>* given, int which, const matrix<T>& state) const noexcept {
    if (!given) return C::kernels::fill(state, T(0));
    for (index b = 0; b < state.rows; ++b)
      if (given->present(b)) C::kernels::copy(rows_of(rows_of_walk(*given, which), b, 1), rows_of(state, b, 1));
      else C::kernels::fill(rows_of(state, b, 1), T(0));
  }
  template <class C, class T>
  static void add_or_copy(const matrix<const T>& from, const matrix<T>& to) noexcept {
    if constexpr (Cell::joined) C::kernels::add(from, to);
    else C::kernels::copy(from, to);
  }

  template <class C, class T>
  void walk_back(C& c, const view<const T>& x, int layer, int d, const view<const T>* initial,
                 const matrix<const T>& d_to, const view<const T>* d_last, const matrix<T>& d_from,
                 const view<T>* d_initial) const noexcept {
    const index n = hidden, length = x.length(), samples = x.samples, rows = samples * length;
    const int which = layer * directions() + d, first = which * each();
    const trace<T> m = trace_of(c, x, which, true);
    const matrix<T> d_input{c.scratch(), rows, gates * n, gates * n};
    const matrix<T> d_state{d_input.row(rows), rows, gates * n, gates * n};
    T* const for_products = c.scratch_fixed() + row_of_zeros();
    const auto carried = [&](int i) { return matrix<T>{d_state.row(rows) + i * samples * n, samples, n, n}; };
    for (int i = 0; i < states; ++i)
      if (d_last && d_last[i]) C::kernels::copy(rows_of_walk(d_last[i], which), carried(i));
      else C::kernels::fill(carried(i), T(0));
    for (index s = length - 1; s >= 0; --s) {
      const index t = d == 0 ? s : length - 1 - s;
      for (index b = 0; b < samples; ++b) {
        const matrix<T> of_input = rows_of(d_input, b * length + t, 1), of_state = rows_of(d_state, s * samples + b, 1);
        if (!x.valid(b, t)) {
          C::kernels::fill(of_input, T(0));
          C::kernels::fill(of_state, T(0));
          continue;
        }
        const T* const dy = d_to.data ? d_to.row(b * length + t) + d * n : c.scratch_fixed();
        const bool two = states == 2;
        cell.template step_gradient<C>(
            n, recurrent_step_back<T>{m.input_sums().row(b * length + t), m.kept(b, s), m.state(0, s).row(b),
                                      two ? m.state(1, s).row(b) : nullptr, dy, carried(0).row(b),
                                      two ? carried(1).row(b) : nullptr, of_input.data, of_state.data});
        if constexpr (Cell::joined) C::kernels::copy(of_input, of_state);
      }
      if (s > 0 || d_initial)
        C::kernels::product_input_gradient(rows_of(d_state, s * samples, samples), c.weight(first + 1), carried(0),
                                           for_products);
    }
    for (int i = 0; d_initial && i < states; ++i)
      for (index b = 0; d_initial[i] && b < samples; ++b)
        if (initial[i].present(b))
          C::kernels::add(rows_of(carried(i), b, 1), rows_of(rows_of_walk(d_initial[i], which), b, 1));
    if (c.gradients) {
      const matrix<const T> from = input_of(c, x, layer);
      each_valid_rows(x, [&](index begin, index count) {
        C::kernels::product_weight_gradient(rows_of(d_input, begin, count), rows_of(from, begin, count),
                                            c.weight_gradient(first));
      });
      C::kernels::product_weight_gradient(d_state, {m.all_states, rows, n, n}, c.weight_gradient(first + 1));
      if (bias) C::kernels::add_column_sums(d_input, c.gradient(first + 2));
      if (bias) C::kernels::add_column_sums(d_state, c.gradient(first + 3));
    }
    if (d_from.data) C::kernels::product_input_gradient(d_input, c.weight(first), d_from, for_products);
  }
};

}  // namespace detail
}  // namespace tectum
