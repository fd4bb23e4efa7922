// Multi-head attention, from one, two or three values, and with scores added.
#pragma once

#include <tectum/operators/attention/segments.hpp>

namespace tectum::inline TECTUM_ABI {

// Scaled dot-product attention with heads (Vaswani et al. 2017): softmax(Q Kᵀ / sqrt(head_width)) V for each head,
// with Q, K and V linear layers of the inputs; then a linear layer over the heads side by side.
//   heads: how many; without head_width they must divide the width;
//   causal (false): query i sees the keys up to i + ahead only;
//   bias (true): of the layers of queries, keys and values;
//   width (0): of the result in elements, 0 for the width of the queries;
//   out_bias (as bias): of the last layer;
//   head_width (0): of one head in elements, 0 for width / heads;
//   bias_kv (false): one more key and value, learned, behind the others;
//   zero_attention (false): one more key and value of zeros, behind that;
//   ahead (0): with causal, how many keys beyond its own place a query sees;
//   one_key (false): allows a sequence of one key. Its weight is always 1, so that attention is then a linear layer and
//   learns nothing about the queries: refused unless it is meant.
//   queries [n, a] or [a], keys [m, k], values [m, v] -> [n, width] or [width]
// Keys that are padded or absent are not seen, the two extra ones always are; a query that sees no key gives 0 with
// gradient 0, behind the last layer too. The mask of the result is that of the queries. Parameters, with
// inner = heads * head_width: q_weight, k_weight, v_weight [inner, a | k | v], q_bias, k_bias, v_bias [inner],
// out_weight [width, inner], out_bias [width], bias_k, bias_v [inner]. in_proj_weight and in_proj_bias of
// torch.nn.MultiheadAttention are the first three of theirs one below the other; out_proj is out.
struct attention {
  int heads;
  bool causal = false, bias = true;
  int width = 0;
  bool out_bias = bias;
  int head_width = 0;
  bool bias_kv = false, zero_attention = false;
  int ahead = 0;
  bool one_key = false;

  static constexpr const char* name = "attention";
  static constexpr int arity = 3;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape q, shape k, shape v) const { return core().infer(detail::shape_list{q, k, v}.x); }
  constexpr auto parameters(shape q, shape k, shape v) const {
    return core().parameters(detail::shape_list{q, k, v}.x);
  }
  constexpr extents saved(shape q, shape k, shape v) const { return core().saved(detail::shape_list{q, k, v}.x); }
  constexpr extents scratch(shape q, shape k, shape v) const { return core().scratch(detail::shape_list{q, k, v}.x); }
  constexpr long long multiply_adds(shape q, shape k, shape v) const {
    return core().multiply_adds(detail::shape_list{q, k, v}.x);
  }

  template <class C>
  void forward(C& c, in<C> q, in<C> k, in<C> v, out<C> y) const noexcept {
    const in<C> x[] = {q, k, v};
    core().forward(c, x, in<C>{}, y);
  }
  template <class C>
  void backward(C& c, in<C> q, in<C> k, in<C> v, in<C>, in<C> dy, out<C> dq, out<C> dk, out<C> dv) const noexcept {
    const in<C> x[] = {q, k, v};
    const out<C> dx[] = {dq, dk, dv};
    core().backward(c, x, in<C>{}, dy, dx, out<C>{});
  }

 private:
  constexpr detail::attention_core<3> core() const { return detail::core_of<3>(*this); }
};

// Attention of a sequence to itself: queries, keys and values from one value (Vaswani et al. 2017).
//   Options, masks and parameters as tt::attention.
//   [n, a] -> [n, width]
struct self_attention {
  int heads;
  bool causal = false, bias = true;
  int width = 0;
  bool out_bias = bias;
  int head_width = 0;
  bool bias_kv = false, zero_attention = false;
  int ahead = 0;
  bool one_key = false;

  static constexpr const char* name = "self_attention";
  static constexpr auto masks = reads_masks;

  constexpr shape infer(shape x) const { return core().infer(&x); }
  constexpr auto parameters(shape x) const { return core().parameters(&x); }
  constexpr extents saved(shape x) const { return core().saved(&x); }
  constexpr extents scratch(shape x) const { return core().scratch(&x); }
  constexpr long long multiply_adds(shape x) const { return core().multiply_adds(&x); }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    core().forward(c, &x, in<C>{}, y);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    core().backward(c, &x, in<C>{}, dy, &dx, out<C>{});
  }

 private:
  constexpr detail::attention_core<1> core() const { return detail::core_of<1>(*this); }
};

// Attention of one modality to another: queries from the first value, keys and values from the second (crossmodal
// attention, Tsai et al. 2019).
//   Options, masks and parameters as tt::attention; `causal` compares places in the two sequences;
//   segments (1): parts of equal length of both sequences. A query sees the keys of its own part only, as the latents
//   of each picture or frame see that one alone; places count within a part, and so does one_key.
//   [n, a] or [a], [m, k] -> [n, width] or [width]
struct cross_attention {
  int heads;
  bool causal = false, bias = true;
  int width = 0;
  bool out_bias = bias;
  int head_width = 0;
  bool bias_kv = false, zero_attention = false;
  int ahead = 0;
  bool one_key = false;
  int segments = 1;

