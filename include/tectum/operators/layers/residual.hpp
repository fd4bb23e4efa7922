// Residual connections.
#pragma once

#include <tectum/operators/fusion/sum.hpp>

namespace tectum::inline TECTUM_ABI {

// x + pipeline(x): a pipeline whose result has the shape of its input (He et al. 2015).
template <part P>
constexpr auto residual(const P& pipeline) {
  return fuse(sum{}, here, here | pipeline);
}

}  // namespace tectum
