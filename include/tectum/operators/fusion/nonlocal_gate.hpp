// The non-local gate.
#pragma once

#include <tectum/operators/attention/dot_product_attention.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/layers/flatten.hpp>
#include <tectum/operators/layers/reshape.hpp>
#include <tectum/operators/layers/transpose.hpp>

namespace tectum::inline TECTUM_ABI {

// queries, keys: places of the two modalities; width: channels of both.
struct nonlocal_gate_options {
  int queries, keys, width;
};

// y = Q + softmax(Q K) V, flattened, with Q seen as [queries, width], K as [width, keys] and V as [keys, width] (Wang
// et al. 2020; the scores are not divided by anything). Each of the three is a name or a part, such as audio |
// tt::linear{6}, with that many elements; K is not V transposed, even where both are one value.
//   [queries width], [keys width], [keys width] -> [queries width]
template <part Q, part K, part V>
constexpr auto nonlocal_gate(const nonlocal_gate_options& o, const Q& q, const K& k, const V& v) {
  const auto seen = [&](const auto& x) { return x | reshape(sequence{.length = o.keys, .width = o.width}); };
  const auto queries = q | reshape(sequence{.length = o.queries, .width = o.width});
  return queries |
         fuse(sum{}, here,
              fuse(dot_product_attention{.scale = 1, .one_key = true}, here,
                   k | reshape(sequence{.length = o.width, .width = o.keys}) | transpose, seen(v))) |
         flatten;
}

}  // namespace tectum
