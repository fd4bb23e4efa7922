// Attention without linear layers.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/operators/attention/weights.hpp>
#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// softmax(q kᵀ scale) v for each head, of inputs as they are (Vaswani et al. 2017): linear layers, normalisations or
// tt::rotary may stand before it.
//   heads (1): must divide the widths of keys and values;
//   causal (false): query i sees the keys up to i only;
//   scale (0): of the scores, 0 for 1 / sqrt(d / heads);
//   one_key (false): allows a sequence of one key, as in tt::attention.
//   queries [n, d] or [d], keys [m, d], values [m, e] -> [n, e] or [e]
// Keys that are padded or absent are not seen; a query that sees no key gives 0 with gradient 0. The mask of the result
// is that of the queries.
struct dot_product_attention {
  int heads = 1;
  bool causal = false;
  double scale = 0;
  bool one_key = false;

  static constexpr const char* name = "dot_product_attention";
  static constexpr int arity = 3;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape q, shape k, shape v) const {
    if (q.holds_ids() || k.holds_ids() || v.holds_ids())
      return wrong("dot_product_attention: ids are not numbers to compute with; put an embedding before it");
    if (q.kind != kind::sequence && q.kind != kind::features)
      return wrong("dot_product_attention: the queries must be a sequence or one vector");
    if (k.kind != kind::sequence || v.kind != kind::sequence)
      return wrong("dot_product_attention: keys and values must be sequences");
    if (k.length() != v.length())
      return wrong("dot_product_attention: there must be one value a key", k.length(), v.length());
    if (k.length() == 1 && !one_key)
      return wrong("dot_product_attention: with one key every weight is 1; one_key = true allows it");
    if (q.width() != k.width())
      return wrong("dot_product_attention: queries and keys must have one width", q.width(), k.width());
    if (heads < 1) return wrong("dot_product_attention: heads must be 1 or more", heads);
    if (k.width() % heads != 0 || v.width() % heads != 0)
      return wrong("dot_product_attention: heads must divide the widths of keys and values", heads,
                   k.width() % heads != 0 ? k.width() : v.width());
    return q.with_width(v.width());
  }
  constexpr extents saved(shape q, shape k, shape) const {
    return {.per_sample = 1LL * heads * q.length() * k.length()};
  }
  // The kernels' own; a byte a key; inputs and the gradient of the result, selected.
  constexpr extents scratch(shape q, shape k, shape v) const {
    return {.fixed = attention_gradient_scratch_size(q.length(), k.length()) + k.length(),
            .per_sample = detail::selected_size(q) + detail::selected_size(k) + detail::selected_size(v) +
                          1LL * q.length() * v.width()};
  }
  constexpr long long multiply_adds(shape q, shape k, shape v) const {
    return 1LL * q.length() * k.length() * (k.width() + v.width());
  }

  template <class C>
  void forward(C& c, in<C> q, in<C> k, in<C> v, out<C> y) const noexcept {
    const selected<C> s(c, q, k, v);
    for (index b = 0; b < q.samples; ++b)
      C::kernels::attention(geometry<C>(q, k, v), s.of(s.q, b), s.of(s.k, b), s.of(s.v, b), valid_keys(c, q, k, v, b),
                            y.sample_rows(b), probabilities(c, q, k, b));
  }
  template <class C>
  void backward(C& c, in<C> q, in<C> k, in<C> v, in<C>, in<C> dy, out<C> dq, out<C> dk, out<C> dv) const noexcept {
    using T = typename C::scalar;
    const selected<C> s(c, q, k, v);
    in<C> d = dy;
    d.mask = q.mask;  // what is not valid of the queries does not count
    const matrix<const T> counting = detail::selected_rows<typename C::kernels>(d, s.free);
    const auto rows = [](const out<C>& to, index b) { return to ? to.sample_rows(b) : matrix<T>{}; };
    for (index b = 0; b < q.samples; ++b)
      C::kernels::attention_gradient(geometry<C>(q, k, v), s.of(s.q, b), s.of(s.k, b), s.of(s.v, b),
                                     valid_keys(c, q, k, v, b), probabilities(c, q, k, b), s.of(counting, b),
                                     rows(dq, b), rows(dk, b), rows(dv, b), nullptr, c.scratch_fixed());
  }

 private:
  // The inputs with zeros where they are not valid.
  template <class C>
  struct selected {
    using T = typename C::scalar;
    index samples;
    matrix<const T> q, k, v;
    T* free;  // scratch behind them

    selected(C& c, const in<C>& queries, const in<C>& keys, const in<C>& values) : samples(queries.samples) {
      free = c.scratch();
      q = rows(queries);
      k = rows(keys);
      v = rows(values);
    }
    matrix<const T> rows(const in<C>& x) {
      const matrix<const T> m = detail::selected_rows<typename C::kernels>(x, free);
      free += detail::selected_size(x.shape()) * x.samples;
      return m;
    }
    matrix<const T> of(const matrix<const T>& all, index b) const {
      const index n = all.rows / samples;
      return detail::rows_of(all, b * n, n);
    }
  };

  template <class C>
  attention_geometry<typename C::scalar> geometry(const in<C>& q, const in<C>& k, const in<C>& v) const {
    using T = typename C::scalar;
    const index d = k.width() / heads;
    return {.heads = heads,
            .queries = q.length(),
            .keys = k.length(),
            .head_width = d,
            .value_width = v.width() / heads,
            .scale = scale != 0 ? static_cast<T>(scale) : T(1) / math::sqrt(T(d)),
            .causal = causal};
  }
  template <class C>
  typename C::scalar* probabilities(C& c, const in<C>& q, const in<C>& k, index b) const {
    return c.saved() + b * heads * q.length() * k.length();
  }
  template <class C>
  static const std::uint8_t* valid_keys(C& c, const in<C>& q, const in<C>& k, const in<C>& v, index b) {
    auto* const behind = c.scratch_fixed() + attention_gradient_scratch_size(q.length(), k.length());
    return detail::valid_key_bytes(k, v, b, 0, reinterpret_cast<std::uint8_t*>(behind));
  }
};

}  // namespace tectum
