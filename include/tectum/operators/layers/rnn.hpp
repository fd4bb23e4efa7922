// Plain recurrent layers.
#pragma once

#include <tectum/operators/layers/recurrent.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// h' lies in the place of its sum.
struct rnn_equations {
  bool relu;

  static constexpr int gates = 1, states = 1, kept = 0;
  static constexpr bool joined = true;

  template <class C, class T>
  void step(index n, const recurrent_step<T>& s) const noexcept {
    const activation act = relu ? activation::relu : activation::tanh;
    C::kernels::fused_update(n, [act](auto& g, auto& y) { y = g = activate(act, g); }, s.gates, s.h_after);
  }
  template <class C, class T>
  void step_gradient(index n, const recurrent_step_back<T>& s) const noexcept {
    const activation act = relu ? activation::relu : activation::tanh;
    C::kernels::fused_update(
        n,
        [act](const auto& g, const auto& d, auto& dh, auto& x) {
          using V = std::remove_cvref_t<decltype(dh)>;
          x = (dh + d) * activation_gradient_from_output(act, V(g));
          dh = V(T(0));
        },
        s.gates, s.dy, s.dh, s.d_input);
  }
};

}  // namespace detail

// Plain recurrent layers (Elman 1990), as PyTorch's RNN: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), from h = 0.
//   hidden: width of h; layers (1): each on the result of the one before; bidirectional (false): a second one from the
//   end, beside the first; bias (true); relu (false): max(0, .) instead of tanh. At most 36 parameters.
//   [length, n] -> [length, hidden], bidirectional [length, 2 hidden]
// At a padded step the state goes on as it is, and the result is 0.
struct rnn {
  int hidden;
  int layers = 1;
  bool bidirectional = false, bias = true, relu = false;

  static constexpr const char* name = "rnn";
  static constexpr auto masks = tokenwise;

  constexpr shape infer(shape x) const { return all().infer<rnn>(x); }
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
  constexpr detail::recurrent<detail::rnn_equations> all() const {
    return {{relu}, hidden, layers, bidirectional, bias};
  }
};

// tt::rnn with its states: tt::named(y, h_n) = tt::fuse(tt::rnn_with_states{8}, x) or fuse(..., x, h0).
//   hidden, layers (1), bidirectional (false), bias (true), relu (false): as of tt::rnn.
//   x [length, n], and h0 [layers x directions, hidden] or zeros -> y as of tt::rnn, and h_n like h0: the states behind
//   the last steps, in row layer x directions + direction
// At a padded step the state goes on as it is, and y is 0; without a valid one h_n is h0. An absent h0 is zeros; h_n is
// absent where x and, if given, h0 are. If both may be absent, it must be together.
struct rnn_with_states {
  int hidden;
  int layers = 1;
  bool bidirectional = false, bias = true, relu = false;

  static constexpr const char* name = "rnn_with_states";
  static constexpr int arity = any_number, results = 2;
  static constexpr auto masks = reads_masks;

  constexpr shapes infer(range<shape> x) const { return all().infer_states<rnn_with_states>(x); }
  constexpr parameter_list parameters(range<shape> x) const { return all().parameters(x[0]); }
  constexpr extents saved(range<shape> x) const { return all().saved(x[0]); }
  constexpr extents scratch(range<shape> x) const { return all().scratch(x[0]); }
  template <class C>
  void forward(C& c, inputs<C> x, out<C> y, out<C> h_n) const noexcept {
    all().forward(c, x[0], x.size() > 1 ? &x[1] : nullptr, y, &h_n);
  }
  template <class C>
  void backward(C& c, inputs<C> x, in<C>, in<C>, in<C> dy, in<C> dh_n, outputs<C> dx) const noexcept {
    const bool given = x.size() > 1;
    all().backward(c, x[0], given ? &x[1] : nullptr, dy, &dh_n, dx[0], given ? &dx[1] : nullptr);
  }

 private:
  constexpr detail::recurrent<detail::rnn_equations> all() const {
    return {{relu}, hidden, layers, bidirectional, bias};
  }
};

// One step of tt::rnn, as PyTorch's RNNCell: tt::fuse(tt::rnn_cell{8}, x, h) is h'.
//   hidden: width of h; bias (true); relu (false): max(0, .) instead of tanh.
//   [n], [hidden] -> [hidden]
// An absent x leaves the state as it is, an absent h is zeros; h' is absent where both are. If both may be absent, it
// must be together.
struct rnn_cell {
  int hidden;
  bool bias = true, relu = false;

  static constexpr const char* name = "rnn_cell";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x, shape h) const {
    const shape given[] = {x, h};
    return all().infer_cell<rnn_cell>({given, 2});
  }
  constexpr parameter_list parameters(shape x, shape) const { return all().cell_parameters(x); }
  constexpr extents saved(shape x, shape) const { return all().saved(x); }
  constexpr extents scratch(shape x, shape) const { return all().scratch(x); }
  template <class C>
  void forward(C& c, in<C> x, in<C> h, out<C> y) const noexcept {
    all().forward(c, x, &h, {}, &y);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C> h, in<C>, in<C> dy, out<C> dx, out<C> dh) const noexcept {
    all().backward(c, x, &h, {}, &dy, dx, &dh);
  }

 private:
  constexpr detail::recurrent<detail::rnn_equations> all() const { return {{relu}, hidden, 1, false, bias}; }
};

}  // namespace tectum
