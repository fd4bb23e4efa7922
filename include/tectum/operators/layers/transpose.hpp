// Axes in another order.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// What goes where: the extents of the result, and for each of its axes the step in the input.
struct axis_order {
  index extent[4] = {1, 1, 1, 1}, step[4] = {};

  // Axis i of the result is axis from[i] of x.
  constexpr axis_order(const shape& x, const int* from) {
    index steps[4]{}, step_of_axis = 1;
    for (int i = x.rank - 1; i >= 0; --i) {
      steps[i] = step_of_axis;
      step_of_axis *= x.extent[i];
    }
    for (int i = 0; i < x.rank; ++i) {
      extent[4 - x.rank + i] = x.extent[from[i]];
      step[4 - x.rank + i] = steps[from[i]];
    }
  }
  // f(element of x, element of y).
  template <class X, class Y, class F>
  void walk(X* x, Y* y, F f) const noexcept {
    for (index a = 0; a < extent[0]; ++a)
      for (index b = 0; b < extent[1]; ++b)
        for (index c = 0; c < extent[2]; ++c) {
          X* const from = x + a * step[0] + b * step[1] + c * step[2];
          for (index d = 0; d < extent[3]; ++d, ++y) f(from[d * step[3]], *y);
        }
  }
};

template <class C>
void reorder(in<C> x, const int* from, out<C> y) noexcept {
  const axis_order order(x.shape(), from);
  for (index b = 0; b < x.samples; ++b)
    order.walk(x.sample(b), y.sample(b), [](const auto& source, auto& to) { to = source; });
}
template <class C>
void reorder_backward(in<C> x, const int* from, in<C> dy, out<C> dx) noexcept {
  const axis_order order(x.shape(), from);
  for (index b = 0; dx && b < x.samples; ++b)
    if (x.present(b)) order.walk(dx.sample(b), dy.sample(b), [](auto& to, const auto& source) { to += source; });
}

}  // namespace detail

// The last two axes change places.
//   sequence [length, n] -> [n, length], picture [c, h, w] -> [c, w, h], waveform [c, samples] -> [samples, c]
// The result is of the input's kind. A padded input is refused: its tokens would be no tokens any more.
inline constexpr struct transpose_operator {
  static constexpr const char* name = "transpose";
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;

  static constexpr shape infer(shape x) {
    if (x.holds_ids()) return wrong("transpose: ids are not numbers to compute with; put an embedding before it");
    if (x.rank < 2) return wrong("transpose: the input must have two axes or more");
    if (x.padded) return wrong("transpose: a padded input would have no tokens any more; pool it first");
    const int last = x.rank - 1, width = x.extent[last];
    x.extent[last] = x.extent[last - 1];
    x.extent[last - 1] = width;
    return x;
  }
  template <class C>
  static void forward(C&, in<C> x, out<C> y) noexcept {
    detail::reorder<C>(x, order(x.shape()).from, y);
  }
  template <class C>
  static void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) noexcept {
    detail::reorder_backward<C>(x, order(x.shape()).from, dy, dx);
  }

  struct axes {
    int from[4] = {0, 1, 2, 3};
  };
  static constexpr axes order(const shape& x) {
    axes a;
    a.from[x.rank - 1] = x.rank - 2;
    a.from[x.rank - 2] = x.rank - 1;
    return a;
  }
} transpose;

// The three axes of a sample in another order: axis i of the result is axis `first`, `second`, `third` of the input.
//   first, second, third: 0, 1 and 2 in some order.
//   picture [n0, n1, n2] -> picture [n_first, n_second, n_third]
struct permute {
  int first, second, third;

  static constexpr const char* name = "permute";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(shape x) const {
    if (x.rank != 3 || x.holds_ids()) return wrong("permute: the input must have three axes, as a picture has");
    bool seen[3]{};
    for (const int axis : {first, second, third})
      if (axis >= 0 && axis < 3) seen[axis] = true;
    if (!seen[0] || !seen[1] || !seen[2]) return wrong("permute: the axes must be 0, 1 and 2 in some order");
    return make_shape(x.kind, 3, x.extent[first], x.extent[second], x.extent[third]);
  }
  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    const int from[] = {first, second, third};
    detail::reorder<C>(x, from, y);
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    const int from[] = {first, second, third};
    detail::reorder_backward<C>(x, from, dy, dx);
  }
};

}  // namespace tectum
