// The first network again, on xtensor: the network is the same, only the tensors differ.
#include <tectum/tectum.hpp>
#include <tectum/xtensor.hpp>

#include <cstdio>

namespace tt = tectum;

namespace weather {

constexpr tt::name<"radar"> radar;
constexpr tt::name<"station"> station;
constexpr tt::name<"rain"> rain;

// The image is a picture here, and goes through a convolution.
inline constexpr auto look = tt::conv2d{.channels = 8, .kernel = 3, .padding = 1} | tt::relu |
                             tt::max_pool{.kernel = 4} | tt::flatten | tt::linear{32} | tt::relu;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(radar = tt::input{tt::picture{.channels = 1, .height = 16, .width = 16}},
                       station = tt::input{tt::features{12}},
                       rain = tt::fuse(tt::mlb{.rank = 24, .features = 16}, radar | look, station) | tt::linear{3});
});

}  // namespace weather

int main() {
  tt::model<weather::network> model{tt::seed{7}};
  tt::workspace<weather::network> workspace{8};

  const xt::xtensor<float, 4> images = xt::ones<float>({5, 1, 16, 16}) * 0.5f;
  const xt::xarray<float> readings = xt::linspace<float>(-1, 1, 60).reshape({5, 12});

  const xt::xtensor<float, 2> scores = model(workspace, weather::radar = images, weather::station = readings);

  // A lazy expression is evaluated once, on the way in.
  const xt::xtensor<float, 2> halved = model(workspace, weather::radar = images, weather::station = readings * 0.5f);

  std::printf("scores: %zu x %zu\n", scores.shape(0), scores.shape(1));
  for (std::size_t row = 0; row < 5; ++row)
    std::printf("%7.4f -> %7.4f\n", static_cast<double>(scores(row, 0)), static_cast<double>(halved(row, 0)));
  return scores.shape(0) == 5 && scores.shape(1) == 3 && scores(0, 0) != halved(0, 0) ? 0 : 1;
}
