// What conv1d and conv2d share: padding by name, and the kernels' calls, sample by sample.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// As the padding of a convolution of stride 1: as much as keeps the size. Of an odd number of places, the right and
// the lower end get the one that is left.
inline constexpr int same = -1000000;

namespace detail {

// Along one axis: what is put before the first place, and how many more behind the last.
struct axis_padding {
  int before = 0, more = 0;
  constexpr axis_padding(int padding, int kernel, int dilation) {
    const int both = dilation * (kernel - 1);
    before = padding == same ? both / 2 : padding;
    more = padding == same ? both % 2 : 0;
  }
  constexpr bool is_wrong() const { return before < 0; }
};

// Weight 0 in filter banks and, with `bias`, parameter 1.
template <class C>
void convolve(C& c, const convolution_geometry& g, bool bias, in<C> x, out<C> y) noexcept {
  for (index b = 0; b < x.samples; ++b)
    C::kernels::convolution(g, x.sample(b), c.weight(0), c.finish(bias ? c.values(1) : nullptr), y.sample(b),
                            c.scratch_fixed());
}

template <class C>
void convolve_backward(C& c, const convolution_geometry& g, bool bias, in<C> x, in<C> dy, out<C> dx) noexcept {
  const index pixels = g.out_height() * g.out_width();
  for (index b = 0; b < x.samples; ++b) {
    if (!x.present(b)) continue;
    if (c.gradients) {
      C::kernels::convolution_weight_gradient(g, x.sample(b), dy.sample(b), c.weight_gradient(0), c.scratch_fixed());
      for (index f = 0; bias && f < g.filters; ++f)
        c.gradient(1)[f] += C::kernels::sum(pixels, dy.sample(b) + f * pixels);
    }
    if (dx) C::kernels::convolution_input_gradient(g, dy.sample(b), c.weight(0), dx.sample(b), c.scratch_fixed());
  }
}

}  // namespace detail
}  // namespace tectum
