// expect: in equation y: two inputs with different masks meet in sum
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"words"> words;
constexpr tt::name<"sounds"> sounds;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(words = tt::input{tt::sequence{.length = 4, .width = 3, .padded = true}},
                       sounds = tt::input{tt::sequence{.length = 4, .width = 3, .padded = true}},
                       y = tt::fuse(tt::sum{}, words, sounds) | tt::mean_pool);
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(words = tt::input{tt::sequence{.length = 4, .width = 3, .padded = true}},
                       sounds = tt::input{tt::sequence{.length = 4, .width = 3, .padded = true}},
                       y = tt::fuse(tt::sum{}, words | tt::mean_pool, sounds | tt::mean_pool));
});
#endif
