// expect: gradients need a loss
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"y"> y;
constexpr tt::name<"loss"> loss;

#ifndef TECTUM_CORRECTED
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, b = tt::input{tt::features{6}},
                       y = tt::fuse(tt::concat{}, a, b) | tt::linear{6});
});
#else
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{8}}, b = tt::input{tt::features{6}},
                       y = tt::fuse(tt::concat{}, a, b) | tt::linear{6}, loss = tt::fuse(tt::mse{}, y, b));
});
#endif

void use(tt::model<network>& model, tt::workspace<network>& workspace, const float (&x)[2][8], const float (&z)[2][6]) {
  model.gradients(workspace, a = x, b = z);
}
