// expect: in equation joint: sum: all inputs must have the same shape; inputs: features [8], features [6]
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"joint"> joint;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, b = tt::input{tt::features{6}},
                       joint = tt::fuse(tt::sum{}, a, b));
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, b = tt::input{tt::features{6}},
                       joint = tt::fuse(tt::sum{}, a, b | tt::linear{8}));
});
#endif
