// One row of features out of anything, and a sequence out of features.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// All elements of a sample in one row, in their order.   [...] -> [elements]; no copy
inline constexpr struct flatten_operator {
  static constexpr const char* name = "flatten";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr auto result_view = seen_as::always;

  static constexpr shape infer(shape x) {
    if (x.holds_ids()) return wrong("flatten: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("flatten: a loss has nothing to flatten");
    return features_of(x.size());
  }
  template <class C>
  static void forward(C&, in<C> x, out<C> y) noexcept {
    C::kernels::copy(x.as_samples(), y.as_samples());
  }
  template <class C>
  static void backward(C&, in<C>, in<C>, in<C> dy, out<C> dx) noexcept {
    if (dx) C::kernels::add(dy.as_samples(), dx.as_samples());
  }
} flatten;

// Features cut into tokens of equal width.
//   length: tokens; must divide the width.   [n] -> [length, n / length]; a copy only of a caller's features
struct as_sequence {
  int length;

  static constexpr const char* name = "as_sequence";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr auto result_view = seen_as::always;

  constexpr shape infer(shape x) const {
    if (x.rank != 1 || x.holds_ids()) return wrong("as_sequence: the input must be features");
    if (length < 1 || x.width() % length != 0)
      return wrong("as_sequence: length must divide the width of the input", length, x.width());
    return sequence_of(length, x.width() / length);
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

}  // namespace tectum
