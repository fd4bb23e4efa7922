// expect: in equation joint: there is no equation for other
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"other"> other;
constexpr tt::name<"joint"> joint;

#ifndef TECTUM_CORRECTED
inline constexpr auto network =
    tt::architecture([] { return tt::equations(a = tt::input{tt::features{8}}, joint = other | tt::linear{3}); });
#else
inline constexpr auto network =
    tt::architecture([] { return tt::equations(a = tt::input{tt::features{8}}, joint = a | tt::linear{3}); });
#endif
