// xtensor's containers, adaptors, views and expressions as tensors.
//
// Samples are the first axis. Row-major tensors are read in place, column-major ones cost one packing copy, and so do
// views with gaps inside a sample. An expression (a + b, a comparison) is evaluated once, when it is bound.
// clang 19 needs -fno-relaxed-template-template-args to compile xtensor 0.24 itself.
#pragma once

// Debian's xtensor 0.24 has its headers in one folder, later ones in several.
#if __has_include(<xtensor/containers/xtensor.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xfixed.hpp>
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xfixed.hpp>
#include <xtensor/xtensor.hpp>
#endif

#include <tectum/tensor/output.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

namespace boundary {
template <class D>
void takes_xexpression(const xt::xexpression<D>*);
template <class X>
concept xtensor_expression = std::is_class_v<X> && requires(const X* x) { boundary::takes_xexpression(x); };
template <class X>
concept xtensor_direct = xtensor_expression<X> && xt::has_data_interface<X>::value && xt::has_strides<X>::value;
template <class X>
concept xtensor_static_rank = requires { std::tuple_size<typename X::shape_type>::value; };

template <class Shape>
inline constexpr bool xtensor_fixed_shape = false;
template <std::size_t... N>
inline constexpr bool xtensor_fixed_shape<xt::fixed_shape<N...>> = true;
// Owning containers; adaptors and views cannot be made from nothing.
template <class X>
concept xtensor_container = xtensor_direct<X> && std::is_default_constructible_v<X> &&
                            requires(X& x, std::vector<std::size_t> shape) { x.resize(shape); };

// The extents of a result in as many axes as X has: trailing ones joined, or axes of 1 added.
template <class X>
std::vector<std::size_t> xtensor_shape(const index* extents, int rank) {
  auto own = static_cast<std::size_t>(rank);
  if constexpr (xtensor_static_rank<X>) own = std::tuple_size<typename X::shape_type>::value;
  std::vector<std::size_t> shape(own, 1);
  for (int i = 0; i < rank && own > 0; ++i) {
    const auto axis = static_cast<std::size_t>(i);
    shape[axis < own ? axis : own - 1] *= static_cast<std::size_t>(extents[i]);
  }
  return shape;
}

template <class S, class X>
tensor_layout<S> xtensor_layout(X& x) {
  const auto rank = x.dimension();
  if (rank > static_cast<std::size_t>(max_rank)) fail(error_kind::shape, "xtensor: a tensor has at most six axes");
  tensor_layout<S> layout{x.data() + static_cast<index>(x.data_offset()), static_cast<int>(rank), {}, {}};
  for (std::size_t i = 0; i < rank; ++i) {
    layout.extent[i] = static_cast<index>(x.shape()[i]);
    layout.stride[i] = static_cast<index>(x.strides()[i]);
  }
  return layout;
}
}  // namespace boundary

template <boundary::xtensor_direct X>
struct tensor_traits<X> {
  using scalar = std::remove_cv_t<typename X::value_type>;
  static tensor_layout<const scalar> layout(const X& x) { return boundary::xtensor_layout<const scalar>(x); }
  static auto layout(X& x) { return boundary::xtensor_layout<std::remove_pointer_t<decltype(x.data())>>(x); }
  static X make(const index* extents, int rank)
    requires boundary::xtensor_container<X>
  {
    const auto shape = boundary::xtensor_shape<X>(extents, rank);
    X x;
    if constexpr (boundary::xtensor_fixed_shape<typename X::shape_type>) {
      for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == x.shape()[i]) continue;
        const auto own = layout(std::as_const(x));
        message text("result: expected a tensor of ");
        text.append_extents(extents, rank).append(", got a fixed one of ").append_extents(own.extent, own.rank);
        fail(error_kind::shape, text);
      }
    } else {
      x.resize(shape);
    }
    return x;
  }
};

template <class X>
  requires(boundary::xtensor_expression<X> && !boundary::xtensor_direct<X>)
struct tensor_traits<X> {
  using scalar = std::remove_cv_t<typename X::value_type>;
  static auto evaluate(const X& x) {
    if constexpr (boundary::xtensor_static_rank<X>)
      return xt::xtensor<scalar, std::tuple_size<typename X::shape_type>::value>(x);
    else return xt::xarray<scalar>(x);
  }
};

// A result as an xtensor expression on its own elements, in place.
template <class T>
auto as_xtensor(const result<T>& r) {
  std::vector<std::size_t> shape(static_cast<std::size_t>(r.rank()));
  std::vector<std::ptrdiff_t> strides(shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const int axis = static_cast<int>(i);
    shape[i] = static_cast<std::size_t>(r.extent(axis));
    strides[i] = r.extent(axis) == 1 ? 0 : r.stride(axis);
  }
  return xt::adapt(r.data(), static_cast<std::size_t>(r.size()), xt::no_ownership(), shape, strides);
}

}  // namespace tectum
