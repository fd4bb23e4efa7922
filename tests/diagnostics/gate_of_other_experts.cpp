// expect: in equation joint: mixture: the gate must have one score an expert (2 and 3)
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"joint"> joint;

#ifdef TECTUM_CORRECTED
constexpr int scores = 2;
#else
constexpr int scores = 3;
#endif

inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, b = tt::input{tt::features{8}},
                       joint = tt::fuse(tt::mixture{}, tt::fuse(tt::concat{}, a, b) | tt::linear{scores}, a, b));
});
