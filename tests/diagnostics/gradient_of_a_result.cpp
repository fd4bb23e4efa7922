// expect: the architecture has no input of the name given here
// expect: "y"
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;

inline constexpr auto network =
    tt::architecture([] { return tt::equations(a = tt::input{tt::features{8}}, y = a | tt::linear{3}); });

void use(tt::model<network>& model, tt::workspace<network>& workspace, const float (&x)[2][8],
         const float (&dy)[2][3]) {
#ifndef TECTUM_CORRECTED
  model.backward(workspace, tt::gradient(y) = dy, a = x);
  workspace.gradient(y);
#else
  model.backward(workspace, tt::gradient(y) = dy, a = x);
  workspace.gradient(a);
#endif
}
