// Multiplicative interactions, as expressions.
#pragma once

#include <tectum/operators/fusion/bilinear.hpp>
#include <tectum/operators/fusion/contract.hpp>
#include <tectum/operators/fusion/product.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/layers/expand.hpp>
#include <tectum/operators/layers/flatten.hpp>
#include <tectum/operators/layers/linear.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x0ᵀ W x1 + U x0 + V x1 + b (Jayakumar et al. 2020): a linear layer on tt::tensor_fusion of two vectors, its
// weight in parts. Where one is absent its terms are left out.
//   features: width of the result.   [n0], [n1] -> [features]
// Parameters: bilinear.weight (W), bilinear.bias (b), linear.weight (U), linear_2.weight (V).
template <part A, part B>
constexpr auto multiplicative_interaction(int features, const A& a, const B& b) {
  return fuse(sum{}, fuse(bilinear{features}, a, b), a | linear{features, false}, b | linear{features, false});
}

// y = (W x0 + v) * x1 + (U x0 + b), element by element: the interaction with a diagonal W, one vector scaling and
// shifting the other (Jayakumar et al. 2020). Where x0 is absent y is x1; an absent x1 counts as 1.
//   width: that of x1.   [n0], [width] -> [width]
// Parameters: linear (W and v), linear_2 (U and b).
template <part A, part B>
constexpr auto multiplicative_vector(int width, const A& a, const B& b) {
  return fuse(sum{}, fuse(product{}, a | linear{width}, b), a | linear{width});
}

// y = (w x0 + v) x1 + (u x0 + b), one scale and one shift a sample (Jayakumar et al. 2020). Where x0 is absent y is x1;
// an absent x1 counts as 1.
//   width: that of x1.   [n0], [width] -> [width]
// Parameters: linear (w and v), linear_2 (u and b).
template <part A, part B>
constexpr auto multiplicative_scalar(int width, const A& a, const B& b) {
  return fuse(sum{}, fuse(product{}, a | linear{1} | expand{width}, b), a | linear{1} | expand{width});
}

// y = x2 A(x0, x1) + B(x0, x1), where A, a matrix, and B are multiplicative interactions of the first two modalities
// (Jayakumar et al. 2020; the three-modal form of Liang et al. 2021). Where x2 is absent B is left.
//   width: that of x2; features: width of the result.   [n0], [n1], [width] -> [features]
// Parameters: those of A, bilinear, linear and linear_2, then those of B, bilinear_2, linear_3 and linear_4.
template <part A, part B, part D>
constexpr auto multiplicative_triple(int width, int features, const A& a, const B& b, const D& x2) {
  return fuse(sum{}, fuse(contract, x2, multiplicative_interaction(width * features, a, b) | as_sequence{width}),
              multiplicative_interaction(features, a, b));
}

}  // namespace tectum
