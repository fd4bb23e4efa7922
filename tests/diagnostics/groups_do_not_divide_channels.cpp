// expect: in equation map: group_norm: groups must divide the
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"image"> image;
constexpr tt::name<"map"> map;

#ifndef TECTUM_CORRECTED
constexpr int groups = 4;
#else
constexpr int groups = 3;
#endif

inline constexpr auto network = tt::architecture([] {
  return tt::equations(
      image = tt::input{tt::picture{.channels = 3, .height = 8, .width = 8}},
      map = image | tt::conv2d{.channels = 6, .kernel = 3} | tt::group_norm{.groups = groups} | tt::relu);
});

tt::model<network> model;
