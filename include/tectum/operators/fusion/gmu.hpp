// Gated multimodal units: each modality's hidden state, weighed by gates that see all modalities.
#pragma once

#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// What the gates of tt::gmu see: the inputs, their projections W x, or the hidden states tanh(W x).
enum class gmu_gate : unsigned char { inputs, projections, hidden };

// y = sum of z_k * h_k with h_k = tanh(W_k x_k) and gates z = sigmoid(G [x0, x1, ...]) (GMU: Arevalo et al. 2017). Two
// modalities share one gate, z and 1 - z; more have one each.
//   features: width of the result; gate (inputs): what the gates see, as published; the authors' own code has
//   gmu_gate::projections; scalar (false): one number a gate for the whole sample instead of one an element;
//   independent (false): a gate each for two modalities too; bias (false): of all layers.
//   [n0], [n1], ... -> [features]; weight.0 [features, n0], weight.1, ..., gate_weight: all gates, one below the other
// An absent modality is zeros in what the gates see and adds nothing; where all are absent y is 0.
struct gmu {
  int features;
  gmu_gate gate = gmu_gate::inputs;
  bool scalar = false, independent = false, bias = false;

  static constexpr const char* name = "gmu";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    if (features < 1) return wrong("gmu: features must be 1 or more", features);
    if (x.size() < 2) return wrong("gmu: there must be two modalities or more", x.size());
    for (const shape& s : x)
      if (s.kind != kind::features)
        return wrong("gmu: every input must be one vector a sample; pool or flatten it first");
    return features_of(features);
  }
  // All gates, in one row.
  constexpr shape gates_shape(range<shape> x) const { return features_of(gates(x.size()) * gate_width()); }
  constexpr auto parameters(range<shape> x) const {
    parameter_list all;
    for (int k = 0; k < x.size(); ++k)
      all.add(weight_matrix("weight", features, x[k].width()).numbered(k))
          .add_if(bias, bias_of("bias", features, x[k].width()).numbered(k));
    const int out = gates_shape(x).width(), seen = seen_width(x);
    return all.add(weight_matrix("gate_weight", out, seen)).add_if(bias, bias_of("gate_bias", out, seen));
  }
  // Hidden states, what the gates see, the gates; each a row a sample.
  constexpr extents saved(range<shape> x) const {
    return {.per_sample = 1LL * x.size() * features + seen_width(x) + 1LL * gates(x.size()) * features};
  }
  // Gradients of the gates, also as numbers, of what they see, of a hidden state; an input with zeros where it is not.
  constexpr extents scratch(range<shape> x) const {
    long long selected = 0;
    for (const shape& s : x)
      if (detail::selected_size(s) > selected) selected = detail::selected_size(s);
    const int n = gates(x.size()), widest = n * gate_width() > features ? n * gate_width() : features;
    return {.fixed = transposed_panel_size(widest, 1),
            .per_sample = 1LL * n * (features + 1) + seen_width(x) + features + selected};
  }
  constexpr long long multiply_adds(range<shape> x) const {
    long long n = 1LL * gates_shape(x).width() * seen_width(x) + 1LL * x.size() * features;
    for (const shape& s : x) n += 1LL * features * s.width();
    return n;
  }

  template <class C>
  void forward(C& c, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    const places<T> p(*this, c, xs, y.samples);
    const int n = xs.size(), each = bias ? 2 : 1, last = each * n;
    for (int k = 0, column = 0; k < n; ++k) {
      const matrix<T> h = p.hidden_of(k), u = gate == gmu_gate::projections ? p.projection_of(k) : h;
      const auto act = gate == gmu_gate::projections ? activation::identity : activation::tanh;
      C::kernels::product(xs[k].as_rows(), c.weight(each * k), {bias ? c.values(each * k + 1) : nullptr, act}, u);
      clear_absent<C>(xs[k], u);
      if (gate == gmu_gate::projections) C::kernels::map(h, [](auto v) { return math::tanh(v); }, matrix<const T>(u));
      if (gate != gmu_gate::inputs) continue;
      const matrix<T> to = detail::columns_of(p.seen, column, xs[k].width());
      if (xs[k].mask) C::kernels::fill(to, T(0));
      detail::each_present_run(xs[k], [&](index begin, index end) {
        C::kernels::copy(detail::rows_of(xs[k].as_rows(), begin, end - begin), detail::rows_of(to, begin, end - begin));
      });
      column += static_cast<int>(xs[k].width());
    }
    const matrix<T> z = scalar ? p.numbers(c) : p.gates;
    C::kernels::product(p.seen, c.weight(last), {bias ? c.values(last + 1) : nullptr, activation::sigmoid}, z);
    for (index b = 0; scalar && b < y.samples; ++b)
      for (int g = 0; g < p.count; ++g)
        C::kernels::fill(matrix<T>{p.gates.row(b) + g * features, 1, features, features}, z(b, g));
    const matrix<T> to = y.as_rows();
    if (p.count == 1) {
      C::kernels::map(
          to, [](auto a, auto h, auto other) { return fma(a, h, (decltype(a)(T(1)) - a) * other); }, p.gate_of(0),
          matrix<const T>(p.hidden_of(0)), matrix<const T>(p.hidden_of(1)));
      return;
    }
    C::kernels::map(to, times, p.gate_of(0), matrix<const T>(p.hidden_of(0)));
    for (int k = 1; k < n; ++k) C::kernels::map_add(to, times, p.gate_of(k), matrix<const T>(p.hidden_of(k)));
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    backward(c, xs, dy.samples, dy, {}, dxs);
  }

  // With the gradients of the result and of the gates; either may be empty.
  template <class C>
  void backward(C& c, inputs<C> xs, index samples, in<C> dy, in<C> d_gates, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const places<T> p(*this, c, xs, samples);
    const int n = xs.size(), each = bias ? 2 : 1, last = each * n;
    const matrix<T> dz{c.scratch(), samples, p.gates.columns, p.gates.columns};
    const matrix<T> numbers{dz.data + samples * dz.stride, samples, p.count, p.count};
    const matrix<T> d_seen{numbers.data + samples * p.count, samples, p.seen.columns, p.seen.columns};
    const matrix<T> dh{d_seen.data + samples * d_seen.stride, samples, features, features};
    T* const room = dh.data + samples * features;

    C::kernels::fill(dz, T(0));
    for (int k = 0; dy && k < n; ++k) {
      const bool rest = p.count == 1 && k == 1;
      C::kernels::map_add(
          detail::columns_of(dz, rest ? 0 : k * features, features),
          [rest](auto d, auto h) { return rest ? -d * h : d * h; }, dy.as_rows(), matrix<const T>(p.hidden_of(k)));
    }
    if (scalar)
      for (index b = 0; b < samples; ++b)
        for (int g = 0; g < p.count; ++g)
          numbers(b, g) = C::kernels::sum(features, static_cast<const T*>(dz.row(b) + g * features));
    const matrix<T> d = scalar ? numbers : dz;
    if (d_gates) C::kernels::add(d_gates.as_rows(), d);
    for (int g = 0; g < p.count; ++g)
      for (index b = 0; b < (scalar ? samples : 1); ++b)
        C::kernels::map(
            scalar ? matrix<T>{d.row(b) + g, 1, 1, 1} : detail::columns_of(d, g * features, features),
            [](auto v, auto z) { return v * activation_gradient_from_output(activation::sigmoid, z); },
            scalar ? matrix<const T>{d.row(b) + g, 1, 1, 1}
                   : matrix<const T>(detail::columns_of(d, g * features, features)),
            scalar ? matrix<const T>{p.gates.row(b) + g * features, 1, 1, 1} : p.gate_of(g));
    if (c.gradients) {
      C::kernels::product_weight_gradient(d, p.seen, c.weight_gradient(last));
      if (bias) C::kernels::add_column_sums(d, c.gradient(last + 1));
    }
    C::kernels::fill(d_seen, T(0));
    C::kernels::product_input_gradient(d, c.weight(last), d_seen, c.scratch_fixed());

    for (int k = 0, column = 0; k < n; ++k) {
      const int wide = gate == gmu_gate::inputs ? static_cast<int>(xs[k].width()) : features;
      const matrix<const T> through = detail::columns_of(d_seen, column, wide);
      column += wide;
      if (!c.gradients && !dxs[k]) continue;
      const bool rest = p.count == 1 && k == 1;
      if (dy)
        C::kernels::map(
            dh, [rest](auto g, auto z) { return rest ? g * (decltype(z)(T(1)) - z) : g * z; }, dy.as_rows(),
            p.gate_of(rest ? 0 : k));
      else C::kernels::fill(dh, T(0));
      if (gate == gmu_gate::hidden) C::kernels::add(through, dh);
      C::kernels::map(
          dh, [](auto g, auto h) { return g * activation_gradient_from_output(activation::tanh, h); },
          matrix<const T>(dh), matrix<const T>(p.hidden_of(k)));
      if (gate == gmu_gate::projections) C::kernels::add(through, dh);
      clear_absent<C>(xs[k], dh);
      if (c.gradients) {
        C::kernels::product_weight_gradient(dh, detail::selected_rows<typename C::kernels>(xs[k], room),
                                            c.weight_gradient(each * k));
        if (bias) C::kernels::add_column_sums(dh, c.gradient(each * k + 1));
      }
      if (!dxs[k]) continue;
      C::kernels::product_input_gradient(dh, c.weight(each * k), dxs[k].as_rows(), c.scratch_fixed());
      if (gate == gmu_gate::inputs)
        detail::each_present_run(xs[k], [&](index begin, index end) {
          C::kernels::add(detail::rows_of(through, begin, end - begin),
                          detail::rows_of(dxs[k].as_rows(), begin, end - begin));
        });
    }
  }
  // The gates that forward has left, to a result of their own.
  template <class C>
  void copy_gates(C& c, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    const places<T> p(*this, c, xs, y.samples);
    for (int g = 0; g < p.count; ++g)
      C::kernels::copy(matrix<const T>{p.gates.data + g * features, y.samples, gate_width(), p.gates.stride},
                       detail::columns_of(y.as_rows(), g * gate_width(), gate_width()));
  }

 private:
  static constexpr auto times = [](auto a, auto b) { return a * b; };

  constexpr int gates(int n) const { return n == 2 && !independent ? 1 : n; }
  constexpr int gate_width() const { return scalar ? 1 : features; }
  constexpr int seen_width(range<shape> x) const {
    if (gate != gmu_gate::inputs) return x.size() * features;
    int n = 0;
    for (const shape& s : x) n += s.width();
    return n;
  }

  // Where forward leaves what backward reads.
  template <class T>
  struct places {
    int features, count;
    matrix<T> hidden, seen, gates;
    template <class C>
    places(const gmu& op, C& c, inputs<C> xs, index samples) : features(op.features),
                                                               count(op.gates(xs.size())) {
      index wide = index{xs.size()} * features, all = 0;
      hidden = {c.saved(), samples, wide, wide};
      for (const in<C>& x : xs) all += x.width();
      if (op.gate != gmu_gate::inputs) all = wide;
      seen = op.gate == gmu_gate::hidden ? hidden : matrix<T>{c.saved() + samples * wide, samples, all, all};
      gates = {c.saved() + samples * (wide + all), samples, index{count} * features, index{count} * features};
    }
    matrix<T> hidden_of(int k) const { return detail::columns_of(hidden, index{k} * features, features); }
    matrix<T> projection_of(int k) const { return detail::columns_of(seen, index{k} * features, features); }
    matrix<const T> gate_of(int k) const { return detail::columns_of(gates, index{k} * features, features); }
    // Scalar gates as they come out of their layer.
    template <class C>
    matrix<T> numbers(C& c) const {
      return {c.scratch(), gates.rows, count, count};
    }
  };
  template <class C>
  static void clear_absent(const in<C>& x, const matrix<typename C::scalar>& m) noexcept {
    if (!x.mask) return;
    for (index b = 0; b < m.rows; ++b)
      if (!x.present(b)) C::kernels::fill(detail::rows_of(m, b, 1), 0);
  }
};

