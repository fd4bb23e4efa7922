// A model's parameters out to a file and back.
#include <doctest/doctest.h>

#include <filesystem>
#include <tectum/io/weights.hpp>
#include <tectum/operators/fusion/compact_bilinear.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/linear.hpp>

namespace tt = tectum;

namespace {

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"answer"> answer;
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{5}}, b = tt::input{tt::features{3}},
                       answer = tt::fuse(tt::concat{}, a, b) | tt::linear{40} | tt::relu | tt::linear{2});
});
inline constexpr auto wider = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{5}}, b = tt::input{tt::features{3}},
                       answer = tt::fuse(tt::concat{}, a, b) | tt::linear{41} | tt::relu | tt::linear{2, false});
});

std::string file() { return (std::filesystem::temp_directory_path() / "tectum_weights_test.safetensors").string(); }

}  // namespace

TEST_CASE("what was saved is loaded bit for bit, into another scalar too") {
  tt::model<network> model{tt::seed{1}};
  tt::model<network> other{tt::seed{2}};
  tt::model<network, double> wide{tt::seed{3}};
  tt::save(model, file());
  tt::load(other, file());
  tt::load(wide, file());
  for (tt::index i = 0; i < model.size(); ++i) {
    CHECK(model.data()[i] == other.data()[i]);
    CHECK(static_cast<double>(model.data()[i]) == wide.data()[i]);
  }
  const auto entries = tt::list_safetensors(file());
  CHECK(entries.size() == 4);
  std::filesystem::remove(file());
}

TEST_CASE("the sketches of compact bilinear pooling are saved with the model") {
  static constexpr auto pooled = tt::architecture([] {
    return tt::equations(a = tt::input{tt::features{5}}, b = tt::input{tt::features{3}},
                         answer = tt::fuse(tt::compact_bilinear{64, tt::convolution_form::fft}, a, b));
  });
  tt::model<pooled> model{tt::seed{1}};
  tt::model<pooled> other{tt::seed{2}};
  const float x[1][5] = {{1, -2, 3, 0.5f, 4}}, z[1][3] = {{2, 1, -1}};
  const auto differ = [&] {
    const auto one = model(a = x, b = z), two = other(a = x, b = z);
    int n = 0;
    for (tt::index i = 0; i < 64; ++i) n += one.data()[i] != two.data()[i];
    return n;
  };
  CHECK(differ() > 0);
  tt::save(model, file());
  tt::load(other, file());
  CHECK(differ() == 0);
  CHECK(tt::list_safetensors(file()).size() == 4);  // h.0, s.0, h.1, s.1
  std::filesystem::remove(file());
}

TEST_CASE("canonical shapes stand in the file, row-major") {
  tt::model<network> model{tt::seed{1}};
  float weight[2 * 40];
  for (int i = 0; i < 80; ++i) weight[i] = static_cast<float>(i);
  REQUIRE(model.set("answer.linear_2.weight", weight));
  tt::save(model, file());
  const auto stored = tt::safetensors_file(file()).read<float>("answer.linear_2.weight");
  CHECK(stored.extents == std::vector<std::int64_t>{2, 40});
  CHECK(stored.data[41] == 41.0f);
  CHECK(model.data()[tt::model<network>::graph().parameters[2].offset + 1 * 32 + 1] == 41.0f);  // in panels
  std::filesystem::remove(file());
}

TEST_CASE("a file of another architecture is one error that lists everything, and changes nothing") {
  tt::model<network> model{tt::seed{1}};
  tt::save(tt::model<wider>{tt::seed{4}}, file());
  const tt::model<network> before = model;
  try {
    tt::load(model, file());
    FAIL("accepted");
  } catch (const tt::file_error& e) {
    const std::string text = e.what();
    CHECK(text.find("answer.linear.weight") != std::string::npos);
    CHECK(text.find("[40, 8]") != std::string::npos);
    CHECK(text.find("[41, 8]") != std::string::npos);
    CHECK(text.find("answer.linear_2.bias") != std::string::npos);
  }
  for (tt::index i = 0; i < model.size(); ++i) CHECK(model.data()[i] == before.data()[i]);
  std::filesystem::remove(file());
}
