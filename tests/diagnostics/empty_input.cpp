// expect: in equation a: the extents of an input must be 1 or more
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network =
    tt::architecture([] { return tt::equations(a = tt::input{tt::features{0}}, y = a | tt::linear{3}); });
#else
inline constexpr auto network =
    tt::architecture([] { return tt::equations(a = tt::input{tt::features{1}}, y = a | tt::linear{3}); });
#endif
