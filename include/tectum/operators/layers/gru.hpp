// Gated recurrent units.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// One layer of gated recurrent units (Cho et al. 2014), with the gates of PyTorch's GRU, in the order r, z, n:
//   r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r (W_hn h + b_hn)),
//   h' = (1 - z) n + z h, from h = 0.
//   hidden: width of h; bidirectional (false): a second one from the end, beside the first; bias (true).
//   [length, n] -> [length, hidden], bidirectional [length, 2 hidden]
// At a padded step the state goes on as it is, and the result is 0.
struct gru {
  int hidden;
  bool bidirectional = false, bias = true;

  static constexpr const char* name = "gru";
  static constexpr auto masks = tokenwise;

  constexpr shape infer(shape x) const {
    if (x.kind != kind::sequence) return wrong("gru: the input must be a sequence");
    if (hidden < 1) return wrong("gru: hidden must be 1 or more", hidden);
    return x.with_width(hidden * directions());
  }
  constexpr auto parameters(shape x) const {
    parameter_list all;
    for (int d = 0; d < directions(); ++d) {
      const bool back = d == 1;
      parameter of_input = weight_matrix(back ? "weight_ih_reverse" : "weight_ih", 3 * hidden, x.width());
      of_input.fan_in = hidden;  // PyTorch draws all four from U(+-1 / sqrt(hidden))
      all.add(of_input).add(weight_matrix(back ? "weight_hh_reverse" : "weight_hh", 3 * hidden, hidden));
      all.add_if(bias, bias_of(back ? "bias_ih_reverse" : "bias_ih", 3 * hidden, hidden));
      all.add_if(bias, bias_of(back ? "bias_hh_reverse" : "bias_hh", 3 * hidden, hidden));
    }
    return all;
  }
  // For each direction and step: the three gates, W_hn h + b_hn, and the state before the step.
  constexpr extents saved(shape x) const { return {.per_sample = 5LL * hidden * x.length() * directions()}; }
  // Forward: three sums a sample. Backward: the gradients of the six sums of each step, and of the state.
  constexpr extents scratch(shape x) const {
    return {.fixed = transposed_panel_size(3 * hidden, x.width() > hidden ? x.width() : hidden),
            .per_sample = 6LL * hidden * x.length() + hidden};
  }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const index n = hidden, length = x.length();
    const matrix<T> sums{c.scratch(), x.samples, 3 * n, 3 * n};
    for (int d = 0; d < directions(); ++d) {
      const memory_of<T> m(c.saved(), x.samples, length, n, d, c.recording);
      const int first_parameter = d * (bias ? 4 : 2);
      C::kernels::product(x.as_rows(), c.weight(first_parameter),
                          {bias ? c.values(first_parameter + 2) : nullptr, activation::identity, false},
                          matrix<T>{m.gates, x.samples * length, 3 * n, 3 * n});
      const T* const bias_hh = bias ? c.values(first_parameter + 3) : nullptr;
      for (index s = 0; s < length; ++s) {
        const index t = d == 0 ? s : length - 1 - s, next = d == 0 ? t + 1 : t - 1;
        const matrix<T> before = m.state_at(t);
        if (s == 0) {
          C::kernels::fill(before, T(0));
          if (bias_hh) C::kernels::copy(matrix<const T>{bias_hh, x.samples, 3 * n, 0}, sums);
          else C::kernels::fill(sums, T(0));
        } else {
          C::kernels::product(before, c.weight(first_parameter + 1), {bias_hh, activation::identity, false}, sums);
        }
        for (index b = 0; b < x.samples; ++b) {
          T* const result = y.sample(b) + t * y.width() + d * n;
          const matrix<T> row = detail::row_of(result, n);
          if (x.valid(b, t)) step<C>(n, m.gates_of(b, t), sums.row(b), before.row(b), m.kept_at(t).row(b), result);
          else C::kernels::fill(row, T(0));
          if (s + 1 < length)
            C::kernels::copy(x.valid(b, t) ? matrix<const T>(row) : matrix<const T>(detail::row_of(before.row(b), n)),
                             detail::row_of(m.state_at(next).row(b), n));
        }
      }
    }
  }

  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const index n = hidden, length = x.length(), rows = x.samples * length;
    const matrix<T> d_input{c.scratch(), rows, 3 * n, 3 * n}, d_state{c.scratch() + rows * 3 * n, rows, 3 * n, 3 * n};
    const matrix<T> carried{c.scratch() + rows * 6 * n, x.samples, n, n};
    for (int d = 0; d < directions(); ++d) {
      const memory_of<T> m(c.saved(), x.samples, length, n, d, true);
      const int first_parameter = d * (bias ? 4 : 2);
      C::kernels::fill(carried, T(0));
      for (index s = length - 1; s >= 0; --s) {
        const index t = d == 0 ? s : length - 1 - s;
        for (index b = 0; b < x.samples; ++b) {
          const index at = b * length + t, state_at = t * x.samples + b;
          if (x.valid(b, t)) {
            step_gradient<C>(n, m.gates_of(b, t), m.kept_at(t).row(b), m.state_at(t).row(b),
                             dy.sample(b) + t * dy.width() + d * n, carried.row(b), d_input.row(at),
                             d_state.row(state_at));
          } else {
            C::kernels::fill(detail::rows_of(d_input, at, 1), T(0));
            C::kernels::fill(detail::rows_of(d_state, state_at, 1), T(0));
          }
        }
        if (s > 0)
          C::kernels::product_input_gradient(detail::rows_of(d_state, t * x.samples, x.samples),
                                             c.weight(first_parameter + 1), carried, c.scratch_fixed());
      }
      if (c.gradients) {
        detail::each_valid_rows(x, [&](index begin, index count) {
          C::kernels::product_weight_gradient(detail::rows_of(d_input, begin, count),
                                              detail::rows_of(x.as_rows(), begin, count),
                                              c.weight_gradient(first_parameter));
        });
        C::kernels::product_weight_gradient(d_state, {m.states, rows, n, n}, c.weight_gradient(first_parameter + 1));
        if (bias) C::kernels::add_column_sums(d_input, c.gradient(first_parameter + 2));
        if (bias) C::kernels::add_column_sums(d_state, c.gradient(first_parameter + 3));
      }
      if (dx) C::kernels::product_input_gradient(d_input, c.weight(first_parameter), dx.as_rows(), c.scratch_fixed());
    }
  }

 private:
  constexpr int directions() const { return bidirectional ? 2 : 1; }

  // What a direction saves: gates [samples, length, 3 n], as the input lies; kept and states [length, samples, n], as
  // the steps go. Without training each step's are gone with the step.
  template <class T>
  struct memory_of {
    T *gates, *kept, *states;
    index samples, length, n;
    bool training;
    memory_of(T* saved, index batch, index steps, index width, index direction, bool keep) noexcept
        : gates(saved + (keep ? direction * batch * steps * width * 5 : 0)),
          kept(gates + batch * steps * width * 3),
          states(kept + batch * steps * width),
          samples(batch),
          length(steps),
          n(width),
          training(keep) {}
    T* gates_of(index b, index t) const noexcept { return gates + (b * length + t) * 3 * n; }
    matrix<T> kept_at(index t) const noexcept { return {kept + (training ? t : 0) * samples * n, samples, n, n}; }
    // The states before step t.
    matrix<T> state_at(index t) const noexcept {
      return {states + (training ? t : t % 2) * samples * n, samples, n, n};
    }
  };

  // gates: W x + b, to become r, z and n; sums: W h + b. One sample.
  template <class C, class T>
  static void step(index n, T* gates, const T* sums, const T* before, T* kept, T* after) noexcept {
    C::kernels::fused_update(
        n,
        [](auto& r, auto& z, auto& g, const auto& hr, const auto& hz, const auto& hn, const auto& h, auto& k, auto& y) {
          r = math::sigmoid(r + hr);
          z = math::sigmoid(z + hz);
          k = hn;
          g = math::tanh(fma(r, hn, g));
          y = fma(z, h - g, g);
        },
        gates, gates + n, gates + 2 * n, sums, sums + n, sums + 2 * n, before, kept, after);
  }
  // carried: the gradient of the state behind the step; becomes that part of the one before it that goes past the
  // products. d_input, d_state: gradients of W x + b and of W h + b.
  template <class C, class T>
  static void step_gradient(index n, const T* gates, const T* kept, const T* before, const T* dy, T* carried,
                            T* d_input, T* d_state) noexcept {
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
        gates, gates + n, gates + 2 * n, kept, before, dy, carried, d_input, d_input + n, d_input + 2 * n, d_state,
        d_state + n, d_state + 2 * n);
  }
};

}  // namespace tectum
