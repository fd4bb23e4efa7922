// expect: in equation joint: sum:
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"joint"> joint;

constexpr auto with(auto fusion) {
  return tt::architecture([=] {
    return tt::equations(a = tt::input{tt::features{8}}, b = tt::input{tt::features{6}},
                         joint = tt::fuse(fusion, a, b));
  });
}

#ifndef TECTUM_CORRECTED
constexpr auto network = with(tt::sum{});
#else
constexpr auto network = with(tt::concat{});
#endif

tt::model<network> model{tt::seed{1}};
