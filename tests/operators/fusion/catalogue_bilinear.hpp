// What bilinear fusion in factors is made of, and compact bilinear pooling.
#pragma once

#include <tectum/operators/fusion/block_bilinear.hpp>
#include <tectum/operators/fusion/block_linear.hpp>
#include <tectum/operators/fusion/compact_bilinear.hpp>
#include <tectum/operators/fusion/contract.hpp>
#include <tectum/operators/fusion/factor_pool.hpp>
#include <tectum/operators/fusion/signed_sqrt.hpp>
#include <tectum/operators/layers/clamp.hpp>
#include <tectum/operators/layers/expand.hpp>

#include "../catalogue.hpp"

namespace catalogue {
namespace detail {

// Features or a sequence of this width.
inline tt::shape wide(dice& d, int width) {
  return d.coin() ? d.features(may_be::absent, width) : d.sequence(may_be::both, 0, width);
}
// Inputs whose root can be differentiated by differences: not near 0.
inline tt::check_options away_from_zero() { return {.low = 0.2, .high = 1.2}; }

}  // namespace detail

template <class Visit>
void bilinear_fusion(Visit&& visit) {
  visit([](dice& d) { return drawn(tt::signed_sqrt, {d.anything()}, detail::away_from_zero()); });
  visit([](dice& d) {
    const int width = d.between(1, 20);
    const tt::factor_pool op{d.between(1, 4), d.coin(), d.between(1, width),
                             d.one_of({tt::power_norm::none, tt::power_norm::chunks, tt::power_norm::whole})};
    return drawn(op, {detail::wide(d, width * op.factor)}, detail::away_from_zero());
  });
  visit([](dice& d) {
    const int width = d.width();
    return drawn(tt::block_linear{d.between(1, width), d.between(1, 4)}, {detail::wide(d, width)});
  });
  visit([](dice& d) {
    const bool two = d.coin();
    const int width = d.size(1, two ? 17 : 6, two ? 64 : 16);
    std::vector<tt::shape> all;
    for (int n = two ? 2 : d.between(3, 4); n > 0; --n) all.push_back(d.features(may_be::absent, width));
    return drawn(tt::block_bilinear{d.between(1, width)}, all);
  });
  visit([](dice& d) {
    std::vector<tt::shape> all;
    const tt::convolution_form form =
        d.one_of({tt::convolution_form::automatic, tt::convolution_form::direct, tt::convolution_form::fft});
    if (d.coin()) {
      for (int n = d.between(1, 4); n > 0; --n) all.push_back(d.features(may_be::absent));
    } else {
      all.push_back(d.sequence(may_be::both));
      for (int n = d.between(0, 2); n > 0; --n) all.push_back(all[0].with_width(d.width()));
    }
    return drawn(tt::compact_bilinear{d.width(), form}, all);
  });
  visit([](dice& d) {
    const tt::shape matrix = d.sequence(may_be::both);
    return drawn(tt::contract, {d.features(may_be::absent, matrix.length()), matrix});
  });
  visit([](dice& d) {
    // Inputs below, within or above the bounds: a difference across one would be no derivative.
    const double low = d.between(-9, 9) / 10.0, inputs = low + d.between(-1, 1);
    return drawn(tt::clamp{low, low + 0.9}, {d.anything()},
                 tt::check_options{.low = inputs + 0.1, .high = inputs + 0.8});
  });
  visit([](dice& d) { return drawn(tt::expand{d.width()}, {detail::wide(d, 1)}); });
}

}  // namespace catalogue
