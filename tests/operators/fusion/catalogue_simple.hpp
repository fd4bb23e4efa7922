// Fusion without parameters, or with one for each modality.
#pragma once

#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/maximum.hpp>
#include <tectum/operators/fusion/mean.hpp>
#include <tectum/operators/fusion/stack.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/fusion/weighted_sum.hpp>

#include "../catalogue.hpp"

namespace catalogue {
namespace detail {

inline std::vector<tt::shape> alike(dice& d, may_be masks = may_be::both) { return d.alike(d.anything(masks), masks); }

}  // namespace detail

template <class Visit>
void simple_fusion(Visit&& visit) {
  visit([](dice& d) { return drawn(tt::sum{}, detail::alike(d)); });
  visit([](dice& d) { return drawn(tt::mean{}, detail::alike(d)); });
  visit([](dice& d) { return drawn(tt::maximum{}, detail::alike(d)); });
  visit([](dice& d) { return drawn(tt::weighted_sum{.softmax = d.coin()}, detail::alike(d)); });
  visit([](dice& d) { return drawn(tt::stack{.last = d.coin()}, detail::alike(d, may_be::absent)); });
  visit([](dice& d) {
    std::vector<tt::shape> all = detail::alike(d);
    const int axis = d.between(0, all[0].rank - 1);
    const bool time = all[0].kind == tt::kind::sequence && axis == 0;
    for (tt::shape& s : all) {
      s.extent[axis] = d.between(1, 9);
      if (time) s = d.masked(s, may_be::both);
    }
    return drawn(tt::concat{.axis = d.coin() ? axis : axis - all[0].rank}, all);
  });
}

}  // namespace catalogue
