// check_operator: holds an operator, the library's or one's own, to the contract of operators/operator.hpp. Opt-in; it
// allocates and uses the standard library.
#pragma once

#include <initializer_list>
#include <tectum/check/checks.hpp>
#include <tectum/kernels/native.hpp>
#include <tectum/kernels/reference.hpp>

namespace tectum::inline TECTUM_ABI {

// Runs the operator on random inputs of these shapes, in float and double on both engines, and reports what of the
// contract it breaks. A shape is shape_of(tt::sequence{...}), features_of(5) and the like; masks are drawn where it is
// padded or optional. Never throws on a wrong operator, but one that writes far out of bounds may crash it.
//   input gradients, parameter gradients   against central differences
//   adds              backward adds to what gradients hold       writes all   forward overwrites every element
//   repeats           the same bits twice                        rows         batches of 0, 1, 2, 5 samples
//   samples           a sample alone gives what it gives in a batch
//   unwanted          an unwanted or frozen gradient changes no other
//   float, engines    float against double; native against reference
//   extreme           finite where the reference in double is     guards      nothing is written beside its place
//   strides           rows of features with gaps                  same value twice   as two operands
//   epilogue          activations folded in                       inference    computes what training does
//   masked, fully masked, masked unread, masked gradients, all valid   the laws of masks
//   shapes            infer accepts the inputs                    view         as large as what is seen
template <class Op>
check_report check_operator(const Op& op, std::initializer_list<shape> inputs, const check_options& options = {}) {
  using list = types<Op>;
  const operator_table* const table = &table_of_operator<Op>;
  slot slots[option_count<Op> + 1]{};
  store_options(op, slots);
  const detail::checked_steps steps{find_steps<double, tectum::reference, true>(list{}, table),
                                    find_steps<double, tectum::native, true>(list{}, table),
                                    find_steps<float, tectum::reference, true>(list{}, table),
                                    find_steps<float, tectum::native, true>(list{}, table)};
  return detail::operator_checks(*table, slots, steps, inputs, options).run();
}

}  // namespace tectum
