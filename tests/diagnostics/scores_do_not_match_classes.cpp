// expect: in equation loss: cross_entropy: there must be one score a class (12 and 13)
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"label"> label;
constexpr tt::name<"loss"> loss;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, label = tt::input{tt::category{13}},
                       loss = tt::fuse(tt::cross_entropy{}, a | tt::linear{12}, label));
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, label = tt::input{tt::category{13}},
                       loss = tt::fuse(tt::cross_entropy{}, a | tt::linear{13}, label));
});
#endif
