// The native engine: the kernels of docs/kernels.md on the vector units of the target, without any dependency.
#pragma once

#include <tectum/kernels/reference.hpp>

namespace tectum::inline TECTUM_ABI {

struct native : reference {};

}  // namespace tectum
