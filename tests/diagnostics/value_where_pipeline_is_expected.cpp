// expect: in equation y: the right side of | is a value, not a pipeline: b
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture(
    [] { return tt::equations(a = tt::input{tt::features{8}}, b = tt::input{tt::features{6}}, y = a | b); });
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, b = tt::input{tt::features{6}},
                       y = tt::fuse(tt::concat{}, a, b));
});
#endif
