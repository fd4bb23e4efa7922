// Attention with linear layers, forward and backward: what all its forms share.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/operators/attention/layout.hpp>
#include <tectum/operators/attention/weights.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// `added` and `weights` may be empty; so may dy and dweights, one of them.
template <int Inputs>
struct attention_core : attention_layout<Inputs> {
  using layout = attention_layout<Inputs>;
  using layout::group_of, layout::members, layout::o;

  template <class C>
  void forward(C& c, const in<C>* x, in<C> added, out<C> y, out<C> weights = {}, bool average = true) const noexcept {
    using T = typename C::scalar;
    const places<C> at(o, c, x);
    for (int g = 0; g < Inputs; ++g) {
      const matrix<const T> rows = selected_rows<typename C::kernels>(x[g], c.scratch());
      const int wide = at.together ? members(g) : 1;
      for (int p = g; p < g + members(g); p += wide)
        at.each_stretch(g, [&](index from, index count, index to) {
          C::kernels::product(rows_of(rows, from, count), widened(c.weight(p), wide),
                              {o.bias ? c.values(o.bias_of(p)) : nullptr, activation::identity},
                              rows_of(at.projected(c.saved(), p, wide), to, count));
        });
    }
    write_extra_keys(c, at);
    for (index b = 0; b < at.samples; ++b)
      C::kernels::attention(geometry(c, at, added, b), at.projected_queries(c.saved(), b), keys(at, c.saved(), b),
                            values(at, c.saved(), b), valid_keys(c, at, x, b), at.of_sample(at.heads_result(), b),
                            at.probabilities(b));
    C::kernels::product(at.heads_result(), c.weight(o.out_weight()),
                        {o.out_bias ? c.values(o.out_bias_number()) : nullptr, activation::identity}, y.as_rows());
    if (some_may_see_nothing(x, added))
      for (index b = 0; b < at.samples; ++b)
        for (index i = 0; i < at.queries; ++i)
          if (at.sees_nothing(b, i)) C::kernels::fill(tokens_of(y, b * at.queries + i, 1), T(0));
    if (weights)
      for (index b = 0; b < at.samples; ++b) {
        const weight_columns columns{at.heads, at.queries, at.keys, at.extra, average};
        write_weights<typename C::kernels>(columns, at.probabilities(b), weights.sample(b));
        for (index i = 0; i < at.queries; ++i)
          if (!x[0].valid(b, i))
            for (index h = 0; h < (average ? 1 : at.heads); ++h)
              C::kernels::fill(row_of(weights.sample(b) + (h * at.queries + i) * at.keys, at.keys), T(0));
      }
  }

  template <class C>
  void backward(C& c, const in<C>* x, in<C> added, in<C> dy, const out<C>* dx, out<C> dadded, in<C> dweights = {},
                bool average = true) const noexcept {
    using T = typename C::scalar;
    const places<C> at(o, c, x);
    T* const gradients = c.scratch() + layout::widest_selected(at.shapes) * at.samples;  // of the projections
    const matrix<T> d_heads{gradients + at.projected_elements(), at.samples * at.queries, at.inner, at.inner};
    C::kernels::fill(matrix<T>{gradients, 1, at.projected_elements() + d_heads.rows * at.inner, 0}, T(0));
    if (dy) {
      const matrix<const T> d = gradient_that_counts<C>(at, x, added, dy, d_heads.data + d_heads.rows * at.inner);
      if (c.gradients) {
        C::kernels::product_weight_gradient(d, at.heads_result(), c.weight_gradient(o.out_weight()));
        if (o.out_bias) C::kernels::add_column_sums(d, c.gradient(o.out_bias_number()));
      }
      C::kernels::product_input_gradient(d, c.weight(o.out_weight()), d_heads, c.scratch_fixed());
    }
    for (index b = 0; b < at.samples; ++b) {
      const attention_geometry<T> g = geometry(c, at, added, b);
      const matrix<T> q = at.projected_queries(c.saved(), b), k = keys(at, c.saved(), b), v = values(at, c.saved(), b);
      const matrix<T> dq = at.projected_queries(gradients, b), dk = keys(at, gradients, b),
                      dv = values(at, gradients, b), d = at.of_sample(d_heads, b);
      T* const dbias = gradient_of_added(c, at, dadded, b);
      if (dweights)
        attention_gradient_through_weights<typename C::kernels, T>(
            g, {at.heads, at.queries, at.keys, at.extra, average}, q, k, v, at.probabilities(b), d, dweights.sample(b),
            [&](index i) { return x[0].valid(b, i); }, dq, dk, dv, dbias, c.scratch_fixed());
      else
        C::kernels::attention_gradient(g, q, k, v, valid_keys(c, at, x, b), at.probabilities(b), d, dq, dk, dv, dbias,
                                       c.scratch_fixed());
      if (dadded && at.extra > 0) {
        const matrix<T> to = dadded.sample_rows(b);
        C::kernels::add(matrix<const T>{dbias + at.extra, to.rows, to.columns, at.keys}, to);
      }
    }
    add_extra_gradients(c, at, gradients);
    for (int g = 0; g < Inputs; ++g) add_projection_gradients(c, at, g, x, gradients, dx[g]);
  }

