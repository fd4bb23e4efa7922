// expect: in equation y: repeat: what comes out must have the shape of what goes in; inputs: features [8], features [4]
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture(
    [] { return tt::equations(a = tt::input{tt::features{8}}, y = a | tt::repeat(3, tt::linear{4} | tt::relu)); });
#else
inline constexpr auto network = tt::architecture(
    [] { return tt::equations(a = tt::input{tt::features{8}}, y = a | tt::repeat(3, tt::linear{8} | tt::relu)); });
#endif
