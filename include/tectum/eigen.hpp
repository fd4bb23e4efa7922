// Eigen's matrices, arrays, maps, blocks and expressions as tensors; Eigen::Tensor is in <tectum/eigen_tensor.hpp>.
//
// Rows are samples. Eigen is column-major unless told otherwise, so a MatrixXf of [batch, width] costs one packing
// copy; a row-major matrix is read in place, and so is a column-major one of [width, batch] bound as `columns(x)`. A
// vector of n is one sample of n values or n samples of one, whichever the input declares. An expression (a + b, a * w)
// is evaluated once, when it is bound.
#pragma once

#include <Eigen/Core>
#include <tectum/tensor/output.hpp>

namespace tectum::inline TECTUM_ABI {

namespace boundary {
template <class D>
void takes_dense(const Eigen::DenseBase<D>*);
template <class X>
concept eigen_dense = std::is_class_v<X> && requires(const X* x) { boundary::takes_dense(x); };
template <class X>
concept eigen_direct = eigen_dense<X> && (X::Flags & Eigen::DirectAccessBit) != 0;
template <class X>
concept eigen_plain = eigen_dense<X> && std::is_same_v<X, typename X::PlainObject>;

template <class S, class X>
tensor_layout<S> eigen_layout(X& x) noexcept {
  if constexpr (X::IsVectorAtCompileTime) {
    return {x.data(), 1, {x.size()}, {x.innerStride()}};
  } else if constexpr (X::IsRowMajor) {
    return {x.data(), 2, {x.rows(), x.cols()}, {x.outerStride(), x.innerStride()}};
  } else {
    return {x.data(), 2, {x.rows(), x.cols()}, {x.innerStride(), x.outerStride()}};
  }
}
}  // namespace boundary

template <boundary::eigen_direct X>
struct tensor_traits<X> {
  using scalar = typename X::Scalar;
  static tensor_layout<const scalar> layout(const X& x) noexcept { return boundary::eigen_layout<const scalar>(x); }
  static auto layout(X& x) noexcept { return boundary::eigen_layout<std::remove_pointer_t<decltype(x.data())>>(x); }
  static X make(const index* extents, int rank)
    requires boundary::eigen_plain<X>
  {
    index columns = 1;
    for (int i = 1; i < rank; ++i) columns *= extents[i];
    const index rows = rank == 0 ? 1 : extents[0];
    X x;
    if constexpr (X::SizeAtCompileTime != Eigen::Dynamic) {
      if (X::IsVectorAtCompileTime ? x.size() != rows * columns : x.rows() != rows || x.cols() != columns) {
        const index own[2] = {x.rows(), x.cols()};
        message text("result: expected a matrix of [");
        text.append(rows).append(", ").append(columns).append("], got a fixed one of ").append_extents(own, 2);
        fail(error_kind::shape, text);
      }
    } else if constexpr (X::IsVectorAtCompileTime) {
      x.resize(rows * columns);
    } else {
      x.resize(rows, columns);
    }
    return x;
  }
};

template <class X>
  requires(boundary::eigen_dense<X> && !boundary::eigen_direct<X>)
struct tensor_traits<X> {
  using scalar = typename X::Scalar;
  static typename X::PlainObject evaluate(const X& x) { return x; }
};

// A result as a matrix of one row a sample, in place.
template <class T>
auto as_eigen(const result<T>& r) {
  using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const matrix, 0, Eigen::OuterStride<>>(r.data(), r.samples(), r.width(),
                                                           Eigen::OuterStride<>(r.rank() == 0 ? 1 : r.stride(0)));
}

}  // namespace tectum

// Eigen::Tensor is dear to include: its adapter comes along only where the program already has it.
#if defined(EIGEN_CXX11_TENSOR_TENSOR_H)
#include <tectum/eigen_tensor.hpp>
#endif
