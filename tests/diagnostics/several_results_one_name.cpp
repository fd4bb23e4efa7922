// expect: in equation y: this operator has several results: name them, as in tt::named(a, b) = ...
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;
constexpr tt::name<"z"> z;

#ifndef TECTUM_CORRECTED
inline constexpr auto network =
    tt::architecture([] { return tt::equations(a = tt::input{tt::features{8}}, y = a | tt::split{.at = 3}); });
#else
inline constexpr auto network = tt::architecture(
    [] { return tt::equations(a = tt::input{tt::features{8}}, tt::named(y, z) = a | tt::split{.at = 3}); });
#endif
