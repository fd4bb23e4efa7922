// Long short-term memory.
#pragma once

#include <tectum/operators/layers/recurrent.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// The gates i, f, g and o; what is kept is tanh(c').
struct lstm_equations {
  static constexpr int gates = 4, states = 2, kept = 1;
  static constexpr bool joined = true;

  template <class C, class T>
  static void step(index n, const recurrent_step<T>& s) noexcept {
    C::kernels::fused_update(
        n,
        [](auto& i, auto& f, auto& g, auto& o, const auto& c, auto& k, auto& y, auto& next) {
          i = math::sigmoid(i);
          f = math::sigmoid(f);
          g = math::tanh(g);
          o = math::sigmoid(o);
          next = fma(f, c, i * g);
          k = math::tanh(next);
          y = o * k;
        },
        s.gates, s.gates + n, s.gates + 2 * n, s.gates + 3 * n, s.c, s.kept, s.h_after, s.c_after);
  }
  template <class C, class T>
  static void step_gradient(index n, const recurrent_step_back<T>& s) noexcept {
    C::kernels::fused_update(
        n,
        [](const auto& i, const auto& f, const auto& g, const auto& o, const auto& k, const auto& c, const auto& d,
           auto& dh, auto& dc, auto& di, auto& df, auto& dg, auto& d_o) {
          using V = std::remove_cvref_t<decltype(dh)>;
          const V one = V(T(1)), total = dh + d, of_c = fma(total * o, fma(-k, k, one), dc);
          d_o = total * k * o * (one - o);
          di = of_c * g * i * (one - i);
          df = of_c * c * f * (one - f);
          dg = of_c * i * fma(-g, g, one);
          dc = of_c * f;
          dh = V(T(0));
        },
        s.gates, s.gates + n, s.gates + 2 * n, s.gates + 3 * n, s.kept, s.c, s.dy, s.dh, s.dc, s.d_input, s.d_input + n,
        s.d_input + 2 * n, s.d_input + 3 * n);
  }
};

}  // namespace detail

// Long short-term memory (Hochreiter and Schmidhuber 1997), with the gates of PyTorch's LSTM, in the order i, f, g, o:
// from h = c = 0,
//   i = sigmoid(W_ii x + b_ii + W_hi h + b_hi), f and o likewise, g = tanh(W_ig x + b_ig + W_hg h + b_hg),
//   c' = f c + i g, h' = o tanh(c').
//   hidden: width of h and c; layers (1): each on the result of the one before; bidirectional (false): a second one
//   from the end, beside the first; bias (true). At most 36 parameters.
//   [length, n] -> [length, hidden], bidirectional [length, 2 hidden]
// At a padded step the states go on as they are, and the result is 0.
struct lstm {
  int hidden;
  int layers = 1;
  bool bidirectional = false, bias = true;

  static constexpr const char* name = "lstm";
  static constexpr auto masks = tokenwise;

  constexpr shape infer(shape x) const { return all().infer<lstm>(x); }
  constexpr parameter_list parameters(shape x) const { return all().parameters(x); }
  constexpr extents saved(shape x) const { return all().saved(x); }
  constexpr extents scratch(shape x) const { return all().scratch(x); }
  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    all().forward(c, x, nullptr, y, nullptr);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    all().backward(c, x, nullptr, dy, nullptr, dx, nullptr);
  }

 private:
  constexpr detail::recurrent<detail::lstm_equations> all() const { return {{}, hidden, layers, bidirectional, bias}; }
};

// tt::lstm with its states: tt::named(y, h_n, c_n) = tt::fuse(tt::lstm_with_states{8}, x) or fuse(..., x, h0, c0).
//   hidden, layers (1), bidirectional (false), bias (true): as of tt::lstm.
//   x [length, n], and h0, c0 [layers x directions, hidden] or zeros -> y as of tt::lstm, and h_n, c_n like h0: the
//   states behind the last steps, in row layer x directions + direction
// At a padded step the states go on as they are, and y is 0; without a valid one h_n is h0 and c_n is c0. An absent h0
// or c0 is zeros; h_n and c_n are absent where x and, if given, h0 and c0 are. If x and h0 or c0 may be absent, it must
// be all of them together.
struct lstm_with_states {
  int hidden;
  int layers = 1;
  bool bidirectional = false, bias = true;

  static constexpr const char* name = "lstm_with_states";
  static constexpr int arity = any_number, results = 3;
  static constexpr auto masks = reads_masks;

  constexpr shapes infer(range<shape> x) const { return all().infer_states<lstm_with_states>(x); }
  constexpr parameter_list parameters(range<shape> x) const { return all().parameters(x[0]); }
  constexpr extents saved(range<shape> x) const { return all().saved(x[0]); }
  constexpr extents scratch(range<shape> x) const { return all().scratch(x[0]); }
  template <class C>
  void forward(C& c, inputs<C> x, out<C> y, out<C> h_n, out<C> c_n) const noexcept {
    const out<C> last[] = {h_n, c_n};
    all().forward(c, x[0], x.size() > 1 ? &x[1] : nullptr, y, last);
  }
  template <class C>
  void backward(C& c, inputs<C> x, in<C>, in<C>, in<C>, in<C> dy, in<C> dh_n, in<C> dc_n,
                outputs<C> dx) const noexcept {
    const in<C> d_last[] = {dh_n, dc_n};
    const bool given = x.size() > 1;
    all().backward(c, x[0], given ? &x[1] : nullptr, dy, d_last, dx[0], given ? &dx[1] : nullptr);
  }

 private:
  constexpr detail::recurrent<detail::lstm_equations> all() const { return {{}, hidden, layers, bidirectional, bias}; }
};

// One step of tt::lstm, as PyTorch's LSTMCell: tt::named(h1, c1) = tt::fuse(tt::lstm_cell{8}, x, h, c).
//   hidden: width of h and c; bias (true).
//   [n], [hidden], [hidden] -> [hidden], [hidden]
// An absent x leaves the states as they are, an absent h or c is zeros; the results are absent where all three are. If
// x and a state may be absent, all three must be, together.
struct lstm_cell {
  int hidden;
  bool bias = true;

  static constexpr const char* name = "lstm_cell";
  static constexpr int arity = 3, results = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shapes infer(shape x, shape h, shape state) const {
    const shape given[] = {x, h, state}, y = all().infer_cell<lstm_cell>({given, 3});
    return {y, y};
  }
  constexpr parameter_list parameters(shape x, shape, shape) const { return all().cell_parameters(x); }
  constexpr extents saved(shape x, shape, shape) const { return all().saved(x); }
  constexpr extents scratch(shape x, shape, shape) const { return all().scratch(x); }
  template <class C>
  void forward(C& c, in<C> x, in<C> h, in<C> state, out<C> h_after, out<C> state_after) const noexcept {
    const in<C> before[] = {h, state};
    const out<C> after[] = {h_after, state_after};
    all().forward(c, x, before, {}, after);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C> h, in<C> state, in<C>, in<C>, in<C> dh_after, in<C> dstate_after, out<C> dx,
                out<C> dh, out<C> dstate) const noexcept {
    const in<C> before[] = {h, state}, d_after[] = {dh_after, dstate_after};
    const out<C> d_before[] = {dh, dstate};
    all().backward(c, x, before, {}, d_after, dx, d_before);
  }

 private:
  constexpr detail::recurrent<detail::lstm_equations> all() const { return {{}, hidden, 1, false, bias}; }
};

}  // namespace tectum
