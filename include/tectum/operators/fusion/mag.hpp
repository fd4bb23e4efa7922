// The multimodal adaptation gate.
#pragma once

#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/gate.hpp>
#include <tectum/operators/fusion/limited_shift.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/layer_norm.hpp>
#include <tectum/operators/layers/linear.hpp>

namespace tectum::inline TECTUM_ABI {

// width: of the anchor; beta (1): how long the shift may be, in lengths of the anchor; epsilon (1e-6): added to the
// shift's length; norm_epsilon (1e-5): of the normalisation.
struct mag_options {
  int width;
  double beta = 1, epsilon = 1e-6, norm_epsilon = 1e-5;
};

// Multimodal adaptation gate (MAG: Rahman et al. 2020): the other modalities shift the anchor, which is text there, y =
// LN(t + min(beta |t| / (|H| + epsilon), 1) H) with H the sum of relu(U_k [x_k, t] + c_k) (W_k x_k + b_k) over any
// number of modalities k, token by token where all are sequences of one length. A dropout that follows is the caller's.
//   anchor [..., width], modalities [..., n0], ... -> [..., width]: features, or sequences, as in
//   tt::mag({.width = 64}, text, sound, video) | tt::dropout{0.5}
// Give names, or parts without parameters: each is used twice. An absent modality adds nothing to H; where all are
// absent y is LN(t). Sequences must have one mask, that of the anchor. Parameters: linear (W), linear_2 (U), likewise
// for each further modality; layer_norm.
template <part A, part... P>
constexpr auto mag(const mag_options& o, const A& anchor, const P&... x) {
  const auto displacement =
      fuse(sum{}, fuse(gate{}, x | linear{o.width}, fuse(concat{}, x, anchor) | linear{o.width} | relu)...);
  return fuse(limited_shift{.beta = o.beta, .epsilon = o.epsilon}, anchor, displacement) |
         layer_norm{.epsilon = o.norm_epsilon};
}

}  // namespace tectum
