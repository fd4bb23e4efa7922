// expect: in equation y: a shared pipeline is used on inputs of different widths: linear
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"tower"> tower;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, b = tt::input{tt::features{6}}, tower = tt::linear{4} | tt::relu,
                       y = tt::fuse(tt::concat{}, a | tower, b | tower));
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, b = tt::input{tt::features{6}}, tower = tt::linear{4} | tt::relu,
                       y = tt::fuse(tt::concat{}, a | tower, b | tt::linear{8} | tower));
});
#endif
