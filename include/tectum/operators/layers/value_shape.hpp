// A modality as an option of an operator: the kind and the extents of a value, as plain numbers.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// Made by value_shape_of(tt::features{4}) and the like.
struct value_shape {
  tectum::kind kind;
  int rank;
  int first = 1, second = 1, third = 1, fourth = 1;
  bool masked = false;

  constexpr shape whole() const { return make_shape(kind, rank, first, second, third, fourth); }
  // Numbers, of which there is at least one.
  constexpr bool is_right() const {
    return rank >= 1 && !whole().holds_ids() && first > 0 && second > 0 && third > 0 && fourth > 0;
  }
};

template <class Modality>
  requires requires(Modality m) { shape_of(m); }
constexpr value_shape value_shape_of(const Modality& modality) {
  const shape s = shape_of(modality);
  return {s.kind, s.rank, s.extent[0], s.extent[1], s.extent[2], s.extent[3], s.masked()};
}

}  // namespace tectum
