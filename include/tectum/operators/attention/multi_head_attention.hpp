// Multi-head attention, from one, two or three values, and with scores added.
#pragma once

#include <tectum/operators/attention/core.hpp>

namespace tectum::inline TECTUM_ABI {

// Scaled dot-product attention with heads (Vaswani et al. 2017): softmax(Q Kᵀ / sqrt(width / heads)) V for each head,
// with Q, K and V linear layers of the inputs; then a linear layer over the heads side by side.
//   heads: must divide the width; causal (false): query i sees the keys up to i only; bias (true): of the four linear
//   layers; width (0): of the model and the result, 0 for the width of the queries.
//   queries [n, a] or [a], keys [m, k], values [m, v] -> [n, width] or [width]
// Keys that are padded or absent are not seen; a query that sees no key gives 0 with gradient 0, behind the output
// layer too. The mask of the result is that of the queries. Parameters: q_weight, k_weight, v_weight [width, ...],
// q_bias, ..., out_weight, out_bias. in_proj_weight of torch.nn.MultiheadAttention is the first three one below the
// other, in_proj_bias likewise; out_proj is out.
struct attention {
  int heads;
  bool causal = false, bias = true;
  int width = 0;

  static constexpr const char* name = "attention";
  static constexpr int arity = 3;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape q, shape k, shape v) const { return core().infer(list{q, k, v}.x); }
  constexpr auto parameters(shape q, shape k, shape v) const { return core().parameters(list{q, k, v}.x); }
  constexpr extents saved(shape q, shape k, shape v) const { return core().saved(list{q, k, v}.x); }
  constexpr extents scratch(shape q, shape k, shape v) const { return core().scratch(list{q, k, v}.x); }
  constexpr long long multiply_adds(shape q, shape k, shape v) const { return core().multiply_adds(list{q, k, v}.x); }

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
  struct list {
    shape x[3];
  };
  constexpr detail::attention_core<3> core() const { return {heads, causal, bias, width}; }
};

// Attention of a sequence to itself: queries, keys and values from one value. Options and parameters as tt::attention.
//   [n, a] -> [n, width]
struct self_attention {
  int heads;
  bool causal = false, bias = true;
  int width = 0;

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
  constexpr detail::attention_core<1> core() const { return {heads, causal, bias, width}; }
};

// Attention of one modality to another: queries from the first value, keys and values from the second (crossmodal
// attention, Tsai et al. 2019). Options and parameters as tt::attention; `causal` compares places in the two sequences.
//   [n, a] or [a], [m, k] -> [n, width] or [width]
struct cross_attention {
  int heads;
  bool causal = false, bias = true;
  int width = 0;

  static constexpr const char* name = "cross_attention";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape q, shape k) const { return core().infer(list{q, k}.x); }
  constexpr auto parameters(shape q, shape k) const { return core().parameters(list{q, k}.x); }
  constexpr extents saved(shape q, shape k) const { return core().saved(list{q, k}.x); }
  constexpr extents scratch(shape q, shape k) const { return core().scratch(list{q, k}.x); }
  constexpr long long multiply_adds(shape q, shape k) const { return core().multiply_adds(list{q, k}.x); }

  template <class C>
  void forward(C& c, in<C> q, in<C> k, out<C> y) const noexcept {
    const in<C> x[] = {q, k};
    core().forward(c, x, in<C>{}, y);
  }
  template <class C>
  void backward(C& c, in<C> q, in<C> k, in<C>, in<C> dy, out<C> dq, out<C> dk) const noexcept {
    const in<C> x[] = {q, k};
    const out<C> dx[] = {dq, dk};
    core().backward(c, x, in<C>{}, dy, dx, out<C>{});
  }

 private:
  struct list {
    shape x[2];
  };
  constexpr detail::attention_core<2> core() const { return {heads, causal, bias, width}; }
};

// tt::attention with a fourth input that is added to the scaled scores, before the softmax, and gets a gradient.
//   queries, keys, values as there; added [n, m], one for all heads, or a picture [heads, n, m]. It may not be masked.
struct biased_attention {
  int heads;
  bool causal = false, bias = true;
  int width = 0;

  static constexpr const char* name = "biased_attention";
  static constexpr int arity = 4;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape q, shape k, shape v, shape added) const {
    const shape y = core().infer(list{q, k, v}.x);
    if (y.fault) return y;
    if (added.masked()) return wrong("biased_attention: what is added to the scores may not be padded or absent");
    if (added.holds_ids() || added.rank < 2 || added.rank > 3)
      return wrong("biased_attention: what is added to the scores must be [queries, keys] or [heads, queries, keys]");
    if (added.height() != q.length() && added.rank == 3)
      return wrong("biased_attention: the scores have another number of queries", added.height(), q.length());
    if (added.rank == 2 && added.extent[0] != q.length())
      return wrong("biased_attention: the scores have another number of queries", added.extent[0], q.length());
    if (added.width() != k.length())
      return wrong("biased_attention: the scores have another number of keys", added.width(), k.length());
    if (added.rank == 3 && added.extent[0] != heads)
      return wrong("biased_attention: the scores have another number of heads", added.extent[0], heads);
    return y;
  }
  constexpr auto parameters(shape q, shape k, shape v, shape) const { return core().parameters(list{q, k, v}.x); }
  constexpr extents saved(shape q, shape k, shape v, shape) const { return core().saved(list{q, k, v}.x); }
  constexpr extents scratch(shape q, shape k, shape v, shape) const { return core().scratch(list{q, k, v}.x); }
  constexpr long long multiply_adds(shape q, shape k, shape v, shape) const {
    return core().multiply_adds(list{q, k, v}.x);
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
  struct list {
    shape x[3];
  };
  constexpr detail::attention_core<3> core() const { return {heads, causal, bias, width}; }
};

}  // namespace tectum
