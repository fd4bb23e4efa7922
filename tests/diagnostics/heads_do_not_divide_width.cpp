// expect: in equation joint:
// expect: heads
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"words"> words;
constexpr tt::name<"regions"> regions;
constexpr tt::name<"joint"> joint;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(words = tt::input{tt::sequence{.length = 4, .width = 30}},
                       regions = tt::input{tt::sequence{.length = 5, .width = 30}},
                       joint = tt::fuse(tt::cross_attention{.heads = 4}, words, regions));
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(words = tt::input{tt::sequence{.length = 4, .width = 30}},
                       regions = tt::input{tt::sequence{.length = 5, .width = 30}},
                       joint = tt::fuse(tt::cross_attention{.heads = 5}, words, regions));
});
#endif
