#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <tectum/training/compare.hpp>

#include "network.hpp"

using namespace training_test;

namespace {

inline constexpr auto left_only = tt::architecture([] {
  return tt::equations(left = tt::input{tt::features{.width = 5}}, kind = tt::input{tt::category{.classes = 3}},
                       answer = left | tt::linear{12} | tt::relu | tt::linear{3},
                       loss = tt::fuse(tt::cross_entropy{}, answer, kind));
});

constexpr auto with(auto fusion) {
  return tt::architecture([=] {
    return tt::equations(left = tt::input{tt::features{.width = 5}}, right = tt::input{tt::features{.width = 3}},
                         kind = tt::input{tt::category{.classes = 3}}, first = left | tt::linear{8} | tt::relu,
                         second = right | tt::linear{8} | tt::relu,
                         answer = tt::fuse(fusion, first, second) | tt::linear{3},
                         loss = tt::fuse(tt::cross_entropy{}, answer, kind));
  });
}

}  // namespace

TEST_CASE("strategies are compared on the same data and seeds") {
  const samples all(600);
  const auto data = all.data();
  tt::comparison comparison{data.part(0, 300),
                            data.part(300, 100),
                            data.part(400, 200),
                            loss,
                            tt::accuracy{answer, kind},
                            {.seeds = 3, .batch = 32, .epochs = 6, .progress = silent},
                            tt::adamw{.learning_rate = 1e-2}};
  comparison.add<left_only>("left only");
  comparison.add<network>("network");
  comparison.run();
  comparison.add_of<with(tt::concat{})>("concat");
  comparison.run();
  const auto& rows = comparison.rows();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].strategy == "left only");
  CHECK(rows[0].parameters == 6 * 12 + 13 * 3);
  CHECK(rows[0].multiply_adds == 5 * 12 + 12 * 3);
  CHECK(rows[2].parameters == 6 * 8 + 4 * 8 + 17 * 3);
  for (const tt::comparison_row& r : rows) {
    CHECK(r.seeds == 3);
    CHECK(r.accuracies.size() == 3);
    CHECK(r.accuracy > 0.5);
    CHECK(r.accuracy <= 1);
    CHECK(r.train_step_us > 0);
    CHECK(r.inference_us > 0);
    CHECK(r.inference_us < r.train_step_us);
    CHECK(r.workspace_bytes > 0);
  }
  CHECK(rows[1].accuracy > rows[0].accuracy);
  CHECK(comparison.chosen()->strategy != "left only");

  // Again, on one thread: the runs do not depend on one another.
  tt::comparison again{data.part(0, 300),
                       data.part(300, 100),
                       data.part(400, 200),
                       loss,
                       tt::accuracy{answer, kind},
                       {.seeds = 3, .threads = 1, .batch = 32, .epochs = 6, .progress = silent},
                       tt::adamw{.learning_rate = 1e-2}};
  again.add<network>("network");
  again.run();
  CHECK(again.rows()[0].accuracies == rows[1].accuracies);
}

TEST_CASE("a row's deviation is that of a sample; the JSON has the keys") {
  tt::comparison_row a;
  a.strategy = "a \"quoted\" one";
  a.accuracies = {0.5, 0.7, 0.9};
  a.summarise();
  CHECK(a.accuracy == doctest::Approx(0.7));
  CHECK(a.accuracy_std == doctest::Approx(0.2));
  a.validation_accuracies = {0.25, 0.5, 0.75};
  a.summarise();
  CHECK(a.validation_accuracy == doctest::Approx(0.5));
  a.parameters = 7;
  a.workspace_bytes = 1LL << 40;
  tt::comparison_row b = a;
  b.strategy = "b";
  b.accuracies = {0.8};
  b.summarise();
  CHECK(b.accuracy_std == 0);
  const auto json = nlohmann::json::parse(tt::json_of({a, b}));
  REQUIRE(json.size() == 2);
  CHECK(json[0]["strategy"] == a.strategy);
  CHECK(json[0]["accuracy"].get<double>() == doctest::Approx(0.7));
  CHECK(json[0]["accuracy_std"].get<double>() == doctest::Approx(0.2));
  CHECK(json[0]["seeds"] == 3);
  CHECK(json[0]["workspace_bytes"] == 1LL << 40);
  for (const char* key : {"parameters", "multiply_adds", "train_step_us", "inference_us"}) CHECK(json[1].contains(key));
  CHECK(nlohmann::json::parse(tt::json_of({})).empty());
  b.seconds = 2.5;
  CHECK(nlohmann::json::parse(tt::json_line(b))["seconds"] == 2.5);
  CHECK(tt::json_line(b).find('\n') == std::string::npos);

  std::FILE* const file = std::tmpfile();
  tt::print_table({a, b}, file);
  std::rewind(file);
  std::string text;
  for (int c; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
  std::fclose(file);
  CHECK(text.find("\nb ") < text.find("\na "));
  CHECK(text.find("70.00 +- 20.00") != std::string::npos);
}

TEST_CASE("an exception of a run comes out") {
  const samples all(60);
  const std::vector<std::int32_t> too_large(60, 3);
  const auto data =
      tt::dataset(left = tt::tensor(all.left, {60, 5}), right = tt::tensor(all.right, {60, 3}), kind = too_large);
  tt::comparison comparison{data, data, data, loss, tt::accuracy{answer, kind}, {.seeds = 4, .progress = silent}};
  comparison.add<network>("network");
  CHECK_THROWS_AS(comparison.run(), tt::error);
}
