// tensor_traits: the one place where a tensor type is made known; contiguous containers and C arrays are built in.
#pragma once

#include <concepts>
#include <tectum/tensor/error.hpp>
#include <tectum/tensor/layout.hpp>
#include <utility>

namespace tectum::inline TECTUM_ABI {

// The scalars that come in; all are converted to the model's scalar, or to 32-bit ids.
enum class scalar_type : unsigned char {
  boolean,
  uint8,
  int16,
  int32,
  uint32,
  int64,
  uint64,
  float32,
  float64,
  unknown
};

constexpr const char* name_of(scalar_type t) {
  constexpr const char* names[] = {"bool",  "uint8",  "int16",   "int32",   "uint32",
                                   "int64", "uint64", "float32", "float64", "unknown"};
  return names[static_cast<int>(t)];
}
constexpr index size_of(scalar_type t) {
  constexpr index sizes[] = {1, 1, 2, 4, 4, 8, 8, 4, 8, 1};
  return sizes[static_cast<int>(t)];
}
constexpr bool is_integer(scalar_type t) { return t <= scalar_type::uint64; }

template <class S>
consteval scalar_type scalar_type_of() {
  if constexpr (std::is_same_v<S, bool>) return scalar_type::boolean;
  if constexpr (std::is_same_v<S, unsigned char>) return scalar_type::uint8;
  if constexpr (std::is_same_v<S, float>) return scalar_type::float32;
  if constexpr (std::is_same_v<S, double>) return scalar_type::float64;
  if constexpr (std::is_integral_v<S>) {
    if constexpr (sizeof(S) == 2 && std::is_signed_v<S>) return scalar_type::int16;
    if constexpr (sizeof(S) == 4) return std::is_signed_v<S> ? scalar_type::int32 : scalar_type::uint32;
    if constexpr (sizeof(S) == 8) return std::is_signed_v<S> ? scalar_type::int64 : scalar_type::uint64;
  }
  return scalar_type::unknown;
}
template <class S>
concept known_scalar = scalar_type_of<S>() != scalar_type::unknown;

namespace boundary {

// Contiguous containers of one axis: std::vector, std::array, spans. Whatever has extents of its own must not be taken
// for one (an Eigen matrix also has data() and size()), so its usual spellings rule it out.
template <class X>
concept has_extents = requires(const X& x) { x.rows(); } || requires(const X& x) { x.shape(); } ||
                      requires(const X& x) { x.dimensions(); } || requires(const X& x) { x.strides(); } ||
                      requires(const X& x) { x.extents(); } || requires(const X& x) { x.sizes(); };
template <class X>
concept contiguous_container = std::is_class_v<X> && !has_extents<X> && requires(const X& x) {
  requires std::is_pointer_v<decltype(x.data())>;
  requires known_scalar<std::remove_cvref_t<decltype(*x.data())>>;
  { x.size() } -> std::integral;
};

template <class X>
struct container_traits {};

template <contiguous_container X>
struct container_traits<X> {
  using scalar = std::remove_cvref_t<decltype(*std::declval<const X&>().data())>;
  static tensor_layout<const scalar> layout(const X& x) noexcept {
    return row_major_layout<const scalar>(x.data(), {x.size()});
  }
  static auto layout(X& x) noexcept { return row_major_layout(x.data(), {x.size()}); }
  static X make(const index* extents, int rank)
    requires requires(X& x) { x.resize(x.size()); }
  {
    std::size_t size = 1;
    for (int i = 0; i < rank; ++i) size *= static_cast<std::size_t>(extents[i]);
    X x;
    x.resize(size);
    return x;
  }
};

}  // namespace boundary

// Specialise it for your own tensor type X:
//
//   template <> struct tectum::tensor_traits<grid> {
//     using scalar = float;
//     static auto layout(const grid& g) noexcept { return tectum::row_major_layout(g.values(), {g.n, g.d}); }  // in
//     static auto layout(grid& g) noexcept { return tectum::row_major_layout(g.values(), {g.n, g.d}); }        //
//     copy_to static grid make(const tectum::index* extents, int rank);                                              //
//     a result
//   };
//
// `layout` gives a tensor_layout, samples on the first axis; `make` an owning tensor whose extents may merge the
// trailing ones asked for. A lazy type gives `static auto evaluate(const X&)`, which returns an owning tensor, instead.
template <class X>
struct tensor_traits : boundary::container_traits<X> {};

template <class T, std::size_t N>
struct tensor_traits<T[N]> {
  using scalar = std::remove_cv_t<std::remove_all_extents_t<T>>;
  static_assert(std::rank_v<T[N]> <= max_rank, "tectum: a tensor has at most six axes");
  template <class X>
  static auto layout(X& x) noexcept {
    using element = std::remove_all_extents_t<X>;
    index extents[max_rank];
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((extents[I] = static_cast<index>(std::extent_v<X, static_cast<unsigned>(I)>)), ...);
    }(std::make_index_sequence<std::rank_v<X>>());
    return row_major_layout(first<element>(x), extents, static_cast<int>(std::rank_v<X>));
  }

 private:
  template <class Element, class X>
  static Element* first(X& x) noexcept {
    if constexpr (std::is_array_v<X>) return first<Element>(x[0]);
    else return &x;
  }
};

template <class X>
using scalar_of = typename tensor_traits<std::remove_cvref_t<X>>::scalar;

// Types whose elements do not exist before they are asked for; evaluated once, when they are bound.
template <class X>
concept lazy_tensor = requires(const X& x) { tensor_traits<X>::evaluate(x); };
// Types whose elements lie in memory.
template <class X>
concept stored_tensor = requires(const X& x) {
  typename tensor_traits<X>::scalar;
  tensor_traits<X>::layout(x).extent;
};
// Everything that can be bound to an input.
template <class X>
concept tensor_like = lazy_tensor<std::remove_cvref_t<X>> || stored_tensor<std::remove_cvref_t<X>>;
// Types a result can be turned into.
template <class X>
concept makeable_tensor = std::is_same_v<X, std::remove_cvref_t<X>> && requires(const index* extents, int rank) {
  { tensor_traits<X>::make(extents, rank) } -> std::same_as<X>;
};
// Types a result can be written into.
template <class X>
concept writable_tensor = requires(X& x) {
  tensor_traits<std::remove_cv_t<X>>::layout(x).extent;
  requires !std::is_const_v<std::remove_pointer_t<decltype(tensor_traits<std::remove_cv_t<X>>::layout(x).data)>>;
};

}  // namespace tectum
