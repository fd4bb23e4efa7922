// expect: split: at must lie inside the last axis
// expect: first
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"first"> first;
constexpr tt::name<"rest"> rest;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}},
#ifndef TECTUM_CORRECTED
                       tt::named(first, rest) = a | tt::split{8});
#else
                       tt::named(first, rest) = a | tt::split{3});
#endif
});

tt::model<network> model;
