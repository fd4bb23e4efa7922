// expect: in equation y: encoder: the input is not of the modality that the encoder declares
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"image"> image;
constexpr tt::name<"y"> y;

inline constexpr auto encode = tt::flatten | tt::linear{16} | tt::relu;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(
      image = tt::input{tt::picture{.channels = 3, .height = 4, .width = 4}},
      y = image | tt::encoder(encode, tt::picture{.channels = 1, .height = 4, .width = 4}, tt::features{16}));
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(
      image = tt::input{tt::picture{.channels = 3, .height = 4, .width = 4}},
      y = image | tt::encoder(encode, tt::picture{.channels = 3, .height = 4, .width = 4}, tt::features{16}));
});
#endif
