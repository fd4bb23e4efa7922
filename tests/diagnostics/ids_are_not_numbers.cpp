// expect: in equation y: linear: ids are not numbers to compute with; put an embedding before it
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"words"> words;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture(
    [] { return tt::equations(words = tt::input{tt::tokens{.length = 5}}, y = words | tt::linear{4}); });
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(words = tt::input{tt::tokens{.length = 5}},
                       y = words | tt::embedding{.vocabulary = 9, .dim = 3} | tt::linear{4});
});
#endif
