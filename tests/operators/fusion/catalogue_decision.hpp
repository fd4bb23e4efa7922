// Fusion of decisions.
#pragma once

#include <tectum/operators/fusion/dempster_shafer.hpp>
#include <tectum/operators/fusion/energy_weighted_sum.hpp>
#include <tectum/operators/fusion/mixture.hpp>
#include <tectum/operators/fusion/outer_product.hpp>
#include <tectum/operators/layers/vacuity.hpp>
#include <tectum/operators/losses/evidential_cross_entropy.hpp>

#include "../catalogue.hpp"

namespace catalogue {
namespace detail {

// One to four modalities' scores of the same classes; each may be absent, or the sequences padded.
inline std::vector<tt::shape> class_scores(dice& d, may_be masks) {
  const bool one = masks == may_be::absent || d.coin();
  return d.alike(one ? d.features(masks) : d.sequence(masks), masks);
}

}  // namespace detail

template <class Visit>
void decision_fusion(Visit&& visit) {
  visit([](dice& d) {
    const tt::dempster_shafer op{
        d.one_of({tt::evidence::softplus, tt::evidence::rectified, tt::evidence::exponential})};
    return drawn(op, detail::class_scores(d, may_be::both));
  });
  visit([](dice& d) { return drawn(tt::vacuity, {d.coin() ? d.features(may_be::absent) : d.sequence(may_be::both)}); });
  visit([](dice& d) {
    const tt::mixture op{.per_class = d.coin()};
    std::vector<tt::shape> all = detail::class_scores(d, may_be::absent);
    const int scores = static_cast<int>(all.size()) * (op.per_class ? all[0].width() : 1);
    all.insert(all.begin(), d.features(may_be::absent, scores));
    return drawn(op, all);
  });
  // Of detached weights differences see a gradient that is left out on purpose: fusion/decisions_scores.cpp has it.
  visit([](dice& d) {
    const tt::energy_weighted_sum op{.temperature = 0.5 * d.between(1, 20), .detached = d.coin()};
    return drawn(op, detail::class_scores(d, may_be::absent), {.gradient_tolerance = op.detached ? 1e9 : 1e-6});
  });
  visit([](dice& d) {
    std::vector<tt::shape> all;
    for (int n = d.between(1, 3); n > 0; --n) all.push_back(d.features(may_be::absent, d.between(1, 9)));
    if (all.size() > 1 && d.coin()) all[1] = all[0];
    return drawn(tt::outer_product{}, all);
  });
  visit([](dice& d) {
    const int classes = d.between(2, 12), ignored = d.one_of({tt::no_id, -100, 0, classes - 1});
    tt::evidential_cross_entropy op{.kl_weight = 0.5 * d.between(0, 4), .annealed = d.coin()};
    op.reduction = d.one_of({tt::reduction::mean, tt::reduction::sum, tt::reduction::batch_mean, tt::reduction::none});
    const tt::check_options wide{.low = -1, .high = 4};
    if (d.coin())
      return drawn(op, {d.features(may_be::absent, classes), tt::shape_of(tt::category{classes, ignored})}, wide);
    const tt::shape scores = d.sequence(may_be::both, 0, classes);
    const tt::tokens labels{.length = scores.length(), .vocabulary = classes, .ignore = ignored};
    return drawn(op, {scores, d.masked(tt::shape_of(labels), may_be::both)}, wide);
  });
}

}  // namespace catalogue
