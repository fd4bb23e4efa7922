// Linear layers, tables, dropout, other shapes of the same numbers, and sequences in one row.
#pragma once

#include <tectum/operators/layers/dropout.hpp>
#include <tectum/operators/layers/embedding.hpp>
#include <tectum/operators/layers/flatten.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/layers/mean_pool.hpp>
#include <tectum/operators/layers/split.hpp>
#include <tectum/operators/layers/sum_pool.hpp>

#include "../catalogue.hpp"

namespace catalogue {

// Tokens or a category, with or without a limit to their ids; it is at most `vocabulary`.
inline tt::shape ids(dice& d, int vocabulary) {
  const int limit = d.between(1, vocabulary);
  if (d.between(0, 3) == 0) return tt::shape_of(tt::category{limit});
  tt::shape x = d.masked(tt::make_shape(tt::kind::tokens, 1, d.size(1, 6, 32)), may_be::both);
  x.limit = d.coin() ? limit : 0;
  return x;
}

template <class Visit>
void linear(Visit&& visit) {
  visit([](dice& d) { return drawn(tt::linear{.features = d.width(), .bias = d.coin()}, {d.anything()}); });
  visit([](dice& d) {
    const int vocabulary = d.size(1, 9, 1000);
    return drawn(tt::embedding{.vocabulary = vocabulary, .dim = d.width()}, {ids(d, vocabulary)});
  });
  visit([](dice& d) { return drawn(tt::dropout{.p = d.one_of({0.0f, 0.2f, 0.5f, 0.9f})}, {d.anything()}); });
  visit([](dice& d) { return drawn(tt::flatten, {d.anything(may_be::absent)}); });
  visit([](dice& d) {
    const int length = d.between(1, 6);
    return drawn(tt::as_sequence{.length = length}, {d.features(may_be::absent, length * d.between(1, 9))});
  });
  visit([](dice& d) {
    const int width = d.between(2, 40);
    const tt::shape x = d.coin() ? d.features(may_be::absent, width) : d.sequence(may_be::both, 0, width);
    return drawn(tt::split{.at = d.between(1, width - 1)}, {x});
  });
  visit([](dice& d) { return drawn(tt::mean_pool, {d.sequence(may_be::both)}); });
  visit([](dice& d) { return drawn(tt::sum_pool, {d.sequence(may_be::both)}); });
  visit([](dice& d) { return drawn(tt::time_max_pool, {d.sequence(may_be::both)}); });
  visit([](dice& d) { return drawn(tt::first_token, {d.sequence(may_be::both)}); });
  visit([](dice& d) { return drawn(tt::last_token, {d.sequence(may_be::both)}); });
}

}  // namespace catalogue