 private:
  template <class C>
  using places = typename layout::template places<C>;

  // Parameters of one group are consecutive: with whole panels they are one weight.
  template <class T>
  static packed<T> widened(packed<T> w, int members) {
    w.out *= members;
    return w;
  }
  template <class P, class T>
  static matrix<T> keys(const P& at, T* block, index b) {
    return at.of_sample(at.projected(block, 1), b);
  }
  template <class P, class T>
  static matrix<T> values(const P& at, T* block, index b) {
    return at.of_sample(at.projected(block, 2), b);
  }

  template <class C>
  void write_extra_keys(C& c, const places<C>& at) const {
    using T = typename C::scalar;
    for (index b = 0; o.bias_kv && b < at.samples; ++b)
      for (int p = 1; p < 3; ++p) {
        const T* const learned = c.values(p == 1 ? o.key_bias() : o.value_bias());
        C::kernels::copy(row_of(learned, at.inner), rows_of(at.extra_rows(c.saved(), p, 0), b, 1));
      }
    for (int p = 1; o.zero_attention && p < 3; ++p)
      C::kernels::fill(at.extra_rows(c.saved(), p, at.extra - 1), typename C::scalar(0));
  }
  template <class C>
  void add_extra_gradients(C& c, const places<C>& at, typename C::scalar* gradients) const {
    if (!o.bias_kv || !c.gradients) return;
    C::kernels::add_column_sums(at.extra_rows(gradients, 1, 0), c.gradient(o.key_bias()));
    C::kernels::add_column_sums(at.extra_rows(gradients, 2, 0), c.gradient(o.value_bias()));
  }
  // From the projections of group g to their parameters and the input.
  template <class C>
  void add_projection_gradients(C& c, const places<C>& at, int g, const in<C>* x, typename C::scalar* gradients,
                                const out<C>& dx) const {
    using T = typename C::scalar;
    const int wide = at.together ? members(g) : 1;
    const matrix<const T> rows =
        c.gradients ? selected_rows<typename C::kernels>(x[g], c.scratch()) : matrix<const T>{};
    for (int p = g; p < g + members(g); p += wide)
      at.each_stretch(g, [&](index from, index count, index to) {
        const matrix<T> d = rows_of(at.projected(gradients, p, wide), to, count);
        if (c.gradients) {
          C::kernels::product_weight_gradient(d, rows_of(rows, from, count), widened(c.weight_gradient(p), wide));
          if (o.bias) C::kernels::add_column_sums(d, c.gradient(o.bias_of(p)));
        }
        if (dx)
          C::kernels::product_input_gradient(d, widened(c.weight(p), wide), rows_of(dx.as_rows(), from, count),
                                             c.scratch_fixed());
      });
  }

