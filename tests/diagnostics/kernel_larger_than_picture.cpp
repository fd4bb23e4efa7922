// expect: in equation y: conv2d:
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"image"> image;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(image = tt::input{tt::picture{.channels = 1, .height = 4, .width = 4}},
                       y = image | tt::conv2d{.channels = 2, .kernel = 7});
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(image = tt::input{tt::picture{.channels = 1, .height = 4, .width = 4}},
                       y = image | tt::conv2d{.channels = 2, .kernel = 3});
});
#endif
