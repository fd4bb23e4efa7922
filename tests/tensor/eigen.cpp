// Eigen's matrices, arrays, maps, refs, blocks and expressions, in and out.
#include <doctest/doctest.h>

#include <tectum/eigen.hpp>

#include "bring.hpp"

namespace tt = tectum;
using bring::bind;
using bring::in;

namespace {

using row_matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
const std::vector<float> one_to_six = {1, 2, 3, 4, 5, 6};

template <class M>
M two_by_three() {
  M m(2, 3);
  m << 1, 2, 3, 4, 5, 6;
  return m;
}

struct counting {
  static inline int calls = 0;
  float operator()(float x) const {
    ++calls;
    return 2 * x;
  }
};

template <class M>
void check_row_major_in_place() {
  const M m = two_by_three<M>();
  const auto got = in<typename M::Scalar>(bind(m), tt::features_of(3));
  CHECK(got.in.data == m.data());
  CHECK_FALSE(got.in.copied);
  CHECK(got.in.samples == 2);
}
template <class M>
void check_column_major_packed() {
  const M m = two_by_three<M>();
  const auto got = in(bind(m), tt::features_of(3));
  CHECK(got.in.copied);
  CHECK(got.values() == one_to_six);
  const auto turned = in<typename M::Scalar>(bind(tt::columns(m)), tt::features_of(2));
  CHECK(turned.in.data == m.data());
  CHECK(turned.in.samples == 3);
  CHECK(turned.values() == std::vector<typename M::Scalar>{1, 4, 2, 5, 3, 6});
}

float values[] = {1, 2, 3, -1, 4, 5, 6, -1};
const tt::result<float> answer(values, 2, 4, tt::features_of(3));

template <class M>
void check_out() {
  const M m = answer;
  CHECK(m.matrix() == two_by_three<M>().matrix());
  M n = M::Zero(2, 3);
  n = answer;
  CHECK(n.matrix() == m.matrix());
  M written = M::Zero(2, 3);
  answer.copy_to(written);
  CHECK(written.matrix() == m.matrix());
}

}  // namespace

TEST_CASE("row-major matrices and arrays are read in place, static and dynamic") {
  check_row_major_in_place<row_matrix>();
  check_row_major_in_place<Eigen::Matrix<float, 2, 3, Eigen::RowMajor>>();
  check_row_major_in_place<Eigen::Array<float, Eigen::Dynamic, 3, Eigen::RowMajor>>();
  check_row_major_in_place<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>();
}

TEST_CASE("column-major ones cost one packing copy, or none as columns") {
  check_column_major_packed<Eigen::MatrixXf>();
  check_column_major_packed<Eigen::Matrix<float, 2, 3>>();
  check_column_major_packed<Eigen::ArrayXXf>();
  check_column_major_packed<Eigen::MatrixXd>();
  check_column_major_packed<Eigen::MatrixXi>();
}

TEST_CASE("maps, refs, blocks and transposes refer to the caller's elements") {
  const Eigen::Map<const row_matrix, 0, Eigen::OuterStride<>> map(values, 2, 3, Eigen::OuterStride<>(4));
  const auto got = in(bind(map), tt::features_of(3));
  CHECK(got.in.data == values);
  CHECK(got.in.stride == 4);
  CHECK(got.values() == one_to_six);
  row_matrix m = row_matrix::Random(6, 5);
  CHECK(in(bind(m.middleRows(2, 3)), tt::features_of(5)).in.data == m.data() + 10);
  CHECK(in(bind(m.block(1, 2, 4, 3)), tt::features_of(3)).in.data == m.data() + 7);
  const Eigen::Ref<const row_matrix> ref = m;
  CHECK(in(bind(ref), tt::features_of(5)).in.data == m.data());
  const Eigen::Ref<Eigen::MatrixXf> other = m.transpose();
  CHECK(in(bind(tt::columns(other)), tt::features_of(5)).in.data == m.data());
  const Eigen::MatrixXf c = Eigen::MatrixXf::Random(4, 7);
  CHECK(in(bind(c.transpose()), tt::features_of(4)).in.data == c.data());
  const Eigen::Map<const row_matrix, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> gaps(
      values, 2, 2, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(4, 2));
  const auto packed = in(bind(gaps), tt::features_of(2));
  CHECK(packed.in.copied);
  CHECK(packed.values() == std::vector<float>{1, 3, 4, 6});
}

