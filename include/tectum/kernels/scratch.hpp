// Scratch memory that kernels ask their callers for, in elements; enough for every engine.
#pragma once

#include <tectum/kernels/geometry.hpp>
#include <tectum/tensor/view.hpp>

namespace tectum::inline TECTUM_ABI {

// Of product_input_gradient: one transposed block of 32 inputs.
constexpr long long transposed_panel_size(long long out, long long) { return panels_of(out) * panel_width * panel_width; }

}  // namespace tectum
