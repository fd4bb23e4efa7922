// What fusion element by element has in common: traits, and the shape of the result.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// For operators without options; Name is what errors begin with.
template <text Name>
struct elementwise_fusion {
  static constexpr const char* name = Name.characters;
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    return elementwise_shape(x, ids.data(), differ.data(), padding.data());
  }
  constexpr long long multiply_adds(range<shape>) const { return 0; }

 private:
  static constexpr auto ids = sentence<128>()
                              << Name.characters << ": ids are not numbers to compute with; put an embedding before it";
  static constexpr auto differ = sentence<128>() << Name.characters << ": all inputs must have the same shape";
  static constexpr auto padding = sentence<128>() << Name.characters << ": either all sequences are padded or none is";
};

}  // namespace detail
}  // namespace tectum
