// Arguments of kernels: a batch of matrices with any strides, and the read-only forms of the views.
#pragma once

#include <tectum/tensor/view.hpp>

namespace tectum::inline TECTUM_ABI {

// `count` matrices: element (r, c) of matrix b lies at data + b * batch + r * row + c * column; strides in elements.
template <class T>
struct strided {
  T* data = nullptr;
  index batch = 0, row = 0, column = 1;

  constexpr T& operator()(index b, index r, index c) const { return data[b * batch + r * row + c * column]; }
  constexpr operator strided<const T>() const
    requires(!std::is_const_v<T>)
  {
    return {data, batch, row, column};
  }
};

// Inputs of a kernel: T is deduced from its outputs, so a writable view passes for a read-only one.
template <class T>
using const_matrix = std::type_identity_t<matrix<const T>>;
template <class T>
using const_packed = std::type_identity_t<packed<const T>>;
template <class T>
using const_strided = std::type_identity_t<strided<const T>>;
// Pointers that may be null: nullptr passes without a cast.
template <class T>
using maybe = std::type_identity_t<T*>;

}  // namespace tectum
