// check_operator: holds an operator, the library's or one's own, to the contract of operators/operator.hpp. Opt-in; it
// allocates and uses the standard library.
#pragma once

#include <tectum/check/checks.hpp>

namespace tectum::inline TECTUM_ABI {

// Runs the operator on random inputs of these shapes, in float and double on both engines, and reports what of the
// contract it breaks. A shape is shape_of(tt::sequence{...}), features_of(5) and the like; masks are drawn where it is
// padded or optional. Never throws on a wrong operator, but one that writes far out of bounds may crash it.
//   input gradients, parameter gradients, inference gradients   against central differences
//   linear            backward is linear in dy, to the last bits
//   adds              backward adds to what gradients hold       writes all   forward overwrites every element
//   repeats           the same bits twice                        rows         batches of 0 to 65 samples
//   samples           a sample alone gives what it gives in a batch
//   unwanted          an unwanted or frozen gradient changes no other
//   float, engines    float against double; native against reference
//   extreme           finite, and the same, where the reference in double is finite
//   guards            nothing is written beside its place
//   guard pages       nothing is touched behind the end or before the beginning of a tensor, a parameter, a mask, ids,
//                     saved or scratch memory (POSIX)
//   strides           rows of features with gaps                 alignments   data that begins at any element
//   same value twice  as two operands                            epilogue     activations folded in
//   inference         computes what training does
//   masked, fully masked, masked unread, masked gradients, all valid   the laws of masks
//   shapes            infer accepts the inputs                   view         as large as what is seen
//   allocations, threads   if the options ask for them
template <class Op>
check_report check_operator(const Op& op, std::vector<shape> inputs, const check_options& options = {}) {
  return check_without_type(detail::without_type(op), std::move(inputs), options);
}

}  // namespace tectum
