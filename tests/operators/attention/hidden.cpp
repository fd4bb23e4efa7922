// Keys that minus infinity hides: no weight, no NaN, and zeros where a query sees nothing. All tests are on bits.
#include <doctest/doctest.h>

#include <cstring>
#include <tectum/operators/attention/attention_with_weights.hpp>
#include <tectum/operators/attention/multi_head_attention.hpp>

#include "bare.hpp"

namespace tt = tectum;

namespace {

// No such number passes through a function: with -ffast-math clang may take it for any other.
template <class T>
using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
template <class T>
bits<T> bits_at(const std::vector<T>& v, std::ptrdiff_t i) {
  bits<T> b;
  std::memcpy(&b, v.data() + i, sizeof b);
  return b;
}
template <class T>
constexpr bits<T> exponent =
    sizeof(T) == 4 ? static_cast<bits<T>>(0x7F800000u) : static_cast<bits<T>>(std::uint64_t{0x7FF} << 52);
template <class T>
void hide(std::vector<T>& v, std::ptrdiff_t i) {
  const bits<T> minus_infinity = exponent<T> | bits<T>{1} << (8 * sizeof(T) - 1);
  std::memcpy(v.data() + i, &minus_infinity, sizeof minus_infinity);
}
// Neither infinite nor NaN.
template <class T>
bool all_finite(const std::vector<std::vector<T>>& tensors) {
  for (const auto& v : tensors)
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(v.size()); ++i)
      if ((bits_at(v, i) & exponent<T>) == exponent<T>) return false;
  return true;
}
// Whether elements [begin, begin + count) are all 0 or -0.
template <class T>
bool zero(const std::vector<T>& v, std::ptrdiff_t begin, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = begin; i < begin + count; ++i)
    if (static_cast<bits<T>>(bits_at(v, i) << 1) != 0) return false;
  return true;
}

// Query 1 of sample 0 sees nothing, as do all queries of sample 1 from 2 on: the keys that are valid are hidden.
template <class T, class Engine, class Op>
void stays_finite(const Op& op, int queries, int keys, bool padded) {
  CAPTURE(queries);
  CAPTURE(keys);
  const tt::shape all_keys = tt::shape_of(tt::sequence{keys, 3, padded});
  bare::trial<Op, T, Engine> t(op, {tt::sequence_of(queries, 4), all_keys, all_keys, tt::sequence_of(queries, keys)},
                               2);
  const int valid[2] = {keys, padded ? keys / 2 : keys};
  if (padded)
    for (const std::size_t k : {1u, 2u}) t.lengths(k, {valid[0], valid[1]});
  const auto at = [=](int b, int i, int j) { return std::ptrdiff_t{(b * queries + i) * keys + j}; };
  std::vector<T>& added = t.x[3];
  for (int j = 0; j < keys; ++j) hide(added, at(0, 1, j));
  for (int i = 2; i < queries; ++i)
    for (int j = 0; j < valid[1]; ++j) hide(added, at(1, i, j));
  hide(added, at(0, 0, 0));
  hide(added, at(1, 0, keys - 1));
  t.run();
  CHECK(all_finite(t.y));
  CHECK(all_finite(t.dx));
  CHECK(all_finite(t.parameter_gradients));
  const auto nothing = [&](int b, int i) {
    CHECK(zero(t.y[0], (b * queries + i) * 4, 4));
    CHECK(zero(t.dx[0], (b * queries + i) * 4, 4));
    CHECK(zero(t.dx[3], (b * queries + i) * keys, keys));
    if (t.y.size() > 1) CHECK(zero(t.y[1], (b * queries + i) * keys, keys));
  };
  nothing(0, 1);
  for (int i = 2; i < queries; ++i) nothing(1, i);
  CHECK_FALSE(zero(t.y[0], 0, 4));
  CHECK_FALSE(zero(t.dx[0], 0, 4));
  CHECK(zero(t.dx[3], 0, 1));
  CHECK_FALSE(zero(t.dx[3], 1, 1));
}
template <class T, class Engine>
void all_stay_finite() {
  for (const bool padded : {false, true})
    for (const int queries : {3, 5, 9})  // below and above what few_keys serves
      for (const int keys : {4, 7, 33, 66}) {
        stays_finite<T, Engine>(tt::biased_attention{2}, queries, keys, padded);
        stays_finite<T, Engine>(tt::attention_with_weights{2}, queries, keys, padded);
      }
}

}  // namespace

