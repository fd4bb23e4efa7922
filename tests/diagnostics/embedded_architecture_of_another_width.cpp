// expect: in equation y: an architecture used as an operator got another shape than it declares for its input x
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"x"> x;
constexpr tt::name<"t"> t;
constexpr tt::name<"b"> b;
constexpr tt::name<"y"> y;

inline constexpr auto inner =
    tt::architecture([] { return tt::equations(x = tt::input{tt::features{8}}, t = x | tt::linear{4}); });

#ifndef TECTUM_CORRECTED
inline constexpr auto network =
    tt::architecture([] { return tt::equations(b = tt::input{tt::features{6}}, y = b | inner); });
#else
inline constexpr auto network =
    tt::architecture([] { return tt::equations(b = tt::input{tt::features{6}}, y = b | tt::linear{8} | inner); });
#endif
