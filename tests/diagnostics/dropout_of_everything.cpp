// expect: dropout:
// expect: y
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}},
#ifndef TECTUM_CORRECTED
                       y = a | tt::dropout{1.5f});
#else
                       y = a | tt::dropout{0.5f});
#endif
});

tt::model<network> model;
