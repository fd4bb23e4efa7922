// expect: in equation y: this operator was given another number of inputs than it takes: cross_attention (1 and 2)
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"words"> words;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(words = tt::input{tt::sequence{.length = 4, .width = 8}},
                       y = words | tt::cross_attention{.heads = 2});
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(words = tt::input{tt::sequence{.length = 4, .width = 8}},
                       y = words | tt::self_attention{.heads = 2});
});
#endif
