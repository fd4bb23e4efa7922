// Activations, gated units, and softmax.
#pragma once

#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/glu.hpp>
#include <tectum/operators/layers/log_softmax.hpp>
#include <tectum/operators/layers/maxout.hpp>
#include <tectum/operators/layers/softmax.hpp>

#include "../catalogue.hpp"

namespace catalogue {

// An axis of even size of one of the shapes that a gated unit takes.
struct halved {
  tt::shape x;
  int axis;
};
inline halved even_axis(dice& d) {
  tt::shape x = d.anything();
  const int axis = d.between(x.padded ? 1 : 0, x.rank - 1);
  x.extent[axis] += x.extent[axis] % 2;
  return {x, d.coin() ? axis : axis - x.rank};
}

template <class Visit>
void activations(Visit&& visit) {
  visit([](dice& d) { return drawn(tt::relu, {d.anything()}); });
  visit([](dice& d) { return drawn(tt::tanh, {d.anything()}); });
  visit([](dice& d) { return drawn(tt::sigmoid, {d.anything()}); });
  visit([](dice& d) { return drawn(tt::gelu, {d.anything()}); });
  visit([](dice& d) { return drawn(tt::gelu_tanh, {d.anything()}); });
  visit([](dice& d) { return drawn(tt::silu, {d.anything()}); });
  visit([](dice& d) { return drawn(tt::quick_gelu, {d.anything()}); });
  visit([](dice& d) { return drawn(tt::log_sigmoid, {d.anything()}); });
  visit([](dice& d) {
    return drawn(tt::leaky_relu{.negative_slope = d.one_of({0.01, 0.2, 0.0, -0.5, 1.5})}, {d.anything()});
  });
  visit([](dice& d) { return drawn(tt::elu{.alpha = d.one_of({1.0, 0.7, 2.0})}, {d.anything()}); });
  visit([](dice& d) {
    // Below the threshold, or so far above that the step there is below what differences see.
    return drawn(tt::softplus{.beta = d.one_of({1.0, 2.0, 0.5, 30.0}), .threshold = d.one_of({20.0, 25.0})},
                 {d.anything()});
  });
  visit([](dice& d) {
    const auto [x, axis] = even_axis(d);
    return drawn(tt::glu(axis), {x});
  });
  visit([](dice& d) {
    const auto [x, axis] = even_axis(d);
    return drawn(tt::geglu(axis), {x});
  });
  visit([](dice& d) {
    const auto [x, axis] = even_axis(d);
    return drawn(tt::reglu(axis), {x});
  });
  visit([](dice& d) {
    const auto [x, axis] = even_axis(d);
    return drawn(tt::swiglu(axis), {x});
  });
  visit([](dice& d) {
    return drawn(tt::maxout{.features = d.width(), .pieces = d.between(1, 4), .bias = d.coin()}, {d.anything()});
  });
  visit([](dice& d) {
    const tt::shape x = d.anything();
    return drawn(tt::softmax(d.between(-x.rank, x.rank - 1)), {x});
  });
  visit([](dice& d) {
    const tt::shape x = d.anything();
    return drawn(tt::log_softmax(d.between(-x.rank, x.rank - 1)), {x});
  });
}

}  // namespace catalogue
