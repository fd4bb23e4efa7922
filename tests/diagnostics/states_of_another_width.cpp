// expect: in equation y: gru_with_states:
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"start"> start;
constexpr tt::name<"y"> y;
constexpr tt::name<"last"> last;

#ifndef TECTUM_CORRECTED
constexpr int width = 6;
#else
constexpr int width = 8;
#endif

inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::sequence{.length = 5, .width = 3}}, start = tt::input{tt::sequence{1, width}},
                       tt::named(y, last) = tt::fuse(tt::gru_with_states{.hidden = 8}, a, start));
});

tt::model<network> model;
