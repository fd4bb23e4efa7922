// Fusion by gates, by modulation, and of decisions.
#pragma once

#include <tectum/operators/fusion/channel_excite.hpp>
#include <tectum/operators/fusion/channel_squeeze.hpp>
#include <tectum/operators/fusion/film.hpp>
#include <tectum/operators/fusion/gmu.hpp>
#include <tectum/operators/fusion/modulate.hpp>

#include "../catalogue.hpp"

namespace catalogue {
namespace detail {

inline std::vector<tt::shape> optional_vectors(dice& d, int fewest, int most) {
  std::vector<tt::shape> all;
  for (int n = d.between(fewest, most); n > 0; --n) all.push_back(d.features(may_be::absent));
  if (all.size() > 1 && d.coin()) all[1] = all[0];
  return all;
}
inline tt::gmu_gate gmu_gate(dice& d) {
  return d.one_of({tt::gmu_gate::inputs, tt::gmu_gate::projections, tt::gmu_gate::hidden});
}

}  // namespace detail

template <class Visit>
void gated_fusion(Visit&& visit) {
  visit([](dice& d) {
    const tt::gmu op{d.width(), detail::gmu_gate(d), d.coin(), d.coin(), d.coin()};
    return drawn(op, detail::optional_vectors(d, 2, 4));
  });
  visit([](dice& d) {
    const tt::gmu_with_gates op{d.width(), detail::gmu_gate(d), d.coin(), d.coin(), d.coin()};
    return drawn(op, detail::optional_vectors(d, 2, 4));
  });
  visit([](dice& d) {
    const tt::shape x = d.anything();
    const int n = static_cast<int>(tt::detail::channels_of(x).channels);
    const tt::shape gamma = d.features(may_be::absent, n), beta = d.features(may_be::absent, n);
    return drawn(tt::modulate{.delta = d.coin()}, {x, gamma, beta});
  });
  visit([](dice& d) {
    const tt::shape x = d.anything();
    return drawn(tt::film{.delta = d.coin()}, {x, d.features(may_be::absent)});
  });
  visit([](dice& d) {
    std::vector<tt::shape> all;
    for (int n = d.between(1, 4); n > 0; --n) all.push_back(d.anything());
    const tt::channel_squeeze op{.ratio = 1, .features = d.coin() ? 0 : d.width()};
    return drawn(op, all);
  });
  visit([](dice& d) {
    const tt::shape x = d.anything();
    return drawn(tt::channel_excite{.gain = d.coin() ? 1.0 : 2.0}, {x, d.features(may_be::absent)});
  });
}

}  // namespace catalogue
