// Layers that change the shape of a value, or nothing but its scale; learned values.
#pragma once

#include <tectum/operators/layers/flatten.hpp>
#include <tectum/operators/layers/learned.hpp>
#include <tectum/operators/layers/patches.hpp>
#include <tectum/operators/layers/reshape.hpp>
#include <tectum/operators/layers/scale.hpp>
#include <tectum/operators/layers/slice.hpp>
#include <tectum/operators/layers/split.hpp>
#include <tectum/operators/layers/transpose.hpp>

#include "../catalogue.hpp"

namespace catalogue {

template <class Visit>
void shapes(Visit&& visit) {
  visit([](dice& d) { return drawn(tt::flatten, {d.anything(may_be::absent)}); });
  visit([](dice& d) {
    const int length = d.between(1, 5);
    return drawn(tt::as_sequence{length}, {d.features(may_be::absent, length * d.between(1, 7))});
  });
  visit([](dice& d) {
    const int a = d.between(1, 4), b = d.between(1, 4), c = d.between(1, 4);
    const tt::shape all[] = {tt::features_of(a * b * c), tt::sequence_of(a, b * c), tt::picture_of(a, b, c),
                             tt::make_shape(tt::kind::waveform, 2, a * b, c),
                             tt::make_shape(tt::kind::video, 4, 1, a, b, c)};
    return drawn(tt::reshape(all[d.between(0, 4)]), {d.masked(all[d.between(0, 3)], may_be::absent)});
  });
  visit([](dice& d) {
    const tt::shape x = d.one_of({d.sequence(may_be::absent), d.picture(may_be::absent), d.waveform(may_be::absent)});
    return drawn(tt::transpose, {x});
  });
  visit([](dice& d) {
    const int first = d.between(0, 2), second = (first + d.between(1, 2)) % 3;
    return drawn(tt::permute{first, second, 3 - first - second}, {d.picture(may_be::absent)});
  });
  visit([](dice& d) {
    const tt::shape x = d.anything();
    const int axis = d.between(0, x.rank - 1), n = x.extent[axis], begin = d.between(0, n - 1);
    return drawn(tt::slice{.begin = d.coin() ? begin : begin - n,
                           .count = d.between(0, n - begin),
                           .axis = d.coin() ? axis : axis - x.rank},
                 {x});
  });
  visit([](dice& d) {
    const tt::shape x = d.sequence(may_be::both);
    return drawn(tt::take_token{d.between(-x.length(), x.length() - 1)}, {x});
  });
  visit([](dice& d) {
    const int width = d.between(2, 40);
    const tt::shape x = d.coin() ? d.features(may_be::absent, width) : d.sequence(may_be::both, 0, width);
    return drawn(tt::split{d.between(1, width - 1)}, {x});
  });
  visit([](dice& d) {
    const int patch = d.between(1, 3);
    const tt::shape s = d.coin() ? tt::picture_of(d.between(1, 3), patch * d.between(1, 3), patch * d.between(1, 3))
                                 : tt::make_shape(tt::kind::waveform, 2, d.between(1, 3), patch * d.between(1, 5));
    return drawn(tt::patches_of{.patch = patch}, {d.masked(s, may_be::absent)});
  });
  visit([](dice& d) { return drawn(tt::learned(d.anything(may_be::whole)), {}); });
  visit([](dice& d) {
    return drawn(tt::scale_by{.features = d.coin(), .initial = d.one_of({1.0f, 0.0f, 1e-2f})}, {d.anything()});
  });
  visit([](dice& d) {
    return drawn(tt::affine{.scale = d.one_of({1.0f, -0.5f, 3.0f}), .shift = d.one_of({0.0f, 2.0f})}, {d.anything()});
  });
}

}  // namespace catalogue
