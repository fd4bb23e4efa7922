// Any features: each view goes through a layer of its own, then the same strategies as for digits.
#pragma once

#include <algorithm>
#include <tectum/operators/attention/multi_head_attention.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/low_rank_fusion.hpp>
#include <tectum/operators/fusion/mlb.hpp>
#include <tectum/operators/fusion/product.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/fusion/tensor_fusion.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/dropout.hpp>
#include <tectum/operators/layers/flatten.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/losses/cross_entropy.hpp>
#include <tectum/training/compare.hpp>

#include "views.hpp"

namespace fusion_bench::views {

namespace tt = tectum;

inline constexpr tt::name<"view0"> view0;
inline constexpr tt::name<"view1"> view1;
inline constexpr tt::name<"view2"> view2;
inline constexpr tt::name<"view3"> view3;
inline constexpr tt::name<"x0"> x0;  // the views' vectors
inline constexpr tt::name<"x1"> x1;
inline constexpr tt::name<"x2"> x2;
inline constexpr tt::name<"x3"> x3;
inline constexpr tt::name<"label"> label;
inline constexpr tt::name<"answer"> answer;
inline constexpr tt::name<"loss"> loss;

inline constexpr int width = 64;

constexpr auto encoder() { return tt::linear{width} | tt::relu | tt::dropout{0.25f}; }
constexpr auto network(int columns, const auto&... more) {
  return tt::equations(view0 = tt::input{tt::features{columns}}, x0 = view0 | encoder(),
                       label = tt::input{tt::category{classes}}, loss = tt::fuse(tt::cross_entropy{}, answer, label),
                       more...);
}
// `answer` of N views; f makes it of the names of their vectors.
template <int N, int Columns>
constexpr auto of_views(auto f) {
  return tt::architecture([=] {
    const tt::input more{tt::features{Columns}};
    if constexpr (N == 1) return network(Columns, answer = f(x0));
    if constexpr (N == 2) return network(Columns, view1 = more, x1 = view1 | encoder(), answer = f(x0, x1));
    if constexpr (N == 3)
      return network(Columns, view1 = more, x1 = view1 | encoder(), view2 = more, x2 = view2 | encoder(),
                     answer = f(x0, x1, x2));
    if constexpr (N == 4)
      return network(Columns, view1 = more, x1 = view1 | encoder(), view2 = more, x2 = view2 | encoder(), view3 = more,
                     x3 = view3 | encoder(), answer = f(x0, x1, x2, x3));
  });
}

template <int N, int Columns>
inline constexpr auto alone = of_views<N, Columns>([](const auto& x) { return x | tt::linear{classes}; });
template <int N, int Columns>
inline constexpr auto concatenated =
    of_views<N, Columns>([](const auto&... x) { return tt::fuse(tt::concat{}, x...) | tt::linear{classes}; });
template <int N, int Columns>
inline constexpr auto added =
    of_views<N, Columns>([](const auto&... x) { return tt::fuse(tt::sum{}, x...) | tt::linear{classes}; });
template <int N, int Columns>
inline constexpr auto multiplied =
    of_views<N, Columns>([](const auto&... x) { return tt::fuse(tt::product{}, x...) | tt::linear{classes}; });
template <int N, int Columns>
inline constexpr auto hadamard =
    of_views<N, Columns>([](const auto&... x) { return tt::fuse(tt::mlb{.rank = width, .features = classes}, x...); });
// The outer product of all views: the more views, the narrower each, so that it stays at some five thousand.
template <int N, int Columns>
inline constexpr auto outer = of_views<N, Columns>([](const auto&... x) {
  constexpr int each = N == 2 ? 64 : N == 3 ? 16 : 8;
  return tt::fuse(tt::tensor_fusion{}, (x | tt::linear{each} | tt::tanh)...) | tt::linear{classes};
});
template <int N, int Columns>
inline constexpr auto low_rank = of_views<N, Columns>(
    [](const auto&... x) { return tt::fuse(tt::low_rank_fusion{.rank = 4, .features = classes}, x...); });
// A vector is eight tokens of eight; view 0 looks at each of the others.
template <int N, int Columns>
inline constexpr auto attending = of_views<N, Columns>([](const auto& first, const auto&... others) {
  return tt::fuse(tt::concat{}, first,
                  (tt::fuse(tt::cross_attention{.heads = 2, .width = 16}, first | tt::as_sequence{8},
                            others | tt::as_sequence{8}) |
                   tt::flatten)...) |
         tt::linear{classes};
});

// Trains the wanted strategies on parts of N views.
template <int N, int Columns>
std::vector<tt::comparison_row> compare(const split& s, const options& wanted) {
  const auto data = [](const part& p) {
    const auto view = [&](std::size_t k) { return tt::tensor(p.values[k], {p.labels.size(), Columns}); };
    if constexpr (N == 1) return tt::dataset(view0 = view(0), label = p.labels);
    if constexpr (N == 2) return tt::dataset(view0 = view(0), view1 = view(1), label = p.labels);
    if constexpr (N == 3) return tt::dataset(view0 = view(0), view1 = view(1), view2 = view(2), label = p.labels);
    if constexpr (N == 4)
      return tt::dataset(view0 = view(0), view1 = view(1), view2 = view(2), view3 = view(3), label = p.labels);
  };
  tt::comparison c{
      data(s.train),
      data(s.validation),
      data(s.test),
      loss,
      tt::accuracy{answer, label},
      {.seeds = wanted.seeds, .threads = wanted.threads, .batch = 32, .epochs = wanted.epochs, .clip_norm = 5},
      tt::adamw{.learning_rate = 2e-3},
      tt::warm_up{10, tt::cosine{}}};
  const auto is_wanted = [&](const std::string& name) {
    return wanted.strategies.empty() ||
           std::find(wanted.strategies.begin(), wanted.strategies.end(), name) != wanted.strategies.end();
  };
  if constexpr (N == 1) {
    c.template add<alone<1, Columns>>(s.name.c_str());
  } else {
    if (is_wanted("concat")) c.template add<concatenated<N, Columns>>("concat");
    if (is_wanted("sum")) c.template add<added<N, Columns>>("sum");
    if (is_wanted("product")) c.template add<multiplied<N, Columns>>("product");
    if (is_wanted("mlb")) c.template add<hadamard<N, Columns>>("mlb");
    if (is_wanted("tensor_fusion")) c.template add<outer<N, Columns>>("tensor_fusion");
    if (is_wanted("low_rank_fusion")) c.template add<low_rank<N, Columns>>("low_rank_fusion");
    if (is_wanted("cross_attention")) c.template add<attending<N, Columns>>("cross_attention");
  }
  c.run();
  return c.rows();
}

}  // namespace fusion_bench::views
