// expect: mse: both inputs must have the same shape
// expect: distance
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"target"> target;
constexpr tt::name<"distance"> distance;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, target = tt::input{tt::features{3}},
#ifndef TECTUM_CORRECTED
                       distance = tt::fuse(tt::mse{}, a | tt::linear{4}, target));
#else
                       distance = tt::fuse(tt::mse{}, a | tt::linear{3}, target));
#endif
});

tt::model<network> model;