  template <class C>
  attention_geometry<typename C::scalar> geometry(C& c, const places<C>& at, const in<C>& added, index b) const {
    using T = typename C::scalar;
    const index d = at.inner / at.heads;
    const T* scores = added ? added.sample(b) : nullptr;
    if (added && at.extra > 0) {  // with zeros for the extra keys
      const matrix<const T> from = added.sample_rows(b);
      const matrix<T> to{spread(c, at), from.rows, at.keys, at.keys};
      C::kernels::fill(columns_of(to, 0, at.extra), T(0));
      C::kernels::copy(from, columns_of(to, at.extra, from.columns));
      scores = to.data;
    }
    return {.heads = at.heads,
            .queries = at.queries,
            .keys = at.keys,
            .head_width = d,
            .value_width = d,
            .scale = T(1) / math::sqrt(T(d)),
            .causal = o.causal,
            .bias = scores,
            .bias_head_stride = added && added.shape().rank == 3 ? at.queries * at.keys : 0,
            .ahead = o.ahead + at.extra};
  }
  // Where the gradient of the added scores is gathered: in place where there are no extra keys.
  template <class C>
  typename C::scalar* gradient_of_added(C& c, const places<C>& at, const out<C>& dadded, index b) const {
    using T = typename C::scalar;
    if (!dadded || at.extra == 0) return dadded ? dadded.sample(b) : nullptr;
    const index n = dadded.shape().rows() * at.keys;
    T* const to = spread(c, at) + n;
    C::kernels::fill(row_of(to, n), T(0));
    return to;
  }
  // The parts of fixed scratch memory behind what kernels work in: a byte a key, then added scores.
  template <class C>
  typename C::scalar* behind_work(C& c, const places<C>& at) const {
    return c.scratch_fixed() + layout::work_size(at.shapes);
  }
  template <class C>
  typename C::scalar* spread(C& c, const places<C>& at) const {
    return behind_work(c, at) + at.keys;
  }
  // A byte a key of sample b, in scratch; null where every key is valid, as without a mask.
  template <class C>
  const std::uint8_t* valid_keys(C& c, const places<C>& at, const in<C>* x, index b) const {
    return valid_key_bytes(x[group_of(1)], x[group_of(2)], b, at.extra,
                           reinterpret_cast<std::uint8_t*>(behind_work(c, at)));
  }

  template <class T>
  bool some_may_see_nothing(const view<const T>* x, const view<const T>& added) const {
    return o.extra() == 0 && (x[group_of(1)].mask || x[group_of(2)].mask || added);
  }
  // dy with zeros for queries that are not valid or see nothing: dy itself where there can be none.
  template <class C>
  matrix<const typename C::scalar> gradient_that_counts(const places<C>& at, const in<C>* x, const in<C>& added,
                                                        const in<C>& dy, typename C::scalar* room) const {
    using T = typename C::scalar;
    const bool unseen = some_may_see_nothing(x, added);
    if (!unseen && !x[0].mask) return dy.as_rows();
    const view<T> to{room, dy.samples, dy.size(), dy.of};
    for (index b = 0; b < dy.samples; ++b)
      for (index i = 0; i < at.queries; ++i)
        if (x[0].valid(b, i) && !(unseen && at.sees_nothing(b, i)))
          C::kernels::copy(tokens_of(dy, b * at.queries + i, 1), tokens_of(to, b * at.queries + i, 1));
        else C::kernels::fill(tokens_of(to, b * at.queries + i, 1), T(0));
    return to.as_rows();
  }
};

// The core with the options of an operator.
template <int Inputs>
constexpr attention_core<Inputs> core_of(const auto& a, bool with_weights = false) {
  return {
      {{a.heads, a.causal, a.bias, a.width, a.out_bias, a.head_width, a.bias_kv, a.zero_attention, a.ahead, a.one_key},
       with_weights}};
}

// Shapes of separate inputs as the core takes them.
template <int N>
struct shape_list {
  shape x[N];
};
template <class... S>
shape_list(const S&...) -> shape_list<sizeof...(S)>;

// Whether scores to add fit the queries, keys and heads; the sentences of operators that take them.
constexpr shape added_scores_fit(const attention_settings& o, const shape& y, const shape& q, const shape& k,
                                 const shape& added) {
  if (y.fault) return y;
  if (added.masked()) return wrong("attention: what is added to the scores may not be padded or absent");
  if (added.holds_ids() || added.rank < 2 || added.rank > 3)
    return wrong("attention: what is added to the scores must be [queries, keys] or [heads, queries, keys]");
  const int queries = added.rank == 3 ? added.height() : added.extent[0];
  if (queries != q.length())
    return wrong("attention: the added scores have another number of queries", queries, q.length());
  if (added.width() != k.length())
    return wrong("attention: the added scores have another number of keys", added.width(), k.length());
  if (added.rank == 3 && added.extent[0] != o.heads)
    return wrong("attention: the added scores have another number of heads", added.extent[0], o.heads);
  return y;
}

}  // namespace detail
}  // namespace tectum
