// Normalisations.
#pragma once

#include <tectum/operators/layers/batch_norm.hpp>
#include <tectum/operators/layers/group_norm.hpp>
#include <tectum/operators/layers/layer_norm.hpp>
#include <tectum/operators/layers/normalize.hpp>
#include <tectum/operators/layers/rms_norm.hpp>

#include "../catalogue.hpp"

namespace catalogue {

// What has channels, and how many.
inline tt::shape with_channels(dice& d, int channels) {
  if (d.between(0, 4) == 0) {
    tt::shape video = tt::make_shape(tt::kind::video, 4, d.between(1, 3), channels, d.between(1, 4), d.between(1, 4));
    video.padded = d.coin();
    return d.coin() ? d.masked(video.unmasked(), may_be::absent) : video;
  }
  switch (d.between(0, 4)) {
    case 4: return d.masked(tt::picture_of(channels, d.between(1, 2), d.between(1, 2)), may_be::absent);
    case 0: return d.picture(may_be::absent, channels);
    case 1: return d.waveform(may_be::absent, channels);
    case 2: return d.features(may_be::absent, channels);
    default: return d.sequence(may_be::both, 0, channels);
  }
}

// The gradient of a normalisation of one or two values is the difference of nearly equal numbers: in float little of it
// is left.
inline constexpr tt::check_options cancelling{.float_tolerance = 2e-2};

template <class Visit>
void normalisation(Visit&& visit) {
  visit([](dice& d) {
    return drawn(
        tt::batch_norm{
            .epsilon = d.one_of({1e-5, 1e-3, 0.1}), .momentum = d.one_of({0.1, 0.0, 0.5, 1.0}), .affine = d.coin()},
        {with_channels(d, d.width())}, {.independent_samples = false, .float_tolerance = cancelling.float_tolerance});
  });
  visit([](dice& d) {
    const int groups = d.between(1, 5);
    return drawn(tt::group_norm{.groups = groups, .epsilon = d.one_of({1e-5, 1e-3, 0.1}), .affine = d.coin()},
                 {with_channels(d, groups * d.between(1, 6))}, cancelling);
  });
  visit([](dice& d) {
    const tt::shape x = d.anything();
    return drawn(tt::layer_norm{.epsilon = d.one_of({1e-5, 1e-3, 0.1}),
                                .affine = d.coin(),
                                .axes = d.between(1, x.padded ? x.rank - 1 : x.rank)},
                 {x}, cancelling);
  });
  visit([](dice& d) {
    return drawn(tt::rms_norm{.epsilon = d.one_of({1e-6, 1e-3, 0.1}), .affine = d.coin()}, {d.anything()}, cancelling);
  });
  visit([](dice& d) {
    const tt::shape x = d.anything();
    return drawn(tt::normalize{.p = d.one_of({1.0, 2.0, 3.0, 1.5, 2.5}),
                               .axis = d.between(-x.rank, x.rank - 1),
                               .epsilon = d.one_of({1e-12, 0.5})},
                 {x});
  });
}

}  // namespace catalogue
