// expect: an operator is an aggregate
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;

struct scaled {
  static constexpr const char* name = "scaled";
  float by;
#ifndef TECTUM_CORRECTED
  constexpr explicit scaled(float f) : by(f) {}
#else

#endif
  constexpr tt::shape infer(tt::shape x) const { return x; }
};

inline constexpr auto network =
    tt::architecture([] { return tt::equations(a = tt::input{tt::features{8}}, y = a | scaled{2.0f}); });
