// Eigen::Tensor and TensorMap, row- and column-major, in and out.
#include <doctest/doctest.h>

#include <tectum/eigen_tensor.hpp>

#include "bring.hpp"

namespace tt = tectum;
using bring::bind;
using bring::in;

namespace {
template <int Layout>
Eigen::Tensor<float, 3, Layout> counted() {
  Eigen::Tensor<float, 3, Layout> t(2, 3, 2);
  for (int b = 0; b < 2; ++b)
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 2; ++j) t(b, i, j) = static_cast<float>(6 * b + 2 * i + j);
  return t;
}
const std::vector<float> zero_to_eleven = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
}  // namespace

TEST_CASE("row-major tensors are read in place, column-major ones packed") {
  const auto rows = counted<Eigen::RowMajor>();
  CHECK(in(bind(rows), tt::sequence_of(3, 2)).in.data == rows.data());
  const auto columns = counted<Eigen::ColMajor>();
  const auto packed = in(bind(columns), tt::sequence_of(3, 2));
  CHECK(packed.in.copied);
  CHECK(packed.values() == zero_to_eleven);
  const Eigen::TensorMap<const Eigen::Tensor<float, 2, Eigen::RowMajor>> map(rows.data(), 4, 3);
  CHECK(in(bind(map), tt::features_of(3)).in.data == rows.data());
  const Eigen::TensorFixedSize<float, Eigen::Sizes<2, 2>, Eigen::RowMajor> fixed = rows.chip(0, 1);
  CHECK(in(bind(fixed), tt::features_of(2)).values() == std::vector<float>{0, 1, 6, 7});
}

TEST_CASE("tensor expressions are evaluated once") {
  const auto rows = counted<Eigen::RowMajor>();
  static int calls;
  calls = 0;
  const auto twice = [](float x) {
    ++calls;
    return 2 * x;
  };
  const auto bound = bind(rows.unaryExpr(twice));
  CHECK(calls == 12);
  CHECK(in(bound, tt::sequence_of(3, 2)).values()[11] == 22);
  CHECK(calls == 12);
}

TEST_CASE("results become tensors of either order") {
  const tt::result<float> answer(zero_to_eleven.data(), 2, 6, tt::sequence_of(3, 2));
  const Eigen::Tensor<float, 3> columns = answer;
  CHECK(columns(1, 2, 0) == 10);
  const Eigen::Tensor<double, 3, Eigen::RowMajor> rows = answer;
  CHECK(rows(1, 0, 1) == 7);
  const Eigen::Tensor<float, 2> joined = answer;
  CHECK(joined.dimension(1) == 6);
  CHECK(joined(1, 5) == 11);
  std::vector<float> stored(12);
  Eigen::TensorMap<Eigen::Tensor<float, 3, Eigen::RowMajor>> map(stored.data(), 2, 3, 2);
  answer.copy_to(map);
  CHECK(stored == zero_to_eleven);
}