TEST_CASE_TEMPLATE("a query whose keys are all hidden gives 0 with gradient 0", T, float, double) {
  all_stay_finite<T, tt::native>();
  all_stay_finite<T, tt::reference>();
}

TEST_CASE_TEMPLATE("hiding keys is as good as padding", T, float, double) {
  for (const int queries : {2, 6})
    for (const int keys : {5, 70}) {
      const tt::shape q = tt::sequence_of(queries, 4), open = tt::sequence_of(keys, 3),
                      padded = tt::shape_of(tt::sequence{keys, 3, true}), added = tt::sequence_of(queries, keys);
      bare::trial<tt::biased_attention, T, tt::native> hidden({.heads = 2}, {q, open, open, added}, 1),
          masked({.heads = 2}, {q, padded, padded, added}, 1);
      for (const std::size_t k : {1u, 2u}) masked.lengths(k, {keys - 2});
      for (int i = 0; i < queries; ++i)
        for (int j = keys - 2; j < keys; ++j) hide(hidden.x[3], i * keys + j);
      hidden.run();
      masked.run();
      const std::vector<double> a = hidden.sums(), b = masked.sums();
      for (std::size_t i = 0; i < a.size(); ++i) CHECK(std::abs(a[i] - b[i]) < 1e-5 * (1 + std::abs(b[i])));
      for (const std::size_t k : {1u, 2u}) CHECK(zero(hidden.dx[k], 3 * (keys - 2), 6));
    }
}

TEST_CASE("keys that are learned or zero stay visible where all others are hidden") {
  const tt::shape q = tt::sequence_of(5, 4), k = tt::sequence_of(6, 3), added = tt::sequence_of(5, 6);
  bare::trial<tt::attention_with_weights, float, tt::native> t(
      {.heads = 2, .causal = true, .bias_kv = true, .zero_attention = true}, {q, k, k, added}, 1);
  for (std::ptrdiff_t i = 0; i < 30; ++i) hide(t.x[3], i);
  t.run();
  CHECK((all_finite(t.y) && all_finite(t.dx) && all_finite(t.parameter_gradients)));
  for (std::ptrdiff_t i = 0; i < 5; ++i) {
    CHECK(zero(t.y[1], i * 8, 6));
    CHECK(t.y[1][static_cast<std::size_t>(i * 8 + 6)] + t.y[1][static_cast<std::size_t>(i * 8 + 7)] ==
          doctest::Approx(1));
    CHECK_FALSE(zero(t.y[0], i * 4, 4));
  }
}

TEST_CASE("either result's gradient may be missing") {
  const std::vector<tt::shape> in{tt::sequence_of(5, 4), tt::sequence_of(6, 3), tt::sequence_of(6, 3)};
  bare::trial<tt::attention_with_weights, double, tt::native> both({.heads = 2}, in, 2), first({.heads = 2}, in, 2),
      second({.heads = 2}, in, 2);
  first.wanted[1] = false;
  second.wanted[0] = false;
  both.run();
  first.run();
  second.run();
  const auto sum = [](const auto& a, const auto& b, const auto& c) {
    for (std::size_t k = 0; k < a.size(); ++k)
      for (std::size_t i = 0; i < a[k].size(); ++i) CHECK(std::abs(a[k][i] + b[k][i] - c[k][i]) < 1e-12);
  };
  sum(first.dx, second.dx, both.dx);
  sum(first.parameter_gradients, second.parameter_gradients, both.parameter_gradients);
  CHECK(second.parameter_gradients[6] == std::vector<double>(16, 0.0));  // of the last layer
}
