// Gated linear units: one half of an axis, gated by the other.
#pragma once

#include <tectum/operators/layers/axis.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

namespace detail {

// The two halves along an axis as matrices: a row for each block.
template <class T>
struct halves {
  matrix<T> a, b;
  halves(const view<T>& x, const axis_layout& at) noexcept {
    const index half = at.block() / 2;
    a = {x.data, x.samples * at.outer, half, at.outer == 1 ? x.stride : at.block()};
    b = {x.data + half, a.rows, half, a.stride};
  }
};

// What all of them share; `Act` is the gate's activation.
template <activation Act>
struct gated_operator {
  int axis = -1;

  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids())
      return wrong("gated linear unit: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0 || !has_axis(x, axis))
      return wrong("gated linear unit: a sample does not have that axis", axis, x.rank);
    const axis_layout at = along(x, axis);
    if (at.steps % 2 != 0) return wrong("gated linear unit: the axis must have an even size", at.steps);
    if (at.of_tokens && x.padded)
      return wrong("gated linear unit: the tokens of a padded sequence cannot be halved; take another axis");
    x.extent[axis_of(x, axis)] /= 2;
    return x;
  }
  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    const axis_layout at = along(x.shape(), axis);
    const halves from(x, at);
    C::kernels::map(wide_rows(y, at.block() / 2), [](auto a, auto b) { return a * activate(Act, b); }, from.a, from.b);
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (!dx) return;
    const axis_layout at = along(x.shape(), axis);
    const halves from(x, at);
    const halves to(dx, at);
    each_valid_wide_rows(x, at.block(), [&](index first, index count) {
      const auto a = rows_of(from.a, first, count), b = rows_of(from.b, first, count),
                 d = rows_of(wide_rows(dy, at.block() / 2), first, count);
      C::kernels::map_add(
          rows_of(to.a, first, count), [](auto upper, auto v) { return upper * activate(Act, v); }, d, b);
      C::kernels::map_add(
          rows_of(to.b, first, count),
          [](auto upper, auto u, auto v) { return upper * u * activation_gradient_from_input(Act, v); }, d, a, b);
    });
  }
};

}  // namespace detail

// y = a sigmoid(b) of the two halves [a, b] of one axis (Dauphin et al. 2017).
//   axis (-1): of a sample, counted from the front or, below 0, from the end; its size is even and halves; tt::glu(1)
//   is that of axis 1.   [..., 2 n, ...] -> [..., n, ...]
// Each token is by itself; the tokens of a padded sequence cannot be halved.
inline constexpr struct glu_operator : detail::gated_operator<activation::sigmoid> {
  static constexpr const char* name = "glu";
  constexpr glu_operator operator()(int along) const { return {{along}}; }
} glu;

// y = a gelu(b) of the two halves [a, b] of one axis (Shazeer 2020).
//   axis (-1): of a sample, counted from the front or, below 0, from the end; its size is even and halves; tt::geglu(1)
//   is that of axis 1.   [..., 2 n, ...] -> [..., n, ...]
// Each token is by itself; the tokens of a padded sequence cannot be halved.
inline constexpr struct geglu_operator : detail::gated_operator<activation::gelu> {
  static constexpr const char* name = "geglu";
  constexpr geglu_operator operator()(int along) const { return {{along}}; }
} geglu;

// y = a relu(b) of the two halves [a, b] of one axis (Shazeer 2020).
//   axis (-1): of a sample, counted from the front or, below 0, from the end; its size is even and halves; tt::reglu(1)
//   is that of axis 1.   [..., 2 n, ...] -> [..., n, ...]
// Each token is by itself; the tokens of a padded sequence cannot be halved.
inline constexpr struct reglu_operator : detail::gated_operator<activation::relu> {
  static constexpr const char* name = "reglu";
  constexpr reglu_operator operator()(int along) const { return {{along}}; }
} reglu;

// y = a silu(b) of the two halves [a, b] of one axis (Shazeer 2020).
//   axis (-1): of a sample, counted from the front or, below 0, from the end; its size is even and halves;
//   tt::swiglu(1) is that of axis 1.   [..., 2 n, ...] -> [..., n, ...]
// Each token is by itself; the tokens of a padded sequence cannot be halved.
inline constexpr struct swiglu_operator : detail::gated_operator<activation::silu> {
  static constexpr const char* name = "swiglu";
  constexpr swiglu_operator operator()(int along) const { return {{along}}; }
} swiglu;

}  // namespace tectum
