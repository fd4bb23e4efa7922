// Concatenation and layers behind it.
#pragma once

#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/linear.hpp>

namespace tectum::inline TECTUM_ABI {

namespace detail {

template <auto Activation, auto Dropout, int Left, class X>
constexpr auto further_layers(const X& x, const int* widths) {
  if constexpr (Left == 0) return x;
  else return further_layers<Activation, Dropout, Left - 1>(x | Activation | Dropout | linear{*widths}, widths + 1);
}

}  // namespace detail

// The modalities side by side through layers of these widths, the last of which is the result's (Ben-Younes et al. 2019
// compare with it). Behind all layers but the last stand the activation (relu) and dropout (none), template arguments:
// tt::concat_mlp<tt::tanh, tt::dropout{0.2}>({500, 500, 10}, image, text). An absent modality is zeros.
//   [n0], [n1], ... -> [last of widths]; sequences of one length likewise, token by token
// Parameters: linear, linear_2, ..., one for each width.
template <auto Activation = relu, auto Dropout = here, int N, part... P>
constexpr auto concat_mlp(const int (&widths)[N], const P&... x) {
  return detail::further_layers<Activation, Dropout, N - 1>(fuse(concat{}, x...) | linear{widths[0]}, widths + 1);
}

}  // namespace tectum
