// Fusion that multiplies: products, bilinear forms and what weighs tokens by them.
#pragma once

#include <tectum/operators/fusion/attention_pool.hpp>
#include <tectum/operators/fusion/bilinear.hpp>
#include <tectum/operators/fusion/low_rank_fusion.hpp>
#include <tectum/operators/fusion/mlb.hpp>
#include <tectum/operators/fusion/product.hpp>
#include <tectum/operators/fusion/tensor_fusion.hpp>

#include "../catalogue.hpp"

namespace catalogue {
namespace detail {

inline tt::activation told_from_output(dice& d) {
  return d.one_of({tt::activation::identity, tt::activation::relu, tt::activation::tanh, tt::activation::sigmoid,
                   tt::activation::elu, tt::activation::leaky_relu});
}
// Vectors, each of which may be absent; now and then the first two of one width.
inline std::vector<tt::shape> vectors(dice& d, int fewest, int most, int widest) {
  std::vector<tt::shape> all;
  for (int n = d.between(fewest, most); n > 0; --n) all.push_back(d.features(may_be::absent, d.between(1, widest)));
  if (all.size() > 1 && d.coin()) all[1] = all[0];
  return all;
}
// Tokens and a vector.
inline std::vector<tt::shape> tokens_and_vector(dice& d) {
  const tt::shape tokens = d.sequence(may_be::both);
  return {tokens, d.features(may_be::absent)};
}

}  // namespace detail

template <class Visit>
void multiplying_fusion(Visit&& visit) {
  visit([](dice& d) {
    const tt::shape first = d.anything();
    std::vector<tt::shape> all{first};
    for (int n = d.between(0, 3); n > 0; --n) {
      tt::shape s = d.masked(first.unmasked(), may_be::both);
      s.padded = first.padded;
      all.push_back(s);
    }
    return drawn(tt::product{}, all);
  });
  visit([](dice& d) {
    const tt::bilinear op{.features = d.width(), .bias = d.coin()};
    return d.coin() ? drawn(op, detail::vectors(d, 2, 2, 17)) : drawn(op, detail::vectors(d, 3, 4, 5));
  });
  visit([](dice& d) {
    const tt::mlb op{d.size(1, 20, 128), d.width(), detail::told_from_output(d), d.coin()};
    return drawn(op, detail::vectors(d, 2, 4, 20));
  });
  visit([](dice& d) { return drawn(tt::tensor_fusion{}, detail::vectors(d, 1, 3, 7)); });
  visit([](dice& d) {
    const tt::low_rank_fusion op{d.between(1, 4), d.width()};
    return drawn(op, detail::vectors(d, 1, 4, 20));
  });
  visit([](dice& d) {
    const tt::bilinear scorer{.features = 1, .bias = d.coin()};
    return drawn(tt::attention_pool{scorer}, detail::tokens_and_vector(d));
  });
  visit([](dice& d) {
    const tt::mlb scorer{d.between(1, 20), 1, detail::told_from_output(d), d.coin()};
    return drawn(tt::attention_pool{scorer}, detail::tokens_and_vector(d));
  });
  visit([](dice& d) {
    const tt::low_rank_fusion scorer{d.between(1, 4), 1};
    return drawn(tt::attention_pool{scorer}, detail::tokens_and_vector(d));
  });
}

}  // namespace catalogue
