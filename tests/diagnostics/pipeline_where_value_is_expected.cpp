// expect: in equation y: a pipeline stands where a value is expected: tower
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"tower"> tower;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, tower = tt::linear{4} | tt::relu,
                       y = tt::fuse(tt::concat{}, a, tower));
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, tower = tt::linear{4} | tt::relu,
                       y = tt::fuse(tt::concat{}, a, a | tower));
});
#endif
