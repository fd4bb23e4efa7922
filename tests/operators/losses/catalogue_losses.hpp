// Losses, and the similarity that some of them are made of.
#pragma once

#include <tectum/operators/fusion/cosine_similarity.hpp>
#include <tectum/operators/losses.hpp>

#include "../catalogue.hpp"

namespace catalogue {
namespace detail {

inline tt::reduction any_reduction(dice& d) {
  return d.one_of({tt::reduction::mean, tt::reduction::sum, tt::reduction::batch_mean, tt::reduction::none});
}
// n values of the extents of `first`, each with masks of its own.
inline std::vector<tt::shape> several(dice& d, int n, const tt::shape& first) {
  std::vector<tt::shape> all{first};
  while (static_cast<int>(all.size()) < n) all.push_back(d.masked(first.unmasked(), may_be::both));
  return all;
}
inline std::vector<tt::shape> several(dice& d, int n) { return several(d, n, d.anything()); }

inline tt::shape rows(dice& d, int width) {
  return d.coin() ? d.features(may_be::absent, width) : d.sequence(may_be::both, 0, width);
}
inline double at_most_half(dice& d) { return d.coin() ? 0.125 * d.between(0, 4) : 0; }

// Scores and labels; some of the labels are ignored. Of one class the gradients are 0, and rounding.
inline std::vector<tt::shape> scores_and_labels(dice& d) {
  tt::shape scores = d.anything();
  const bool channels = scores.kind == tt::kind::picture || scores.kind == tt::kind::waveform;
  int& last = scores.extent[channels ? 0 : scores.rank - 1];
  last = last < 2 ? 2 : last;
  const int classes = channels ? scores.extent[0] : scores.width(), places = scores.size() / classes;
  const int ignored = d.one_of({tt::no_id, -100, 0, classes - 1});
  if (scores.kind == tt::kind::features) return {scores, tt::shape_of(tt::category{classes, ignored})};
  const tt::tokens labels{.length = places, .vocabulary = classes, .ignore = ignored};
  return {scores, d.masked(tt::shape_of(labels), may_be::both)};
}

}  // namespace detail

template <class Visit>
void losses(Visit&& visit) {
  using detail::any_reduction, detail::at_most_half, detail::several;
  visit([](dice& d) { return drawn(tt::mse{any_reduction(d)}, several(d, 2)); });
  visit([](dice& d) { return drawn(tt::l1{any_reduction(d)}, several(d, 2)); });
  visit([](dice& d) {
    return drawn(tt::huber{.delta = 0.25 * d.between(1, 6), .reduction = any_reduction(d)}, several(d, 2));
  });
  visit([](dice& d) {
    return drawn(tt::smooth_l1{.beta = 0.25 * d.between(0, 6), .reduction = any_reduction(d)}, several(d, 2));
  });
  visit([](dice& d) {
    const bool logs = d.coin();
    const tt::kl_divergence op{.log_target = logs, .reduction = any_reduction(d)};
    return drawn(op, several(d, 2), {.low = 0.05, .high = 1, .extreme = logs ? 0 : 1e4});  // e^10000 is infinite
  });
  visit([](dice& d) {
    const tt::gaussian_nll op{.full = d.coin(), .epsilon = d.coin() ? 1e-6 : 1e-3, .reduction = any_reduction(d)};
    return drawn(op, several(d, 3), {.low = 0.3, .high = 2});
  });
  visit([](dice& d) {
    return drawn(tt::margin_ranking{.margin = at_most_half(d), .reduction = any_reduction(d)}, several(d, 3));
  });
  visit([](dice& d) {
    const int inputs = d.between(2, 3);
    const tt::binary_cross_entropy op{.pos_weight = d.coin(), .reduction = any_reduction(d)};
    return drawn(op, several(d, inputs), {.float_tolerance = 5e-3});  // weights of both signs: the sum may cancel
  });
  visit([](dice& d) {
    const tt::cross_entropy op{
        .label_smoothing = at_most_half(d), .class_weights = d.coin(), .reduction = any_reduction(d)};
    return drawn(op, detail::scores_and_labels(d));
  });
  visit([](dice& d) {
    const tt::soft_cross_entropy op{
        .label_smoothing = at_most_half(d), .class_weights = d.coin(), .reduction = any_reduction(d)};
    return drawn(op, several(d, 2), {.low = 0, .high = 1});
  });
  visit([](dice& d) {
    const tt::shape first = detail::rows(d, d.between(2, 9));
    std::vector<tt::shape> all = several(d, 3, first);
    all[2] = all[2].with_width(1);
    const tt::cosine_embedding op{.margin = 0.25 * d.between(-4, 4), .reduction = any_reduction(d)};
    return drawn(op, all, {.low = -2, .high = 2});
  });
  visit([](dice& d) {
    const double p = d.one_of({1.0, 1.5, 2.0, 3.0, __builtin_inf()});
    const tt::triplet_margin op{
        .margin = 0.5 * d.between(0, 3), .p = p, .swap = d.coin(), .reduction = any_reduction(d)};
    return drawn(op, several(d, 3, detail::rows(d, d.width())), {.float_tolerance = 5e-3});  // a difference
  });
  // Where the largest features of length 1 happen to be at right angles, the gradient of the scale is rounding alone.
  const auto pairs = [](bool normalize) {
    return tt::check_options{.independent_samples = false, .extreme = normalize ? 0 : 1e4};
  };
  visit([=](dice& d) {
    const tt::info_nce op{.normalize = d.coin(),
                          .learned_scale = d.coin(),
                          .logit_scale = 0.25 * d.between(2, 6),
                          .scale_is_log = d.coin(),
                          .max_logit_scale = 4,
                          .learned_bias = d.coin(),
                          .logit_bias = 0.5 * d.between(-3, 3),
                          .label_smoothing = at_most_half(d),
                          .reduction = any_reduction(d)};
    return drawn(op, several(d, 2, d.features(may_be::absent, d.size(2, 20, 128))), pairs(op.normalize));
  });
  visit([=](dice& d) {
    const tt::siglip op{.normalize = d.coin(),
                        .learned_scale = d.coin(),
                        .logit_scale = 0.25 * d.between(2, 6),
                        .scale_is_log = d.coin(),
                        .learned_bias = d.coin(),
                        .logit_bias = 0.5 * d.between(-3, 3),
                        .reduction = any_reduction(d)};
    return drawn(op, several(d, 2, d.features(may_be::absent, d.size(2, 20, 128))), pairs(op.normalize));
  });
  visit([](dice& d) {
    tt::shape first = d.anything();
    for (int& e : first.extent) e = e == 1 && &e < first.extent + first.rank ? 2 : e;  // of one number it is its sign
    const int axis = d.between(-first.rank, first.rank - 1);
    return drawn(tt::cosine_similarity{.axis = axis}, several(d, 2, first));
  });
}

}  // namespace catalogue
