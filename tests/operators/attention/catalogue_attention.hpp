// Attention in all its forms.
#pragma once

#include <tectum/operators/attention/attention_with_weights.hpp>
#include <tectum/operators/attention/dot_product_attention.hpp>
#include <tectum/operators/attention/multi_head_attention.hpp>

#include "../catalogue.hpp"

namespace catalogue {

// Every option of the operators with linear layers. `width` is that of the queries.
template <class Op>
Op drawn_attention(dice& d, int heads, int width) {
  const bool own_head_width = width % heads != 0 || d.between(0, 3) == 0;
  Op op{.heads = heads};
  op.causal = d.coin();
  op.bias = d.coin();
  op.width = own_head_width && d.coin() ? d.width() : 0;
  if (!own_head_width && d.between(0, 3) == 0) op.width = heads * d.size(1, 8, 32);
  op.out_bias = d.between(0, 3) == 0 ? !op.bias : op.bias;
  op.head_width = own_head_width ? d.one_of({1, 2, 3, 5, 8, 16}) : 0;
  op.bias_kv = d.between(0, 2) == 0;
  op.zero_attention = d.between(0, 2) == 0;
  op.ahead = d.between(0, 2) == 0 ? d.between(1, 3) : 0;
  op.one_key = true;
  return op;
}
// Queries, keys and values whose padding differs; the queries may be one vector.
struct attended {
  int heads, keys, values, length;
  tt::shape q, k, v;

  explicit attended(dice& d, bool vectors = true) {
    heads = d.between(1, 4);
    keys = d.size(1, 7, 48);
    length = keys;
    const int width = d.coin() ? heads * d.size(1, 8, 32) : d.width();
    q = vectors && d.between(0, 3) == 0 ? d.features(may_be::absent, width) : d.sequence(may_be::both, 0, width);
    k = d.sequence(may_be::both, keys);
    v = d.sequence(may_be::both, keys);
  }
  // To be added to the scores.
  tt::shape added(dice& d) const {
    return d.coin() ? tt::sequence_of(q.length(), keys) : tt::picture_of(heads, q.length(), keys);
  }
};

template <class Visit>
void attention(Visit&& visit) {
  visit([](dice& d) {
    const attended a(d);
    return drawn(drawn_attention<tt::attention>(d, a.heads, a.q.width()), {a.q, a.k, a.v});
  });
  visit([](dice& d) {
    const attended a(d, false);
    return drawn(drawn_attention<tt::self_attention>(d, a.heads, a.q.width()), {a.q});
  });
  visit([](dice& d) {
    attended a(d);
    auto op = drawn_attention<tt::cross_attention>(d, a.heads, a.q.width());
    op.segments = a.q.kind == tt::kind::sequence && d.coin() ? d.between(2, 3) : 1;
    if (op.segments > 1) {
      a.q.extent[0] = op.segments * d.between(1, 3);
      a.k.extent[0] = op.segments * d.between(1, 3);
    }
    return drawn(op, {a.q, a.k});
  });
  visit([](dice& d) {
    const attended a(d);
    return drawn(drawn_attention<tt::biased_attention>(d, a.heads, a.q.width()), {a.q, a.k, a.v, a.added(d)});
  });
  visit([](dice& d) {
    const attended a(d);
    auto op = drawn_attention<tt::attention_with_weights>(d, a.heads, a.q.width());
    op.average = d.coin();
    std::vector<tt::shape> in{a.q, a.k, a.v};
    if (d.coin()) in.push_back(a.added(d));
    return drawn(op, in);
  });
  visit([](dice& d) {
    const int heads = d.between(1, 3), keys = d.size(1, 7, 48), width = heads * d.size(1, 8, 32);
    const tt::dot_product_attention op{
        .heads = heads, .causal = d.coin(), .scale = d.coin() ? 0.0 : d.one_of({0.1, 0.5, 1.0}), .one_key = true};
    const tt::shape q = d.between(0, 3) == 0 ? d.features(may_be::absent, width) : d.sequence(may_be::both, 0, width);
    return drawn(op,
                 {q, d.sequence(may_be::both, keys, width), d.sequence(may_be::both, keys, heads * d.size(1, 8, 32))});
  });
}

}  // namespace catalogue
