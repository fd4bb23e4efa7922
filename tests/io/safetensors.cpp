#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <tectum/io/safetensors.hpp>

#include "support.hpp"

using namespace io_test;

namespace {

using names = std::vector<std::string>;

std::string path_of(const char* title) { return (folder() / title).string(); }

// One float32 tensor "w" [2, 3] of 1..6, one float64 "b" [3].
std::string small_model(const char* title) {
  const std::vector<float> w = {1, 2, 3, 4, 5, 6};
  const std::vector<double> b = {0.5, -0.25, 1e-300};
  const std::string path = path_of(title);
  const std::vector<tt::tensor_to_write> tensors = {{"w", {2, 3}, std::span(w)}, {"b", {3}, std::span(b)}};
  tt::write_safetensors(path, tensors, {{"format", "tt"}, {"note", "a \"quoted\"\nline \xc3\xa9"}});
  return path;
}

}  // namespace

TEST_CASE("safetensors: what is written is read, with its metadata") {
  const std::string path = small_model("round.safetensors");
  std::vector<float> w;
  std::vector<double> b;
  const std::vector<tt::expected_tensor> expected = {
      {"w", {2, 3}, [&](std::span<const float> x) { w.assign(x.begin(), x.end()); }},
      {"b", {3}, [&](std::span<const double> x) { b.assign(x.begin(), x.end()); }}};
  const auto metadata = tt::read_safetensors(path, expected);
  CHECK(w == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(b == std::vector<double>{0.5, -0.25, 1e-300});
  CHECK(metadata.at("note") == "a \"quoted\"\nline \xc3\xa9");
  CHECK(metadata.size() == 2);

  const std::string content = content_of(path);
  CHECK(static_cast<unsigned char>(content[0]) % 8 == 0);
  const auto listed = tt::list_safetensors(path);
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].name == "b");  // the wider elements first
  CHECK(listed[0].type == tt::stored_type::f64);
  CHECK(listed[1].begin == 24);
  CHECK(listed[1].extents == std::vector<std::int64_t>{2, 3});
}

TEST_CASE("safetensors: a function as source, scalars, empty tensors, integers; read by name") {
  const std::string path = path_of("kinds.safetensors");
  const std::vector<std::int64_t> ids = {1, -2};
  const std::vector<std::uint8_t> bytes = {3};
  const std::vector<float> none;
  const std::vector<tt::tensor_to_write> tensors = {
      {"filled", {2, 2}, [](std::span<float> out) { std::iota(out.begin(), out.end(), 1.0f); }},
      {"ids", {2}, std::span(ids)},
      {"byte", {}, std::span(bytes)},
      {"empty", {0, 4}, std::span(none)}};
  tt::write_safetensors(path, tensors);
  const tt::safetensors_file file(path);
  CHECK(file.read<double>("filled").data == std::vector<double>{1, 2, 3, 4});
  CHECK(file.read<std::int32_t>("ids").data == std::vector<std::int32_t>{1, -2});
  CHECK(file.read<float>("byte").extents.empty());
  CHECK(file.read<float>("empty").data.empty());
  CHECK(file.contains("ids"));
  CHECK_THROWS_WITH(
      file.read<std::uint8_t>("ids"),
      (path + ": tensor 'ids', element 1: expected a value that fits uint8, given int64 that does not").c_str());
  CHECK_THROWS_WITH(file.read<float>("idz"),
                    (path + ": tensor 'idz': expected a tensor of that name, given none").c_str());
}

TEST_CASE("safetensors: half precision into float and double") {
  const std::string header =
      R"({"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"g":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]}})";
  const bytes content =
      bytes().little(header.size(), 8).add(header).little(0x3c00, 2).little(0xc000, 2).little(0x3fc0, 2);
  std::vector<float> h;
  std::vector<double> g;
  const std::vector<tt::expected_tensor> expected = {
      {"h", {2}, [&](std::span<const float> x) { h.assign(x.begin(), x.end()); }},
      {"g", {1}, [&](std::span<const double> x) { g.assign(x.begin(), x.end()); }}};
  tt::read_safetensors(content.span(), "memory", expected);
  CHECK(h == std::vector<float>{1, -2});
  CHECK(g == std::vector<double>{1.5});
}