TEST_CASE("a vector is one sample, or one value a sample") {
  const Eigen::VectorXf v = Eigen::VectorXf::LinSpaced(4, 0, 3);
  CHECK(in(bind(v), tt::features_of(4)).in.data == v.data());
  CHECK(in(bind(v), tt::features_of(1)).in.samples == 4);
  const Eigen::RowVector3f r(1, 2, 3);
  CHECK(in(bind(r), tt::features_of(3)).in.samples == 1);
  Eigen::VectorXi labels(3);
  labels << 0, 2, 1;
  CHECK(in(bind(labels), tt::shape_of(tt::category{3})).in.ids == labels.data());
  const row_matrix m = two_by_three<row_matrix>();
  CHECK(in(bind(m.col(1)), tt::features_of(2)).values() == std::vector<float>{2, 5});
  CHECK(in(bind(m.row(1)), tt::features_of(3)).in.data == m.data() + 3);
}

TEST_CASE("a lazy expression is evaluated exactly once") {
  const Eigen::MatrixXf m = two_by_three<Eigen::MatrixXf>();
  counting::calls = 0;
  const auto bound = bind(m.unaryExpr(counting()));
  CHECK(counting::calls == 6);
  CHECK(in(bound, tt::features_of(3)).values() == std::vector<float>{2, 4, 6, 8, 10, 12});
  CHECK(counting::calls == 6);
  const auto by_name = m.unaryExpr(counting());
  CHECK(in(bind(tt::columns(by_name)), tt::features_of(2)).in.samples == 3);
  CHECK(counting::calls == 12);
  CHECK(in(bind(m * m.transpose()), tt::features_of(2)).values() == std::vector<float>{14, 32, 32, 77});
  CHECK(in(bind((m + m).row(0)), tt::features_of(3)).values() == std::vector<float>{2, 4, 6});
  const Eigen::Array<bool, Eigen::Dynamic, 1> here = m.col(0).array() > 2;
  const auto some = in(bind(tt::optional(m, here)), tt::shape_of(tt::features{.width = 3, .optional = true}));
  CHECK(some.values() == std::vector<float>{0, 0, 0, 4, 5, 6});
  const auto lazily = bind(tt::optional(m, m.col(0).array() > 2));
  CHECK(in(lazily, tt::shape_of(tt::features{.width = 3, .optional = true})).values() == some.values());
}

TEST_CASE("only elements in C order take other extents") {
  const row_matrix rows = two_by_three<row_matrix>();
  CHECK(in(bind(tt::reshape(rows, {3, 2})), tt::features_of(2)).in.data == rows.data());
  const Eigen::MatrixXf columns = rows;
  CHECK(bring::refuses(tt::reshape(columns, {3, 2}), tt::features_of(2)) ==
        "reshape: expected a contiguous tensor of 6 elements for [3, 2], got [2, 3] with gaps or in another order");
  const auto lazy = bind(tt::reshape((rows + rows).eval(), {1, 6}));
  CHECK(in(lazy, tt::features_of(6)).values() == std::vector<float>{2, 4, 6, 8, 10, 12});
}

TEST_CASE("a temporary matrix is kept by its binding") {
  const auto bound = bind(two_by_three<row_matrix>());
  CHECK(in(bound, tt::features_of(3)).values() == one_to_six);
}

TEST_CASE("results become matrices, and are written into blocks") {
  check_out<Eigen::MatrixXf>();
  check_out<row_matrix>();
  check_out<Eigen::ArrayXXd>();
  check_out<Eigen::Matrix<float, 2, 3>>();
  check_out<Eigen::Matrix<float, 2, Eigen::Dynamic, Eigen::RowMajor>>();
  Eigen::MatrixXf big = Eigen::MatrixXf::Zero(4, 4);
  answer.copy_to(big.block(1, 1, 2, 3));
  CHECK(big.block(1, 1, 2, 3) == two_by_three<Eigen::MatrixXf>());
  CHECK(big.sum() == 21);
  const tt::result<float> column(values, 8, 1, tt::features_of(1));
  const Eigen::VectorXf v = column;
  CHECK(v == Eigen::Map<Eigen::VectorXf>(values, 8));
  CHECK(bring::error_of([] { (void)answer.to<Eigen::Matrix3f>(); }) ==
        "result: expected a matrix of [2, 3], got a fixed one of [3, 3]");
  CHECK(bring::error_of([&] { answer.copy_to(big); }) == "result: expected a tensor of [2, 3], got [4, 4]");
}

TEST_CASE("as_eigen is a view with the result's stride") {
  const auto view = tt::as_eigen(answer);
  CHECK(view.data() == values);
  CHECK(Eigen::MatrixXf(view) == two_by_three<Eigen::MatrixXf>());
}
