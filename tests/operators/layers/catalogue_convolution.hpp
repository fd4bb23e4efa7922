// Convolution and pooling.
#pragma once

#include <tectum/operators/layers/adaptive_pool.hpp>
#include <tectum/operators/layers/average_pool.hpp>
#include <tectum/operators/layers/conv1d.hpp>
#include <tectum/operators/layers/conv2d.hpp>
#include <tectum/operators/layers/max_pool.hpp>

#include "../catalogue.hpp"

namespace catalogue {
namespace detail {

// A number for both axes, or one for each.
inline tt::extent2 extent(dice& d, int low, int high, int typical = 0) {
  const int a = typical > 0 ? d.size(low, high, typical) : d.between(low, high);
  return d.coin() ? tt::extent2{a, d.between(low, high)} : tt::extent2{a};
}
// Padding of at most half of a kernel; over time the same number twice.
inline tt::extent2 half(dice& d, tt::extent2 kernel, bool picture) {
  const int a = d.between(0, kernel.height / 2);
  return picture ? tt::extent2{a, d.between(0, kernel.width / 2)} : tt::extent2{a};
}
inline tt::shape with_windows(dice& d, bool& picture) {
  picture = d.coin();
  if (picture) return d.picture(may_be::absent);
  return d.coin() ? d.sequence(may_be::absent, d.size(4, 9, 32)) : d.waveform(may_be::absent);
}

}  // namespace detail

template <class Visit>
void convolution(Visit&& visit) {
  visit([](dice& d) {
    const int groups = d.one_of({1, 1, 2, 3}), in = groups * d.size(1, 3, 16), out = groups * d.size(1, 13, 32);
    const int kernel = d.between(1, 4), dilation = d.size(1, 2, 1);
    const bool keeps = d.coin(), waveform = d.coin();
    const tt::conv1d op{.channels = out,
                        .kernel = kernel,
                        .stride = keeps ? 1 : d.size(1, 3, 1),
                        .padding = keeps ? tt::same : d.between(0, 3),
                        .dilation = dilation,
                        .groups = groups,
                        .bias = d.coin()};
    if (waveform) return drawn(op, {d.waveform(may_be::absent, in)});
    return drawn(op, {d.sequence(keeps ? may_be::both : may_be::absent, d.size(7, 10, 32), in)});
  });
  visit([](dice& d) {
    const int groups = d.one_of({1, 1, 2, 3}), in = groups * d.size(1, 3, 16), out = groups * d.size(1, 13, 32);
    const bool keeps = d.coin();
    const tt::shape x = d.picture(may_be::absent, in);
    tt::conv2d op{.channels = out,
                  .kernel = detail::extent(d, 1, 3),
                  .stride = keeps ? tt::extent2{1} : detail::extent(d, 1, 3, 1),
                  .padding = keeps ? tt::extent2{tt::same} : detail::extent(d, 0, 2, 1),
                  .dilation = detail::extent(d, 1, 2, 1),
                  .groups = groups,
                  .bias = d.coin()};
    if (op.infer(x).fault) op.padding = 1;  // the kernel was larger than the picture
    return drawn(op, {x});
  });
}

template <class Visit>
void pooling(Visit&& visit) {
  visit([](dice& d) {
    bool picture = false;
    const tt::shape x = detail::with_windows(d, picture);
    const tt::extent2 kernel = picture ? detail::extent(d, 1, 4, 2) : tt::extent2{d.size(1, 4, 2)};
    const tt::extent2 stride = picture ? detail::extent(d, 0, 3, 2) : tt::extent2{d.size(0, 3, 2)};
    return drawn(tt::max_pool{.kernel = kernel, .stride = stride, .padding = detail::half(d, kernel, picture)}, {x});
  });
  visit([](dice& d) {
    bool picture = false;
    const tt::shape x = detail::with_windows(d, picture);
    const tt::extent2 kernel = picture ? detail::extent(d, 1, 4, 2) : tt::extent2{d.size(1, 4, 2)};
    const tt::extent2 stride = picture ? detail::extent(d, 0, 3, 2) : tt::extent2{d.size(0, 3, 2)};
    return drawn(
        tt::average_pool{
            .kernel = kernel, .stride = stride, .padding = detail::half(d, kernel, picture), .count_padding = d.coin()},
        {x});
  });
  visit([](dice& d) {
    bool picture = false;
    const tt::shape x = detail::with_windows(d, picture);
    return drawn(tt::adaptive_average_pool{picture ? detail::extent(d, 1, 6) : tt::extent2{d.between(1, 6)}}, {x});
  });
  visit([](dice& d) {
    bool picture = false;
    const tt::shape x = detail::with_windows(d, picture);
    return drawn(tt::adaptive_max_pool{picture ? detail::extent(d, 1, 6) : tt::extent2{d.between(1, 6)}}, {x});
  });
  visit([](dice& d) {
    return drawn(tt::global_average_pool, {d.coin() ? d.picture(may_be::absent) : d.waveform(may_be::absent)});
  });
}

}  // namespace catalogue
