// A first fusion network on Eigen matrices: two modalities, one answer, batch by batch.
#include <tectum/eigen.hpp>
#include <tectum/print.hpp>
#include <tectum/tectum.hpp>

#include <cstdio>

namespace tt = tectum;

namespace weather {

constexpr tt::name<"radar"> radar;
constexpr tt::name<"station"> station;
constexpr tt::name<"seen"> seen;
constexpr tt::name<"measured"> measured;
constexpr tt::name<"rain"> rain;

// An architecture is a list of equations, checked while it compiles.
inline constexpr auto network = tt::architecture([] {
  return tt::equations(radar = tt::input{tt::features{128}}, station = tt::input{tt::features{12}},
                       seen = radar | tt::linear{64} | tt::relu, measured = station | tt::linear{32} | tt::tanh,
                       rain = tt::fuse(tt::concat{}, seen, measured) | tt::linear{64} | tt::relu | tt::linear{3});
});

}  // namespace weather

int main() {
  std::printf("%s\n", tt::table<weather::network>().c_str());

  tt::model<weather::network> model{tt::seed{7}};
  tt::workspace<weather::network> workspace{/*largest batch*/ 32};

  // Rows are samples. A row-major matrix is read where it is; Eigen's default is copied once, into place.
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> images = Eigen::MatrixXf::Random(4, 128);
  const Eigen::MatrixXf readings = Eigen::MatrixXf::Random(4, 12);

  // Inputs are bound by name, in any order. The result is a view into the workspace: nothing is allocated.
  const auto scores = model(workspace, weather::station = readings, weather::radar = images);
  for (tt::index row = 0; row < scores.extent(0); ++row)
    std::printf("sample %d: %6.3f %6.3f %6.3f\n", static_cast<int>(row), static_cast<double>(scores(row, 0)),
                static_cast<double>(scores(row, 1)), static_cast<double>(scores(row, 2)));

  // Or as a matrix of yours; the short form without a workspace allocates its own.
  const Eigen::MatrixXf copy = model(weather::radar = images, weather::station = readings);
  std::printf("the same as a matrix: %s\n", copy(3, 2) == scores(3, 2) ? "yes" : "no");

  // Only what `seen` needs is computed, and only its input is asked for.
  const Eigen::MatrixXf features = model(weather::seen, weather::radar = images);
  std::printf("seen: %d x %d\n", static_cast<int>(features.rows()), static_cast<int>(features.cols()));

  // What a wrong tensor gives.
  try {
    model(workspace, weather::radar = readings, weather::station = readings);
  } catch (const tt::error& e) {
    std::printf("error: %s\n", e.what());
  }
  return copy(3, 2) == scores(3, 2) ? 0 : 1;
}
