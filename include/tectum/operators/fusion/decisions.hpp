// Fusion of decisions: what every modality says about the classes by itself, joined.
#pragma once

#include <tectum/operators/fusion/maximum.hpp>
#include <tectum/operators/fusion/mean.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/fusion/weighted_sum.hpp>
#include <tectum/operators/layers/log_softmax.hpp>
#include <tectum/operators/layers/softmax.hpp>

namespace tectum::inline TECTUM_ABI {

// All of these take names or parts with the scores of each modality (no softmax before), of as many classes each, and
// leave out what is absent.   [classes], [classes], ... -> [classes]

// The mean of the modalities' probabilities.
template <part... P>
constexpr auto mean_decision(const P&... scores) {
  return fuse(mean{}, (scores | softmax)...);
}
// Their mean with learned weights, which are positive and sum to 1 over the modalities that are present.
template <part... P>
constexpr auto weighted_decision(const P&... scores) {
  return fuse(weighted_sum{.softmax = true}, (scores | softmax)...);
}
// The largest of the modalities' probabilities of each class; they do not sum to 1.
template <part... P>
constexpr auto maximum_decision(const P&... scores) {
  return fuse(maximum{}, (scores | softmax)...);
}
// The sum of the logarithms of the modalities' probabilities, as scores (the log-linear experts of I2M2: Madaan et al.
// 2024): ready for cross_entropy.
template <part... P>
constexpr auto log_linear_decision(const P&... scores) {
  return fuse(sum{}, (scores | log_softmax)...);
}
// The product of the modalities' probabilities, of sum 1.
template <part... P>
constexpr auto product_decision(const P&... scores) {
  return log_linear_decision(scores...) | softmax;
}

}  // namespace tectum
