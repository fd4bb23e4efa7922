// A learned value that needs no input.
#pragma once

#include <tectum/operators/layers/value_shape.hpp>

namespace tectum::inline TECTUM_ABI {

// Made by tt::learned.
struct learned_value {
  value_shape of;
  float deviation = 0.02f;

  static constexpr const char* name = "learned";
  static constexpr int arity = 0;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool strided_output = true;

  constexpr shape infer() const {
    if (!of.is_right()) return wrong("learned: a learned value is numbers with extents of 1 or more");
    if (of.masked) return wrong("learned: a learned value is always there; it has no mask");
    return of.whole();
  }
  constexpr auto parameters() const {
    parameter p = table_of("weight", 1, 1).initialised(initial::normal, deviation);
    const shape s = of.whole();
    p.rank = s.rank;
    for (int i = 0; i < 4; ++i) p.extent[i] = s.extent[i];
    return parameter_list(p);
  }

  template <class C>
  void forward(C& c, out<C> y) const noexcept {
    using T = typename C::scalar;
    C::kernels::copy(matrix<const T>{c.values(0), y.samples, y.size(), 0}, y.as_samples());
  }
  template <class C>
  void backward(C& c, in<C>, in<C> dy) const noexcept {
    if (c.gradients) C::kernels::add_column_sums(dy.as_samples(), c.gradient(0));
  }
};

// A learned value, the same for every sample of a batch, as the latent array of the Perceiver (Jaegle et al. 2021) and
// bottleneck tokens (Nagrani et al. 2021): tokens = tt::learned(tt::sequence{.length = 4, .width = 8}).
//   modality: features, sequence, picture, waveform or video; deviation (0.02): of the normal initial values.
//   -> [modality's extents]
template <class Modality>
  requires requires(Modality m) { shape_of(m); }
constexpr learned_value learned(const Modality& modality, float deviation = 0.02f) {
  return {value_shape_of(modality), deviation};
}

}  // namespace tectum
