// Eigen::Tensor, TensorFixedSize, TensorMap and their expressions as tensors.
//
// Samples are the first axis. Eigen's tensors are column-major unless told otherwise: one packing copy; row-major ones
// are read in place. An expression is evaluated once, when it is bound.
#pragma once

#if __has_include(<unsupported/Eigen/CXX11/Tensor>)
#include <tectum/eigen.hpp>
#include <unsupported/Eigen/CXX11/Tensor>

namespace tectum::inline TECTUM_ABI {

namespace boundary {
template <class D>
void takes_eigen_tensor(const Eigen::TensorBase<D, Eigen::ReadOnlyAccessors>*);
template <class X>
concept eigen_tensor = std::is_class_v<X> && requires(const X* x) { boundary::takes_eigen_tensor(x); };
template <class X>
concept eigen_tensor_direct = eigen_tensor<X> && requires(const X& x) {
  x.data();
  x.dimensions();
};
template <class S, class X>
tensor_layout<S> eigen_tensor_layout(X& x) noexcept {
  using traits = Eigen::internal::traits<std::remove_cv_t<X>>;
  constexpr int rank = traits::NumDimensions;
  static_assert(rank <= max_rank, "tectum: a tensor has at most six axes");
  index extents[max_rank] = {};
  const auto& dimensions = x.dimensions();
  [&]<int... I>(std::integer_sequence<int, I...>) {
    ((extents[I] = static_cast<index>(dimensions[I])), ...);
  }(std::make_integer_sequence<int, rank>());
  return int{traits::Layout} == int{Eigen::RowMajor} ? row_major_layout<S>(x.data(), extents, rank)
                                                     : column_major_layout<S>(x.data(), extents, rank);
}
}  // namespace boundary

template <boundary::eigen_tensor_direct X>
struct tensor_traits<X> {
  using scalar = std::remove_cv_t<typename Eigen::internal::traits<X>::Scalar>;
  static tensor_layout<const scalar> layout(const X& x) noexcept {
    return boundary::eigen_tensor_layout<const scalar>(x);
  }
  static auto layout(X& x) noexcept {
    return boundary::eigen_tensor_layout<std::remove_pointer_t<decltype(x.data())>>(x);
  }
  static X make(const index* extents, int rank)
    requires requires(X& x, typename X::Dimensions d) { x.resize(d); }
  {
    constexpr std::size_t own = Eigen::internal::traits<X>::NumDimensions;
    typename X::Dimensions dimensions;
    for (std::size_t i = 0; i < own; ++i) dimensions[i] = 1;
    for (std::size_t i = 0; own > 0 && i < static_cast<std::size_t>(rank); ++i) {
      dimensions[i < own ? i : own - 1] *= static_cast<typename X::Index>(extents[i]);
    }
    return X(dimensions);
  }
};

template <class X>
  requires(boundary::eigen_tensor<X> && !boundary::eigen_tensor_direct<X>)
struct tensor_traits<X> {
  using traits = Eigen::internal::traits<X>;
  using scalar = std::remove_cv_t<typename traits::Scalar>;
  static auto evaluate(const X& x) {
    return Eigen::Tensor<scalar, traits::NumDimensions, traits::Layout, Eigen::DenseIndex>(x);
  }
};

}  // namespace tectum
#endif
