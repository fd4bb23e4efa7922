// expect: gru: the input must be a sequence
// expect: y
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}},
#ifndef TECTUM_CORRECTED
                       y = a | tt::gru{.hidden = 4});
#else
                       y = a | tt::as_sequence{2} | tt::gru{.hidden = 4});
#endif
});

tt::model<network> model;
