// expect: lengths or a mask are given for the input named here, which is not declared padded
// expect: "a"
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;

inline constexpr auto network = tt::architecture(
    [] { return tt::equations(a = tt::input{tt::sequence{.length = 5, .width = 8}}, y = a | tt::gru{.hidden = 3}); });

void use(tt::model<network>& model, tt::workspace<network>& workspace, const float (&x)[2][5][8],
         const int (&lengths)[2]) {
#ifndef TECTUM_CORRECTED
  model(workspace, a = tt::padded(x, lengths));
#else
  model(workspace, a = x), (void)lengths;
#endif
}
