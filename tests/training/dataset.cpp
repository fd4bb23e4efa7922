#include <doctest/doctest.h>

#include <array>
#include <cstdint>

#include "network.hpp"

using namespace training_test;

namespace {

constexpr tt::name<"words"> words;
constexpr tt::name<"mask"> mask_name;
const std::array<tt::index, 3> rows{4, 0, 2};

template <class T>
T element(const tt::source& s, tt::index at) {
  return static_cast<const T*>(s.layout.data)[at];
}

}  // namespace

TEST_CASE("rows are gathered from row- and column-major tensors and from gaps") {
  std::vector<double> row_major(5 * 6), column_major(5 * 6);
  for (tt::index b = 0; b < 5; ++b)
    for (tt::index i = 0; i < 6; ++i) {
      row_major[static_cast<std::size_t>(b * 6 + i)] = static_cast<double>(10 * b + i);
      column_major[static_cast<std::size_t>(i * 5 + b)] = static_cast<double>(10 * b + i);
    }
  auto data =
      tt::dataset(left = tt::tensor(row_major, {5, 2, 3}), right = tt::columns(tt::tensor(column_major, {6, 5})));
  CHECK(data.size() == 5);
  const auto [a, b] = data.batch(rows);
  const tt::source& x = a.source();
  const tt::source& y = b.source();
  CHECK(x.layout.rank == 3);
  CHECK(x.layout.extent[0] == 3);
  CHECK(x.layout.extent[2] == 3);
  CHECK(y.layout.extent[0] == 3);
  CHECK(y.layout.extent[1] == 6);
  CHECK(x.layout.contiguous());
  CHECK(y.layout.contiguous());
  for (tt::index k = 0; k < 3; ++k)
    for (tt::index i = 0; i < 6; ++i) {
      CHECK(element<double>(x, k * 6 + i) == static_cast<double>(10 * rows[static_cast<std::size_t>(k)] + i));
      CHECK(element<double>(y, k * 6 + i) == static_cast<double>(10 * rows[static_cast<std::size_t>(k)] + i));
    }
}

TEST_CASE("lengths, masks, presence and labels go with their rows, whatever their scalar") {
  const std::vector<std::int16_t> ids(5 * 4, 7);
  const std::vector<std::int64_t> lengths{4, 3, 2, 1, 0};
  std::vector<unsigned char> mask(5 * 4), present{1, 0, 1, 0, 1};
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = static_cast<unsigned char>(i);
  const std::vector<std::int32_t> label{9, 8, 7, 6, 5};
  auto data =
      tt::dataset(words = tt::padded(tt::tensor(ids, {5, 4}), lengths),
                  mask_name = tt::optional(tt::masked(tt::tensor(ids, {5, 4}), tt::tensor(mask, {5, 4})), present),
                  kind = label, left = tt::absent);
  const auto [w, m, k, gone] = data.batch(rows);
  CHECK(w.source().lengths);
  CHECK(w.source().tokens.extent[0] == 3);
  CHECK(gone.source().absent);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto at = static_cast<tt::index>(i);
    const auto row = static_cast<std::size_t>(rows[i]);
    CHECK(element<std::int16_t>(w.source(), at * 4) == 7);
    CHECK(static_cast<const std::int64_t*>(w.source().tokens.data)[i] == lengths[row]);
    CHECK(static_cast<const unsigned char*>(m.source().tokens.data)[i * 4 + 3] == row * 4 + 3);
    CHECK(static_cast<const unsigned char*>(m.source().present.data)[i] == present[row]);
    CHECK(element<std::int32_t>(k.source(), at) == label[row]);
  }
}

TEST_CASE("a batch gives what the rows themselves give, also to a copy") {
  const samples all(20);
  auto data = all.data();
  auto copy = data;
  const model m{tt::seed{5}};
  model::workspace_type w(20);
  std::vector<float> whole = m(w, answer, left = tt::tensor(all.left, {20, 5}), right = tt::tensor(all.right, {20, 3}));
  for (auto* d : {&data, &copy}) {
    auto batch = d->batch(rows);
    const auto part = std::apply([&](const auto&... b) { return m(w, answer, b...); }, batch);
    for (tt::index i = 0; i < 3; ++i)
      for (tt::index j = 0; j < 3; ++j)
        CHECK(
            part(i, j) ==
            doctest::Approx(whole[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)] * 3 + j)]).epsilon(1e-5));
  }
}

TEST_CASE("tensors of different numbers of samples are refused") {
  const std::vector<float> x(12);
  const std::vector<int> k(5);
  CHECK_THROWS_WITH_AS(tt::dataset(left = tt::tensor(x, {4, 3}), kind = k),
                       "dataset: kind has 5 samples where the first input has 4", tt::error);
  CHECK_THROWS_AS(tt::dataset(left = tt::absent), tt::error);
}

TEST_CASE("a part is a range of the samples") {
  const std::vector<int> label{0, 1, 2, 3, 4, 5, 6, 7};
  auto data = tt::dataset(kind = label).part(2, 6).part(1, 4);
  CHECK(data.size() == 4);
  const std::array<tt::index, 2> last{3, 0};
  const auto [k] = data.batch(last);
  CHECK(element<int>(k.source(), 0) == 6);
  CHECK(element<int>(k.source(), 1) == 3);
  CHECK_THROWS_AS(data.part(2, 3), tt::error);
}
