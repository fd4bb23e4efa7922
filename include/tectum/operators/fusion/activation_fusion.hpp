// Fusion by products of activations.
#pragma once

#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/product.hpp>
#include <tectum/operators/layers/activations.hpp>

namespace tectum::inline TECTUM_ABI {

// Activation fusion, y = [sigmoid(tanh(x0 x1 ...)), x0], as the library fusilli has it for two: the product of all
// modalities through both activations, and the first modality beside it. The first is a name, or a part without
// parameters: it is used twice. An absent modality's factor is 1, and an absent first one is zeros beside the
// product.
//   [n], [n], ... -> [2 n], as in  tt::activation_fusion(sound | tt::relu, video)
template <part A, part... P>
constexpr auto activation_fusion(const A& first, const P&... others) {
  return fuse(concat{}, fuse(product{}, first, others...) | tanh | sigmoid, first);
}

}  // namespace tectum
