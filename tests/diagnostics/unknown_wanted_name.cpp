// expect: no equation of the name wanted
// expect: "other"
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"y"> y;
constexpr tt::name<"other"> other;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, b = tt::input{tt::features{6}},
                       y = tt::fuse(tt::concat{}, a, b) | tt::linear{3});
});

void use(const tt::model<network>& model, tt::workspace<network>& workspace, const float (&x)[2][8],
         const float (&z)[2][6]) {
#ifndef TECTUM_CORRECTED
  model(workspace, other, a = x, b = z);
#else
  model(workspace, y, a = x, b = z);
#endif
}