TEST_CASE("safetensors: float64 into float only when asked, and never past its range") {
  const std::string path = small_model("narrow.safetensors");
  int called = 0;
  const std::vector<tt::expected_tensor> expected = {{"w", {2, 3}, [&](std::span<const float>) { ++called; }},
                                                     {"b", {3}, [&](std::span<const float>) { ++called; }}};
  CHECK_THROWS_WITH(tt::read_safetensors(path, expected),
                    (path + ": tensor 'b': expected at most 32 bits, or the option narrow, given float64").c_str());
  CHECK(called == 0);
  tt::read_safetensors(path, expected, {.narrow = true});
  CHECK(called == 2);

  const std::vector<float> w(6);
  const std::vector<double> large = {1, 1e300, 2};
  const std::vector<tt::tensor_to_write> tensors = {{"w", {2, 3}, std::span(w)}, {"b", {3}, std::span(large)}};
  tt::write_safetensors(path, tensors);
  CHECK_THROWS_WITH(
      tt::read_safetensors(path, expected, {.narrow = true}),
      (path + ": tensor 'b', element 1: expected a value that fits float32, given float64 that does not").c_str());
  CHECK(called == 2);
}

TEST_CASE("safetensors: one error lists the missing, the unknown, the wrongly shaped and the wrongly typed") {
  const std::string path = path_of("wrong.safetensors");
  const std::vector<float> six(6);
  const std::vector<std::int32_t> whole(6);
  const std::vector<tt::tensor_to_write> given = {{"encoder.weight", {3, 2}, std::span(six)},
                                                  {"encoder.bais", {6}, std::span(six)},
                                                  {"zzz", {6}, std::span(six)},
                                                  {"ids", {6}, std::span(whole)}};
  tt::write_safetensors(path, given);
  int called = 0;
  const auto sink = [&](std::span<const float>) { ++called; };
  const std::vector<tt::expected_tensor> expected = {
      {"encoder.weight", {2, 3}, sink}, {"encoder.bias", {6}, sink}, {"ids", {6}, sink}};
  std::string said;
  try {
    tt::read_safetensors(path, expected);
  } catch (const tt::file_error& e) {
    said = e.what();
    CHECK(e.problems().size() == 5);
    CHECK(e.file() == path);
  }
  CHECK(said ==
        path +
            ": 5 problems:"
            "\n  tensor 'encoder.weight': expected [2, 3], given float32 [3, 2]"
            "\n  tensor 'ids': expected floating point of at most 32 bits, given int32"
            "\n  tensor 'encoder.bias': expected [6], given none (nearest name in the file: 'encoder.bais')"
            "\n  tensor 'encoder.bais': expected no such tensor (nearest name in the model: 'encoder.bias'), given "
            "float32 [6]"
            "\n  tensor 'zzz': expected no such tensor, given float32 [6]");
  CHECK(called == 0);
}

TEST_CASE("safetensors: what cannot be written") {
  const std::vector<float> six(6);
  const std::string path = file_of("old", "kept.safetensors");
  const auto write = [&](std::vector<tt::tensor_to_write> tensors, std::map<std::string, std::string> metadata = {}) {
    tt::write_safetensors(path, tensors, metadata);
  };
  CHECK_THROWS_AS(write({{"a", {6}, std::span(six)}, {"a", {6}, std::span(six)}}), tt::file_error);
  CHECK_THROWS_AS(write({{"a", {7}, std::span(six)}}), tt::file_error);
  CHECK_THROWS_AS(write({{"a", {-6}, std::span(six)}}), tt::file_error);
  CHECK_THROWS_AS(write({{"\xff", {6}, std::span(six)}}), tt::file_error);
  CHECK_THROWS_AS(write({{"__metadata__", {6}, std::span(six)}}), tt::file_error);
  CHECK_THROWS_AS(write({}, {{"k", "\xff"}}), tt::file_error);
  CHECK(content_of(path) == "old");
  write({});
  CHECK(tt::list_safetensors(path).empty());
}

TEST_CASE("edit distance and its budget") {
  std::uint64_t budget = 1000;
  CHECK(tt::io_detail::edit_distance("kitten", "sitting", budget) == 3);
  CHECK(tt::io_detail::edit_distance("", "abc", budget) == 3);
  CHECK(tt::io_detail::edit_distance("same", "same", budget) == 0);
  CHECK(budget < 1000);
  budget = 3;
  CHECK(tt::io_detail::edit_distance("kitten", "sitting", budget) == -1);
}
