// expect: the left side of | must be a name, an operator or a pipeline
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network =
    tt::architecture([] { return tt::equations(a = tt::input{tt::features{8}}, y = 10 | tt::linear{10}); });
#else
inline constexpr auto network =
    tt::architecture([] { return tt::equations(a = tt::input{tt::features{8}}, y = a | tt::linear{10}); });
#endif
