// expect: in equation a: this name has two equations
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, a = tt::input{tt::features{3}}, b = a | tt::linear{3});
});
#else
inline constexpr auto network =
    tt::architecture([] { return tt::equations(a = tt::input{tt::features{8}}, b = a | tt::linear{3}); });
#endif
