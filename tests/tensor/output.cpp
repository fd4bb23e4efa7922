// Results on the way out: views, plain storage, and a user's own type in its own order.
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <tectum/tensor/output.hpp>
#include <vector>

namespace tt = tectum;

namespace {

// [2, 3] with a gap of one after each row.
const float values[] = {1, 2, 3, -1, 4, 5, 6, -1};
const tt::result<float> answer(values, 2, 4, tt::features_of(3));

struct column_matrix {
  tt::index rows = 0, columns = 0;
  std::vector<double> values;
};

}  // namespace

template <>
struct tectum::tensor_traits<column_matrix> {
  using scalar = double;
  static auto layout(const column_matrix& m) noexcept {
    return column_major_layout(m.values.data(), {m.rows, m.columns});
  }
  static auto layout(column_matrix& m) noexcept { return column_major_layout(m.values.data(), {m.rows, m.columns}); }
  static column_matrix make(const index* extents, int rank) {
    index columns = 1;
    for (int i = 1; i < rank; ++i) columns *= extents[i];
    return {extents[0], columns, std::vector<double>(static_cast<std::size_t>(extents[0] * columns))};
  }
};

TEST_CASE("a result is a view with extents") {
  CHECK(answer.data() == values);
  CHECK(answer.rank() == 2);
  CHECK(answer.extent(0) == 2);
  CHECK(answer.extent(1) == 3);
  CHECK(answer.samples() == 2);
  CHECK(answer.width() == 3);
  CHECK(answer.size() == 6);
  CHECK(answer(1, 2) == 6);
  const float loss = 0.5f;
  const tt::result<float> scalar(&loss, 1, 1, tt::scalar_shape());
  CHECK(scalar.rank() == 0);
  CHECK(scalar.value() == 0.5f);
  CHECK(scalar() == 0.5f);
  CHECK(scalar.to<std::vector<float>>() == std::vector<float>{0.5f});
}

TEST_CASE("a result converts to every tensor type that can be made") {
  const std::vector<float> flat = answer;
  CHECK(flat == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(answer.to<std::vector<double>>() == std::vector<double>{1, 2, 3, 4, 5, 6});
  const column_matrix own = answer;
  CHECK(own.rows == 2);
  CHECK(own.values == std::vector<double>{1, 4, 2, 5, 3, 6});
  const tt::result<float> deep(values, 2, 4, tt::sequence_of(2, 2));
  CHECK(deep.to<column_matrix>().values == std::vector<double>{1, 4, 2, 5, 3, 6, -1, -1});
  column_matrix assigned;
  assigned = answer;
  CHECK(assigned.values == own.values);
}

TEST_CASE("a result is written into existing tensors, whatever their order") {
  float rows[2][3] = {};
  answer.copy_to(rows);
  CHECK(rows[1][0] == 4);
  std::array<double, 6> flat{};
  answer.copy_to(flat);
  CHECK(flat == std::array<double, 6>{1, 2, 3, 4, 5, 6});
  column_matrix m{2, 3, std::vector<double>(6)};
  answer.copy_to(m);
  CHECK(m.values == std::vector<double>{1, 4, 2, 5, 3, 6});
  std::vector<float> stored(6);
  answer.copy_to(tt::tensor(stored, {2, 3, 1}));
  CHECK(stored == std::vector<float>{1, 2, 3, 4, 5, 6});
  float pointed[6];
  answer.copy_to(tt::tensor(pointed, {6}));
  CHECK(pointed[5] == 6);
  const tt::result<float> deep(values, 2, 4, tt::sequence_of(2, 2));
  column_matrix joined{2, 4, std::vector<double>(8)};
  deep.copy_to(joined);
  CHECK(joined.values == std::vector<double>{1, 4, 2, 5, 3, 6, -1, -1});
}

TEST_CASE("a destination of other extents is refused") {
  float rows[3][2] = {};
  std::string text;
  try {
    answer.copy_to(rows);
  } catch (const tt::error& e) {
    text = e.what();
  }
  CHECK(text == "result: expected a tensor of [2, 3], got [3, 2]");
  CHECK(rows[0][0] == 0);
  float deep[2][3][2] = {};
  CHECK_THROWS_AS(answer.copy_to(deep), tt::error);
  std::vector<float> few(5);
  CHECK_THROWS_AS(answer.copy_to(few), tt::error);
}
