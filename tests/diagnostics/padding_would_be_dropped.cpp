// expect: in equation y: this operator would drop the padding mask of its input: flatten
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"words"> words;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(words = tt::input{tt::sequence{.length = 4, .width = 3, .padded = true}},
                       y = words | tt::flatten);
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(words = tt::input{tt::sequence{.length = 4, .width = 3, .padded = true}},
                       y = words | tt::mean_pool);
});
#endif
