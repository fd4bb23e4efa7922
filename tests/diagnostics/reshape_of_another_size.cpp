// expect: in equation y: reshape:
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;

#ifndef TECTUM_CORRECTED
constexpr int length = 5;
#else
constexpr int length = 4;
#endif

inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{12}},
                       y = a | tt::reshape(tt::sequence{.length = length, .width = 3}) | tt::mean_pool);
});

tt::model<network> model;
