#include <doctest/doctest.h>

#include "tests/kernels/guarded.hpp"

namespace kernel_tests {

namespace {

template <class T>
void compare(const convolution_geometry& g, int turn) {
  constexpr activation acts[] = {activation::identity, activation::relu, activation::tanh};
  const index in = g.channels * g.height * g.width, out = g.filters * g.out_height() * g.out_width();
  guarded<T> x(in), dx(in), y(out), dy(out), w(g.weights()), dw(g.weights()), bias(g.filters);
  const index filters = g.filters / g.groups;
  for (index group = 0; group < g.groups; ++group)
    for (index o = filters; o < panels_of(filters) * panel_width; ++o)
      for (index t = 0; t < g.taps(); ++t)
        for (T* data : {w.data(), dw.data()})
          packed<T>{data + group * packed_size(filters, g.taps()), filters, g.taps()}(o, t) = T(0);
  guarded<T> scratch(native::convolution_scratch(g));
  std::vector<T> y2 = values(y), dx2 = values(dx), dw2 = values(dw);
  const packed<T> weights{w.data(), filters, g.taps()};
  const epilogue<T> e{turn % 2 ? bias.data() : nullptr, acts[turn % 3], turn % 5 == 4};
  const double limit = tolerance<T> * (1 + 0.02 * static_cast<double>(g.taps() + out / g.filters));
  native::convolution(g, x.data(), weights, e, y.data(), scratch.data());
  reference::convolution(g, x.data(), weights, e, y2.data(), nullptr);
  CHECK(difference(y, y2) < limit);
  native::convolution_weight_gradient(g, x.data(), dy.data(), packed<T>{dw.data(), filters, g.taps()}, scratch.data());
  reference::convolution_weight_gradient(g, x.data(), dy.data(), packed<T>{dw2.data(), filters, g.taps()}, nullptr);
  CHECK(difference(dw, dw2) < limit);
  native::convolution_input_gradient(g, dy.data(), weights, dx.data(), scratch.data());
  reference::convolution_input_gradient(g, dy.data(), weights, dx2.data(), nullptr);
  CHECK(difference(dx, dx2) < limit);
  CHECK((y.canary_alive() && dw.canary_alive() && dx.canary_alive() && scratch.canary_alive()));
}

}  // namespace

TEST_CASE_TEMPLATE("convolution and its gradients: kernels, strides, padding, dilation, groups", T, float, double) {
  int turn = 0;
  for (index kernel : {1, 2, 3, 5})
    for (index stride : {1, 2, 3})
      for (index padding : {0, 1, 2})
        for (index dilation : {1, 2})
          for (index size : {1, 6, 14}) {
            convolution_geometry g{3,      size + 1, size,    5,       kernel,   kernel,
                                   stride, stride,   padding, padding, dilation, dilation};
            if (g.out_height() * g.out_width() == 0) continue;
            compare<T>(g, turn++);
          }
  CHECK(turn > 100);
  compare<T>({16, 14, 14, 40, 5, 5, 1, 1, 2, 2, 1, 1}, 1);  // several panels of filters, several chunks of taps
  compare<T>({6, 9, 11, 8, 3, 3, 2, 1, 1, 1, 1, 1, 2}, 3);  // groups
  compare<T>({6, 9, 11, 6, 3, 3, 1, 1, 1, 1, 1, 1, 6}, 4);  // a filter a channel
  compare<T>({2, 1, 70, 33, 1, 7, 1, 2, 0, 3, 1, 1}, 5);    // along one axis
  compare<T>({40, 5, 5, 33, 1, 1}, 6);
  // Rows that end within, with and behind a vector, of every second place.
  for (index width : {15, 16, 17, 31, 32, 33, 34, 35, 63, 64, 65, 66, 67})
    for (index padding : {0, 1, 3}) compare<T>({1, 2, width, 2, 2, 3, 2, 2, padding, padding, 1, 1}, 7);
}

TEST_CASE("convolution: a kernel larger than its input has no output") {
  const convolution_geometry g{1, 3, 3, 2, 5, 5};
  CHECK(g.out_height() == 0);
  guarded<float> x(9), w(g.weights()), scratch(native::convolution_scratch(g)), dw(g.weights());
  native::convolution(g, x.data(), packed<float>{w.data(), 2, 25}, {}, static_cast<float*>(nullptr), scratch.data());
  const std::vector<float> before = values(dw);
  native::convolution_weight_gradient(g, x.data(), static_cast<const float*>(nullptr), packed<float>{dw.data(), 2, 25},
                                      scratch.data());
  CHECK(difference(dw, before) == 0);
}

}  // namespace kernel_tests
