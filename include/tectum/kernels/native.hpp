// The native engine: the kernels of docs/kernels.md on the vector units of the target, without any dependency.
#pragma once

#include <tectum/kernels/native/attention.hpp>
#include <tectum/kernels/native/convolution.hpp>
#include <tectum/kernels/native/elementwise.hpp>
#include <tectum/kernels/native/pooling.hpp>
#include <tectum/kernels/native/product.hpp>
#include <tectum/kernels/native/rows.hpp>

namespace tectum::inline TECTUM_ABI {

struct native : native_parts::rows,  // and the elementwise kernels
                native_parts::products,
                native_parts::attention_kernels,
                native_parts::convolutions,
                native_parts::pooling {};

}  // namespace tectum