// The same, and its gates as a second result: which modality was listened to.
//   features, gate (inputs), scalar (false), independent (false), bias (false): as of tt::gmu.
//   [n0], [n1], ... -> [features] and [gates]: z0, z1, ... side by side, features numbers each, or one if scalar
struct gmu_with_gates {
  int features;
  gmu_gate gate = gmu_gate::inputs;
  bool scalar = false, independent = false, bias = false;

  static constexpr const char* name = "gmu_with_gates";
  static constexpr int arity = any_number, results = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shapes infer(range<shape> x) const {
    const shape y = unit().infer(x);
    return y.fault ? shapes(y, y) : shapes(y, unit().gates_shape(x));
  }
  constexpr auto parameters(range<shape> x) const { return unit().parameters(x); }
  constexpr extents saved(range<shape> x) const { return unit().saved(x); }
  constexpr extents scratch(range<shape> x) const { return unit().scratch(x); }
  constexpr long long multiply_adds(range<shape> x) const { return unit().multiply_adds(x); }

  template <class C>
  void forward(C& c, inputs<C> xs, out<C> y, out<C> z) const noexcept {
    unit().forward(c, xs, y);
    unit().copy_gates(c, xs, z);
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C>, in<C> dy, in<C> dz, outputs<C> dxs) const noexcept {
    if (dy || dz) unit().backward(c, xs, xs[0].samples, dy, dz, dxs);
  }

 private:
  constexpr gmu unit() const { return {features, gate, scalar, independent, bias}; }
};

}  // namespace tectum
