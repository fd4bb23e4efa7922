// expect: in equation joint: this equation uses itself
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"joint"> joint;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture(
    [] { return tt::equations(a = tt::input{tt::features{8}}, joint = tt::fuse(tt::concat{}, a, joint)); });
#else
inline constexpr auto network = tt::architecture(
    [] { return tt::equations(a = tt::input{tt::features{8}}, joint = tt::fuse(tt::concat{}, a, a)); });
#endif
