// expect: in equation y: an architecture used as an operator was given no value for its input x2
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"x"> x;
constexpr tt::name<"x2"> x2;
constexpr tt::name<"t"> t;
constexpr tt::name<"b"> b;
constexpr tt::name<"y"> y;

inline constexpr auto inner = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{6}}, x2 = tt::input{tt::features{6}}, t = tt::fuse(tt::sum{}, x, x2));
});

#ifndef TECTUM_CORRECTED
inline constexpr auto network =
    tt::architecture([] { return tt::equations(b = tt::input{tt::features{6}}, y = b | inner); });
#else
inline constexpr auto network =
    tt::architecture([] { return tt::equations(b = tt::input{tt::features{6}}, y = tt::fuse(inner, b, b)); });
#endif
