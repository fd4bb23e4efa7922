// Networks and numbers that the tests of the model share.
#pragma once

#include <tectum/model/model.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/losses/cross_entropy.hpp>
#include <vector>

namespace tt = tectum;

// Two modalities with an encoder each, late fusion, a classifier and two more results.
namespace two {
inline constexpr tt::name<"a"> a;
inline constexpr tt::name<"b"> b;
inline constexpr tt::name<"label"> label;
inline constexpr tt::name<"left"> left;
inline constexpr tt::name<"joint"> joint;
inline constexpr tt::name<"scores"> scores;
inline constexpr tt::name<"side"> side;
inline constexpr tt::name<"loss"> loss;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(
      a = tt::input{tt::features{5}}, b = tt::input{tt::features{7}}, label = tt::input{tt::category{3}},
      left = a | tt::linear{8} | tt::tanh, joint = tt::fuse(tt::concat{}, left, b | tt::linear{6} | tt::gelu, a),
      scores = joint | tt::linear{16} | tt::silu | tt::linear{3}, side = left | tt::linear{2} | tt::relu,
      loss = tt::fuse(tt::cross_entropy{.label_smoothing = 0.1f}, scores, label));
});

inline constexpr int samples = 6;
// Numbers in (-1, 1) without a pattern that a layer could share.
template <class T>
struct numbers {
  T a[samples][5], b[samples][7];
  std::vector<int> label{0, 2, 1, 1, 0, 2};
  numbers() {
    unsigned state = 12345;
    const auto next = [&] {
      state = state * 1664525u + 1013904223u;
      return static_cast<T>(static_cast<int>(state >> 16) % 1000) / T(1000) * T(2) - T(1);
    };
    for (auto& row : a)
      for (T& x : row) x = next();
    for (auto& row : b)
      for (T& x : row) x = next();
  }
};
}  // namespace two

// The values of a result, one sample after the other.
template <class T>
std::vector<T> values_of(const tt::result<T>& r) {
  std::vector<T> all;
  const tt::index stride = r.rank() > 0 ? r.stride(0) : 0;
  for (tt::index s = 0; s < r.samples(); ++s)
    for (tt::index i = 0; i < r.width(); ++i) all.push_back(r.data()[s * stride + i]);
  return all;
}
