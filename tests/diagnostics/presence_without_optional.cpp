// expect: absence or presence is given for the input named here, which is not declared optional
// expect: "a"
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;

inline constexpr auto network =
    tt::architecture([] { return tt::equations(a = tt::input{tt::features{8}}, y = a | tt::linear{3}); });

void use(tt::model<network>& model, tt::workspace<network>& workspace, const float (&x)[2][8], const bool (&here)[2]) {
#ifndef TECTUM_CORRECTED
  model(workspace, a = tt::optional(x, here));
#else
  model(workspace, a = x), (void)here;
#endif
}
