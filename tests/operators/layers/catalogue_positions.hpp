// Positions: what tells tokens their places.
#pragma once

#include <tectum/operators/layers/fourier_features.hpp>
#include <tectum/operators/layers/positions.hpp>
#include <tectum/operators/layers/rotary.hpp>

#include "../catalogue.hpp"

namespace catalogue {

template <class Visit>
void positions(Visit&& visit) {
  visit([](dice& d) {
    const int span = d.between(1, 3);
    return drawn(tt::learned_positions{.deviation = 0.5f, .span = span},
                 {d.sequence(may_be::both, span * d.between(1, 4))});
  });
  visit([](dice& d) { return drawn(tt::sinusoidal_positions, {d.sequence(may_be::both)}); });
  visit([](dice& d) {
    const tt::sinusoids op{.interleaved = d.coin(),
                           .first = d.between(0, 3),
                           .base = d.one_of({100.0f, 10000.0f}),
                           .count_valid = d.coin()};
    return drawn(op, {d.sequence(may_be::both, 0, op.interleaved ? 0 : 3 + d.width())});
  });
  visit([](dice& d) {
    const tt::rotary op{.base = d.one_of({100.0f, 10000.0f}),
                        .interleaved = d.coin(),
                        .heads = d.between(1, 3),
                        .first = d.between(0, 3)};
    return drawn(op, {d.sequence(may_be::both, 0, 2 * op.heads * d.width())});
  });
  visit([](dice& d) {
    const tt::fourier_features op{
        .bands = d.between(1, 4), .max_frequency = d.one_of({2.0f, 5.0f, 10.0f}), .keep_input = d.coin()};
    return drawn(op, {d.coin() ? d.features(may_be::absent) : d.sequence(may_be::both)});
  });
}

}  // namespace catalogue