  static constexpr const char* name = "cross_attention";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape q, shape k) const {
    if (segments < 1) return wrong("attention: segments must be 1 or more", segments);
    if (segments > 1 && (q.length() % segments != 0 || k.length() % segments != 0))
      return wrong("attention: segments must divide the numbers of queries and keys", segments,
                   q.length() % segments != 0 ? q.length() : k.length());
    const shape y = core().infer(parts(q, k).x);
    return y.fault ? y : q.with_width(y.width());
  }
  constexpr auto parameters(shape q, shape k) const { return core().parameters(parts(q, k).x); }
  constexpr extents saved(shape q, shape k) const {
    return {.per_sample = segments * core().saved(parts(q, k).x).per_sample};
  }
  constexpr extents scratch(shape q, shape k) const {
    const extents part = core().scratch(parts(q, k).x);
    return {.fixed = part.fixed, .per_sample = segments * part.per_sample + (segments > 1 ? 2LL * segments : 0)};
  }
  constexpr long long multiply_adds(shape q, shape k) const { return segments * core().multiply_adds(parts(q, k).x); }

  template <class C>
  void forward(C& c, in<C> q, in<C> k, out<C> y) const noexcept {
    if (segments > 1) {
      const detail::segmented<C> s(segments, q, k, y.shape(), presence(c, q, k));
      return core().forward(c, s.x, in<C>{}, s.parts(y, 2));
    }
    const in<C> x[] = {q, k};
    core().forward(c, x, in<C>{}, y);
  }
  template <class C>
  void backward(C& c, in<C> q, in<C> k, in<C>, in<C> dy, out<C> dq, out<C> dk) const noexcept {
    if (segments > 1) {
      const detail::segmented<C> s(segments, q, k, dy.shape(), presence(c, q, k));
      const out<C> dx[] = {s.parts(dq, 0), s.parts(dk, 1)};
      return core().backward(c, s.x, in<C>{}, s.parts(dy, 2), dx, out<C>{});
    }
    const in<C> x[] = {q, k};
    const out<C> dx[] = {dq, dk};
    core().backward(c, x, in<C>{}, dy, dx, out<C>{});
  }

 private:
  constexpr detail::attention_core<2> core() const { return detail::core_of<2>(*this); }
  constexpr detail::shape_list<2> parts(shape q, shape k) const {
    if (segments > 1) return {{detail::segment_of(q, segments), detail::segment_of(k, segments)}};
    return {{q, k}};
  }
  // Behind what the core asks for.
  template <class C>
  std::uint8_t* presence(C& c, const in<C>& q, const in<C>& k) const {
    const index n = core().scratch(parts(q.shape(), k.shape()).x).per_sample * segments * q.samples;
    return reinterpret_cast<std::uint8_t*>(c.scratch() + n);
  }
};

// tt::attention with a fourth input that is added to the scaled scores, before the softmax, and gets a gradient.
//   Options and parameters as tt::attention.
//   queries [n, a], keys [m, k], values [m, v], added [n, m], one for all heads, or a picture [heads, n, m]
//   -> [n, width]
// Minus infinity in what is added hides a key from a query: masks that depend on data come in this way. It may not
// itself be padded or absent; bias_kv and zero_attention get 0 added. Otherwise masked as tt::attention.
struct biased_attention {
  int heads;
  bool causal = false, bias = true;
  int width = 0;
  bool out_bias = bias;
  int head_width = 0;
  bool bias_kv = false, zero_attention = false;
  int ahead = 0;
  bool one_key = false;

  static constexpr const char* name = "biased_attention";
  static constexpr int arity = 4;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape q, shape k, shape v, shape added) const {
    return detail::added_scores_fit(core().o, core().infer(detail::shape_list{q, k, v}.x), q, k, added);
  }
  constexpr auto parameters(shape q, shape k, shape v, shape) const {
    return core().parameters(detail::shape_list{q, k, v}.x);
  }
  constexpr extents saved(shape q, shape k, shape v, shape) const {
    return core().saved(detail::shape_list{q, k, v}.x);
  }
  constexpr extents scratch(shape q, shape k, shape v, shape added) const {
    return core().scratch(detail::shape_list{q, k, v}.x, &added);
  }
  constexpr long long multiply_adds(shape q, shape k, shape v, shape) const {
    return core().multiply_adds(detail::shape_list{q, k, v}.x);
  }

  template <class C>
  void forward(C& c, in<C> q, in<C> k, in<C> v, in<C> added, out<C> y) const noexcept {
    const in<C> x[] = {q, k, v};
    core().forward(c, x, added, y);
  }
  template <class C>
  void backward(C& c, in<C> q, in<C> k, in<C> v, in<C> added, in<C>, in<C> dy, out<C> dq, out<C> dk, out<C> dv,
                out<C> dadded) const noexcept {
    const in<C> x[] = {q, k, v};
    const out<C> dx[] = {dq, dk, dv};
    core().backward(c, x, added, dy, dx, dadded);
  }

 private:
  constexpr detail::attention_core<3> core() const { return detail::core_of<3>(*this); }
};

}  // namespace tectum
