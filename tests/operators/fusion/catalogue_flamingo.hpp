// What Flamingo needs beside attention in general.
#pragma once

#include <tectum/operators/attention/media_attention.hpp>

#include "../attention/catalogue_attention.hpp"

namespace catalogue {

template <class Visit>
void flamingo(Visit&& visit) {
  visit([](dice& d) {
    const int media = d.between(1, 3), heads = d.between(1, 3);
    const tt::shape q = d.sequence(may_be::both), k = d.sequence(may_be::both, media * d.between(1, 3));
    tt::shape ids = d.masked(tt::make_shape(tt::kind::tokens, 1, q.length()), may_be::both);
    ids.limit = 3;
    tt::media_attention op{.heads = heads, .media = media, .id = d.between(0, 2), .only_immediate = d.coin()};
    op.bias = d.coin();
    op.out_bias = d.coin();
    op.head_width = q.width() % heads != 0 || d.coin() ? d.one_of({1, 3, 16}) : 0;
    op.width = op.head_width > 0 && d.coin() ? d.width() : 0;
    return drawn(op, {q, k, ids});
  });
}

}  // namespace catalogue
