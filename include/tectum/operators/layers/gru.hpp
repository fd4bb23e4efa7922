// Gated recurrent units.
#pragma once

#include <tectum/operators/layers/recurrent.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// The gates r, z and n; what is kept is W_hn h + b_hn.
struct gru_equations {
  static constexpr int gates = 3, states = 1, kept = 1;
  static constexpr bool joined = false;

  template <class C, class T>
  static void step(index n, const recurrent_step<T>& s) noexcept {
    C::kernels::fused_update(
        n,
        [](auto& r, auto& z, auto& g, const auto& hr, const auto& hz, const auto& hn, const auto& h, auto& k, auto& y) {
          r = math::sigmoid(r + hr);
          z = math::sigmoid(z + hz);
          k = hn;
          g = math::tanh(fma(r, hn, g));
          y = fma(z, h - g, g);
        },
        s.gates, s.gates + n, s.gates + 2 * n, s.sums, s.sums + n, s.sums + 2 * n, s.h, s.kept, s.h_after);
  }
  template <class C, class T>
  static void step_gradient(index n, const recurrent_step_back<T>& s) noexcept {
    C::kernels::fused_update(
        n,
        [](const auto& r, const auto& z, const auto& g, const auto& k, const auto& h, const auto& d, auto& dh, auto& xr,
           auto& xz, auto& xn, auto& hr, auto& hz, auto& hn) {
          using V = std::remove_cvref_t<decltype(dh)>;
          const V one = V(T(1)), total = dh + d;
          xz = hz = total * (h - g) * z * (one - z);
          xn = total * (one - z) * fma(-g, g, one);
          hn = xn * r;
          xr = hr = xn * k * r * (one - r);
          dh = total * z;
        },
        s.gates, s.gates + n, s.gates + 2 * n, s.kept, s.h, s.dy, s.dh, s.d_input, s.d_input + n, s.d_input + 2 * n,
        s.d_state, s.d_state + n, s.d_state + 2 * n);
  }
};

}  // namespace detail

// Gated recurrent units (Cho et al. 2014), with the gates of PyTorch's GRU, in the order r, z, n: from h = 0,
//   r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r (W_hn h + b_hn)),
//   h' = (1 - z) n + z h.
//   hidden: width of h; layers (1): each on the result of the one before; bidirectional (false): a second one from the
//   end, beside the first; bias (true). At most 36 parameters.
//   [length, n] -> [length, hidden], bidirectional [length, 2 hidden]
// At a padded step the state goes on as it is, and the result is 0.
struct gru {
  int hidden;
  int layers = 1;
  bool bidirectional = false, bias = true;

  static constexpr const char* name = "gru";
  static constexpr auto masks = tokenwise;

  constexpr shape infer(shape x) const { return all().infer<gru>(x); }
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
  constexpr detail::recurrent<detail::gru_equations> all() const { return {{}, hidden, layers, bidirectional, bias}; }
};

// tt::gru with its states: tt::named(y, h_n) = tt::fuse(tt::gru_with_states{8}, x) or fuse(..., x, h0).
//   hidden, layers (1), bidirectional (false), bias (true): as of tt::gru.
//   x [length, n], and h0 [layers x directions, hidden] or zeros -> y as of tt::gru, and h_n like h0: the states behind
//   the last steps, in row layer x directions + direction
// At a padded step the state goes on as it is, and y is 0; without a valid one h_n is h0. An absent h0 is zeros; h_n is
// absent where x and, if given, h0 are. If both may be absent, it must be together.
struct gru_with_states {
  int hidden;
  int layers = 1;
  bool bidirectional = false, bias = true;

  static constexpr const char* name = "gru_with_states";
  static constexpr int arity = any_number, results = 2;
  static constexpr auto masks = reads_masks;

  constexpr shapes infer(range<shape> x) const { return all().infer_states<gru_with_states>(x); }
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
  constexpr detail::recurrent<detail::gru_equations> all() const { return {{}, hidden, layers, bidirectional, bias}; }
};

// One step of tt::gru, as PyTorch's GRUCell: tt::fuse(tt::gru_cell{8}, x, h) is h'.
//   hidden: width of h; bias (true).
//   [n], [hidden] -> [hidden]
// An absent x leaves the state as it is, an absent h is zeros; h' is absent where both are. If both may be absent, it
// must be together.
struct gru_cell {
  int hidden;
  bool bias = true;

  static constexpr const char* name = "gru_cell";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x, shape h) const {
    const shape given[] = {x, h};
    return all().infer_cell<gru_cell>({given, 2});
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
  constexpr detail::recurrent<detail::gru_equations> all() const { return {{}, hidden, 1, false, bias}; }
};

}  // namespace tectum
