// The same elements under another shape.
#pragma once

#include <tectum/operators/layers/value_shape.hpp>

namespace tectum::inline TECTUM_ABI {

// Made by tt::reshape.
struct reshape_to {
  value_shape to;

  static constexpr const char* name = "reshape";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr auto result_view = seen_as::always;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("reshape: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("reshape: a loss cannot be reshaped");
    if (!to.is_right()) return wrong("reshape: the result must be numbers with extents of 1 or more");
    if (to.masked) return wrong("reshape: the result has the masks of the input, and no others");
    if (to.whole().size() != x.size())
      return wrong("reshape: the result must have as many elements as the input", to.whole().size(), x.size());
    return to.whole();
  }
  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    C::kernels::copy(x.as_samples(), y.as_samples());
  }
  template <class C>
  void backward(C&, in<C>, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (dx) C::kernels::add(dy.as_samples(), dx.as_samples());
  }
};

// The elements of a sample, in their order, under another shape: x | tt::reshape(tt::sequence{.length = 3, .width =
// 4}).
//   modality: features, sequence, picture, waveform or video, with as many elements as the input.
//   [...] -> [modality's extents]; no copy, but where a caller's features get more axes
template <class Modality>
  requires requires(Modality m) { shape_of(m); }
constexpr reshape_to reshape(const Modality& modality) {
  return {value_shape_of(modality)};
}

}  // namespace tectum
