// Fusion of decisions: what every modality says about the classes by itself, joined.
#pragma once

#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/maximum.hpp>
#include <tectum/operators/fusion/mean.hpp>
#include <tectum/operators/fusion/mixture.hpp>
#include <tectum/operators/fusion/outer_product.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/fusion/weighted_sum.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/linear.hpp>
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
// The mean of the modalities' probabilities with weights that a gate gives each sample, a softmax of a linear layer on
// `joint`, such as all features side by side (Jacobs et al. 1991). Weights are positive and sum to 1 over the
// modalities that are present. For other decisions than softmax, tt::mixture takes them and the gate's scores.
//   joint [n], [classes], [classes], ... -> [classes]; parameters: linear, the gate
template <part J, part... P>
constexpr auto mixture_of_experts(const J& joint, const P&... scores) {
  return fuse(mixture{}, joint | linear{static_cast<int>(sizeof...(P))}, (scores | softmax)...);
}
// The same with weights of its own for each class, which then do not sum to 1 over the classes (Arevalo et al. 2017,
// without their factor 1.999).
//   classes: their number.
//   joint [n], [classes], [classes], ... -> [classes]; parameters: linear, the gate
template <part J, part... P>
constexpr auto mixture_of_experts_per_class(int classes, const J& joint, const P&... scores) {
  return fuse(mixture{.per_class = true}, joint | linear{classes * static_cast<int>(sizeof...(P))},
              (scores | softmax)...);
}
// Stacked generalisation: a learner that sees the modalities' probabilities side by side, zeros where one is absent
// (Wolpert 1992).
//   learner: any pipeline, such as tt::linear{64} | tt::relu | tt::linear{classes}.
//   [classes], [classes], ... -> the learner's result
template <part L, part... P>
constexpr auto stacking(const L& learner, const P&... scores) {
  return fuse(concat{}, (scores | softmax)...) | learner;
}
// The cross-view tensor of VCDN, which correlates the modalities' labels: the outer product of sigmoid(scores),
// classes^N numbers, a linear layer, leaky_relu of slope 0.25, a linear layer (MOGONET: Wang et al. 2021). An absent
// modality's factor is 1.
//   classes: width of the result; hidden: width of the layer between.
//   [classes], [classes], ... -> [classes]; parameters: linear, linear_2
template <part... P>
constexpr auto cross_view_tensor(int classes, int hidden, const P&... scores) {
  return fuse(outer_product{}, (scores | sigmoid)...) | linear{hidden} | leaky_relu{0.25} | linear{classes};
}

}  // namespace tectum
