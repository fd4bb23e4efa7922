// Fusion by gates, by modulation, and of decisions.
#pragma once

#include <tectum/operators/fusion/attention_fusion.hpp>
#include <tectum/operators/fusion/channel_excite.hpp>
#include <tectum/operators/fusion/channel_product.hpp>
#include <tectum/operators/fusion/channel_squeeze.hpp>
#include <tectum/operators/fusion/film.hpp>
#include <tectum/operators/fusion/gate.hpp>
#include <tectum/operators/fusion/gaussian_product.hpp>
#include <tectum/operators/fusion/gmu.hpp>
#include <tectum/operators/fusion/limited_shift.hpp>
#include <tectum/operators/fusion/modulate.hpp>
#include <tectum/operators/fusion/token_gate.hpp>
#include <tectum/operators/layers/median_pool.hpp>
#include <tectum/operators/layers/missing_token.hpp>
#include <tectum/operators/layers/tanh_gate.hpp>

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
  visit([](dice& d) {
    const tt::attention_fusion op{.features = d.coin() ? 0 : d.width()};
    return drawn(op, detail::optional_vectors(d, 1, 4));
  });
  visit([](dice& d) {
    const tt::shape first = d.anything();
    std::vector<tt::shape> all{first};
    for (int n = 2 * d.between(1, 3); n > 1; --n) {
      tt::shape s = d.masked(first.unmasked(), may_be::both);
      s.padded = first.padded;
      all.push_back(s);
    }
    const bool logs = d.coin();
    const tt::check_options positive{.low = 0.2, .high = 2, .extreme = 0};
    return drawn(tt::gaussian_product{.log_variance = logs, .prior = d.coin()}, all,
                 logs ? tt::check_options{} : positive);
  });
  visit([](dice& d) { return drawn(tt::tanh_gate{.initial = 0.5}, {d.anything()}); });
  visit([](dice& d) {
    const tt::shape x = d.sequence(may_be::both);
    return drawn(tt::token_gate{}, {x, x.with_width(1)});
  });
  visit([](dice& d) { return drawn(tt::missing_token{.p = d.coin() ? 0 : 0.3}, {d.anything(may_be::absent)}); });
  visit([](dice& d) {
    const tt::shape x = d.anything();
    tt::shape g = d.masked(x.unmasked(), may_be::both);
    g.padded = x.padded;
    return drawn(tt::gate{}, {x, g});
  });
  visit([](dice& d) {
    const tt::shape x = d.coin() ? d.sequence(may_be::both) : d.features(may_be::absent);
    tt::shape h = d.masked(x.unmasked(), may_be::both);
    h.padded = x.padded;
    // Of width 1, a shift against x and as long cancels it whole: with beta 1 nothing but rounding would be compared.
    const double beta = d.one_of({0.2, x.width() == 1 ? 0.9 : 1.0, 5.0});
    return drawn(tt::limited_shift{.beta = beta, .epsilon = d.coin() ? 1e-6 : 0.1}, {x, h});
  });
  visit([](dice& d) {
    const tt::shape x = d.anything();
    const int n = static_cast<int>(tt::detail::channels_of(x).channels);
    return drawn(tt::channel_product, {x, d.features(may_be::absent, n)});
  });
  visit([](dice& d) { return drawn(tt::median_pool, {d.sequence(may_be::both)}); });
}

}  // namespace catalogue
