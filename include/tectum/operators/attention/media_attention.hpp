// Attention of a text to the media that stand in it.
#pragma once

#include <tectum/operators/attention/core.hpp>

namespace tectum::inline TECTUM_ABI {

// Attention of a text's tokens to media that are interleaved with it (Flamingo: Alayrac et al. 2022): the keys are
// `media` segments of equal length, one behind the other, and the ids of the text say where each begins. A token sees
// the medium that began last, itself included, and nothing before the first.
//   heads, bias (true), width (0), out_bias (as bias), head_width (0): as tt::attention;
//   media (1): segments of the keys, must divide their number;
//   id (1): of the text's ids, the one that a medium begins at; media beyond `media` are not there to be seen;
//   only_immediate (true): false lets a token see all media that began before it.
//   queries [n, a], keys [m, k], ids tokens [n] -> [n, width]
// A token that sees no key gives 0 with gradient 0, behind the last layer too. Padded ids are not counted; keys that
// are padded or absent are not seen. The mask of the result is that of the queries. Parameters as tt::attention.
struct media_attention {
  int heads;
  int media = 1;
  int id = 1;
  bool only_immediate = true;
  bool bias = true;
  int width = 0;
  bool out_bias = bias;
  int head_width = 0;

  static constexpr const char* name = "media_attention";
  static constexpr int arity = 3;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape q, shape k, shape ids) const {
    if (q.kind != kind::sequence) return wrong("media_attention: the queries must be a sequence");
    const shape y = core().infer(detail::shape_list{q, k}.x);
    if (y.fault) return y;
    if (media < 1 || k.length() % media != 0)
      return wrong("media_attention: media must divide the number of keys", media, k.length());
    if (ids.kind != kind::tokens) return wrong("media_attention: the third input must be the ids of the text");
    if (ids.length() != q.length())
      return wrong("media_attention: there must be one id a query", ids.length(), q.length());
    return y;
  }
  constexpr auto parameters(shape q, shape k, shape) const { return core().parameters(detail::shape_list{q, k}.x); }
  constexpr extents saved(shape q, shape k, shape) const { return core().saved(detail::shape_list{q, k}.x); }
  // What is added to the scores, behind what the core asks for.
  constexpr extents scratch(shape q, shape k, shape) const {
    extents e = core().scratch(detail::shape_list{q, k}.x);
    e.per_sample += 1LL * q.length() * k.length();
    return e;
  }
  constexpr long long multiply_adds(shape q, shape k, shape) const {
    return core().multiply_adds(detail::shape_list{q, k}.x);
  }

  template <class C>
  void forward(C& c, in<C> q, in<C> k, token_ids ids, out<C> y) const noexcept {
    const in<C> x[] = {q, k};
    const shape scores = sequence_of(static_cast<int>(q.length()), static_cast<int>(k.length()));
    core().forward(c, x, seen(c, q, k, ids, scores), y);
  }
  template <class C>
  void backward(C& c, in<C> q, in<C> k, token_ids ids, in<C>, in<C> dy, out<C> dq, out<C> dk, out<C>) const noexcept {
    const in<C> x[] = {q, k};
    const out<C> dx[] = {dq, dk};
    const shape scores = sequence_of(static_cast<int>(q.length()), static_cast<int>(k.length()));
    core().backward(c, x, seen(c, q, k, ids, scores), dy, dx, out<C>{});
  }

 private:
  // Minus infinity, made of bits: -ffast-math knows none.
  template <class T>
  static constexpr T hidden =
      reinterpret<T>(static_cast<bits_of<T>>(math::constants<T>::infinity | math::constants<T>::sign));
  // One key is allowed: a token may see it or not.
  constexpr detail::attention_core<2> core() const {
    return {{{heads, false, bias, width, out_bias, head_width, false, false, 0, true}, false}};
  }
  // 0 for keys that a token sees, minus infinity for all others.
  template <class C>
  in<C> seen(C& c, const in<C>& q, const in<C>& k, const token_ids& ids, const shape& scores) const noexcept {
    using T = typename C::scalar;
    const shape pair[] = {q.shape(), k.shape()};
    T* const all = c.scratch() + core().scratch(pair).per_sample * q.samples;
    const index keys = k.length(), each = keys / media;
    C::kernels::fill(matrix<T>{all, q.samples * q.length(), keys, keys}, hidden<T>);
    for (index b = 0; b < q.samples; ++b) {
      index begun = 0;
      for (index i = 0; i < q.length(); ++i) {
        if (ids.valid(b, i) && ids.sample(b)[i] == id) ++begun;
        const index first = only_immediate ? begun - 1 : 0, end = begun < media ? begun : media;
        if (first >= 0 && first < end)
          C::kernels::fill(detail::row_of(all + (b * q.length() + i) * keys + first * each, (end - first) * each),
                           T(0));
      }
    }
    return {all, q.samples, q.length() * keys, &scores, nullptr};
  }
};

}  // namespace tectum
