// A learned value in the place of a modality that is absent, and modality dropout.
#pragma once

#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// x where it is present and a learned value of its shape elsewhere; the result is always present.
//   p (0): modality dropout, the probability that in training a sample that is present counts as absent (Neverova et
//   al. 2016), in [0, 1).   [...] -> [...], not padded; token, of the shape of x
// What is dropped depends on the seed, the training step, the operator and the sample's place in the batch alone.
struct missing_token {
  double p = 0;

  static constexpr const char* name = "missing_token";
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::inputs;
  static constexpr bool draws = true, strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("missing_token: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("missing_token: a loss is never absent");
    if (x.padded) return wrong("missing_token: a padded sequence is more than one value; pool it first");
    if (!(p >= 0 && p < 1)) return wrong("missing_token: p must be in [0, 1)");
    return x.unmasked();
  }
  constexpr auto parameters(shape x) const {
    return parameter_list(vector_of("token", x.size(), role::weight).initialised(initial::normal, 0.02f));
  }
  // A number a sample.
  constexpr extents scratch(shape) const { return {.per_sample = 1}; }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    draw(c, x.samples);
    for (index b = 0; b < x.samples; ++b) {
      const matrix<T> to = detail::rows_of(y.as_samples(), b, 1);
      if (seen(c, x, b)) C::kernels::copy(detail::rows_of(x.as_samples(), b, 1), to);
      else C::kernels::copy(detail::row_of(c.values(0), x.size()), to);
    }
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    draw(c, x.samples);
    for (index b = 0; b < x.samples; ++b) {
      const auto d = detail::rows_of(dy.as_samples(), b, 1);
      if (!seen(c, x, b)) {
        if (c.gradients) C::kernels::add(d, detail::row_of(c.gradient(0), x.size()));
      } else if (dx) {
        C::kernels::add(d, detail::rows_of(dx.as_samples(), b, 1));
      }
    }
  }

 private:
  template <class C>
  void draw(C& c, index samples) const noexcept {
    if (c.training && p > 0) C::kernels::fill_uniform(samples, c.random.seed, c.random.stream, c.scratch(), c.first);
  }
  template <class C>
  bool seen(C& c, const in<C>& x, index b) const noexcept {
    return x.present(b) && !(c.training && p > 0 && c.scratch()[b] < static_cast<typename C::scalar>(p));
  }
};

}  // namespace tectum
