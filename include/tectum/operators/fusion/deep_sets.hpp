// Modalities as the members of a set.
#pragma once

#include <tectum/operators/fusion/stack.hpp>
#include <tectum/operators/fusion/token_gate.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/layers/mean_pool.hpp>
#include <tectum/operators/layers/median_pool.hpp>
#include <tectum/operators/layers/normalize.hpp>
#include <tectum/operators/layers/softmax.hpp>
#include <tectum/operators/layers/sum_pool.hpp>

namespace tectum::inline TECTUM_ABI {

// width (0): what the modalities are projected to, 0 for no projection where `Project` is false; hidden (0): width of
// the attention's middle layer, 0 for half of `width`; p (2): power of the norm, greater than 0; across (false):
// whether the norm is taken over the modalities, for each element, instead of over the elements of each modality.
struct deep_sets_options {
  int width = 0, hidden = 0;
  double p = 2;
  bool across = false;
};

// How the members of a set are weighed: alike, or by a softmax over them.
enum class set_weights : unsigned char { equal, attention };

// What weighs the tokens of a sequence, s = softmax over the tokens of w tanh(V x + c) + b, y_t = s_t x_t (Ilse et al.
// 2018): a pipeline, as in tokens | tt::weigh_tokens(16) | tt::sum_pool.
//   hidden: width of the middle layer.   [length, n] -> [length, n]; parameters: linear, linear_2
constexpr auto weigh_tokens(int hidden) {
  return fuse(token_gate{}, here, here | linear{hidden} | tanh | linear{1} | softmax(0));
}

// Deep sets fusion (Zaheer et al. 2017; with attention Ilse et al. 2018): each modality through a linear layer to one
// width, all of them as tokens of a sequence, weighed, divided by their norm, and pooled; layers that follow are the
// caller's. The pool is a template argument: mean_pool (if none is given), sum_pool, time_max_pool or median_pool; the
// second says how members are weighed (set_weights::equal); the third, false, leaves out the projections, and the
// modalities must then be of one width.
//   [n0], [n1], ... -> [width], as in
//   tt::deep_sets<tt::sum_pool, tt::set_weights::attention>({.width = 64}, image, text) | tt::linear{10}
// An absent modality is not a member of the set; where all are absent y is 0. Parameters: linear, linear_2, ..., one
// for each modality, then the two of the attention.
template <auto Pool = mean_pool, set_weights Weights = set_weights::equal, bool Project = true, part... P>
constexpr auto deep_sets(const deep_sets_options& o, const P&... x) {
  const auto members = [&] {
    if constexpr (Project) return fuse(stack{}, (x | linear{o.width})...);
    else return fuse(stack{}, x...);
  }();
  const auto pooled = normalize{.p = o.p, .axis = o.across ? 0 : -1} | Pool;
  if constexpr (Weights == set_weights::attention) {
    return members | weigh_tokens(o.hidden > 0 ? o.hidden : o.width / 2) | pooled;
  } else {
    return members | pooled;
  }
}

}  // namespace tectum
