// expect: in equation y: this operator would drop the presence mask of its input: cross_entropy
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"label"> label;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{.width = 3, .optional = true}}, label = tt::input{tt::category{3}},
                       y = tt::fuse(tt::cross_entropy{}, a, label));
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{.width = 3, .optional = true}}, label = tt::input{tt::category{3}},
                       b = tt::input{tt::features{3}},
                       y = tt::fuse(tt::cross_entropy{}, tt::fuse(tt::sum{}, a, b), label));
});
#endif
