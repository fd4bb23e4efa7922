// What somebody else's program looks like; built from an installation, by FetchContent and as a subdirectory.
#include <cstdio>
#include <tectum/tectum.hpp>
namespace tt = tectum;
constexpr tt::name<"image"> image;
constexpr tt::name<"sound"> sound;
constexpr tt::name<"answer"> answer;
inline constexpr auto network = tt::architecture([] {
  return tt::equations(image = tt::input{tt::features{4}}, sound = tt::input{tt::features{2}},
                       answer = tt::fuse(tt::concat{}, image | tt::linear{3} | tt::relu, sound) | tt::linear{2});
});
int main() {
  const float seen[1][4] = {{1, 2, 3, 4}}, heard[1][2] = {{5, 6}};
  const auto scores = tt::model<network>{tt::seed{1}}(image = seen, sound = heard);
  std::printf("tectum %d.%d: %d scores\n", TECTUM_VERSION_MAJOR, TECTUM_VERSION_MINOR, static_cast<int>(scores.extent(1)));
  return scores.extent(1) == 2 ? 0 : 1;
}
