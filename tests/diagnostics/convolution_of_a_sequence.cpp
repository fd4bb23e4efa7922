// expect: conv2d: the input must be a picture
// expect: map
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"map"> map;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::sequence{12, 8}},
#ifndef TECTUM_CORRECTED
                       map = a | tt::conv2d{.channels = 4, .kernel = 3});
#else
                       map = a | tt::conv1d{.channels = 4, .kernel = 3});
#endif
});

tt::model<network> model;
