// expect: concat: all sequences must have the same length
// expect: joint
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"joint"> joint;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::sequence{4, 8}}, b = tt::input{tt::sequence{5, 8}},
#ifndef TECTUM_CORRECTED
                       joint = tt::fuse(tt::concat{}, a, b));
#else
                       joint = tt::fuse(tt::concat{}, a | tt::mean_pool, b | tt::mean_pool));
#endif
});

tt::model<network> model;
