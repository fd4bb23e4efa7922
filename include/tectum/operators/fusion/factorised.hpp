// Bilinear fusion in factors, as expressions: project, multiply, pool, normalise, project.
#pragma once

#include <tectum/operators/fusion/bilinear.hpp>
#include <tectum/operators/fusion/block_bilinear.hpp>
#include <tectum/operators/fusion/block_linear.hpp>
#include <tectum/operators/fusion/compact_bilinear.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/factor_pool.hpp>
#include <tectum/operators/fusion/product.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/layers/linear.hpp>

namespace tectum::inline TECTUM_ABI {

// features: width of the result; width: of the joint space; factor: terms of each of its sums; normalize (none):
// power_norm::whole for the signed square root and length 1 before the last layer.
struct factor_options {
  int features, width, factor = 1;
  power_norm normalize = power_norm::none;
};
// features, width: as above; chunks: in which the joint space is cut; rank: terms of each sum; normalize (chunks):
// power_norm::none, chunks ("before cat") or whole ("after cat").
struct block_options {
  int features, width, chunks, rank = 1;
  power_norm normalize = power_norm::chunks;
};

namespace detail {

template <class P>
constexpr bool has_hole(const P& p) {
  const auto f = as_fragment(p);
  for (int i = 0; i < f.node_count; ++i)
    if (f.nodes[i].what == does::here) return true;
  return false;
}

// An option that a fusion has no use for is a mistake, not a thing to leave unread.
template <class F>
constexpr F unless(bool useless, const char* mistake, F f) {
  if (useless) f.mistake = mistake;
  return f;
}

// Order k of MFH: `here` is the product of all orders before it, at full width.
template <int Orders, auto Activation, part... P>
constexpr auto next_order(const factor_options& o, const P&... x) {
  const factor_pool pool{.factor = o.factor, .normalize = o.normalize};
  if constexpr (Orders == 0) {
    return pool;
  } else {
    return fuse(concat{}, here | pool,
                fuse(product{}, here, (x | linear{o.width * o.factor} | Activation)...) |
                    next_order<Orders - 1, Activation>(o, x...));
  }
}

}  // namespace detail

// Multimodal factorised bilinear pooling, y = P pool(a(W0 x0) * a(W1 x1) * ...) (MFB: Yu et al. 2017): the products
// element by element in `factor` times the joint width, sums of `factor` neighbours, normalised if asked for, and a
// linear layer. The activation is a template argument, any part without options: tt::mfb<tt::relu>({...}, image, text);
// none if none is given. An absent modality's factor is 1.
//   [n0], [n1], ... -> [features], as in  tt::mfb({.features = 10, .width = 64, .factor = 5}, image, text)
// Parameters, in the order of use: linear, linear_2, ..., one for each modality, and that of the last layer.
template <auto Activation = here, part... P>
constexpr auto mfb(const factor_options& o, const P&... x) {
  return fuse(product{}, (x | linear{o.width * o.factor} | Activation)...) |
         factor_pool{.factor = o.factor, .normalize = o.normalize} | linear{o.features};
}

// Multimodal factorised high-order pooling (MFH: Yu et al. 2018): as many blocks of MFB as `Order` says, the product of
// each multiplied into that of the next at full width, their pooled results side by side before the last layer. Of
// order 1 it is MFB. Activation and absence as there; modalities must not be made of tt::here.
//   [n0], [n1], ... -> [features], as in  tt::mfh<3>({.features = 10, .width = 64, .factor = 5}, image, text)
// Parameters: linear, linear_2, ... by order, then by modality, and that of the last layer.
template <int Order = 2, auto Activation = here, part... P>
constexpr auto mfh(const factor_options& o, const P&... x) {
  static_assert(Order >= 1, "tectum: mfh: the order must be 1 or more");
  auto all = fuse(product{}, (x | linear{o.width * o.factor} | Activation)...) |
             detail::next_order<Order - 1, Activation>(o, x...) | linear{o.features};
  if (Order > 1 && (... || detail::has_hole(x))) all.mistake = "mfh: give the modalities by name; tt::here is taken";
  return all;
}

// MUTAN, y = P sum over r of (A0 W0 x0)_r * (A1 W1 x1)_r * ... (Ben-Younes et al. 2017): a Tucker decomposition whose
// core is a sum of `factor` (their rank) products. An absent modality's factor is 1.
//   [n0], [n1], ... -> [features], as in  tt::mutan({.features = 10, .width = 64, .factor = 5}, image, text)
// Parameters: linear and linear_2 for the first modality, linear_3 and linear_4 for the second, ..., and the last
// layer.
template <part... P>
constexpr auto mutan(const factor_options& o, const P&... x) {
  return fuse(product{}, (x | linear{o.width} | linear{o.width * o.factor})...) |
         factor_pool{.factor = o.factor, .neighbours = false, .normalize = o.normalize} | linear{o.features};
}

// Tucker fusion, y = P T(W0 x0, W1 x1, ...) with the full core T [width, width, width, ...], an axis for each modality
// and one for the result (Ben-Younes et al. 2017, for two). For 2 to 8 modalities; where one is absent only the core's
// bias goes on. It has no `factor`.
//   [n0], [n1], ... -> [features]; parameters: linear, linear_2, ..., bilinear (of any number), and the last layer
template <part... P>
constexpr auto tucker(const factor_options& o, const P&... x) {
  return detail::unless(
      o.factor != 1, "tucker: there is no factor; its core is whole",
      fuse(bilinear{o.width}, (x | linear{o.width})...) | factor_pool{.normalize = o.normalize} | linear{o.features});
}

// BLOCK, a block-term decomposition (Ben-Younes et al. 2019): projections cut in chunks, a sum of `rank` products in
// each, signed square root and length 1 of each chunk, and a linear layer. One chunk is MUTAN. An absent modality's
// factor is 1.
//   [n0], [n1], ... -> [features], as in  tt::block({.features = 10, .width = 64, .chunks = 8, .rank = 5}, image, text)
// Parameters: linear and block_linear for the first modality, linear_2 and block_linear_2 for the second, ..., and the
// last layer.
template <part... P>
constexpr auto block(const block_options& o, const P&... x) {
  return fuse(product{}, (x | linear{o.width} | block_linear{.chunks = o.chunks, .rank = o.rank})...) |
         factor_pool{.factor = o.rank, .neighbours = false, .chunks = o.chunks, .normalize = o.normalize} |
         linear{o.features};
}

// Block-Tucker, BLOCK with a full core for each chunk (Ben-Younes et al. 2019, for two modalities). For 2 to 8
// modalities; where one is absent only the cores' biases go on. It has no `rank`.
//   [n0], [n1], ... -> [features]; parameters: linear, linear_2, ..., block_bilinear, and the last layer
template <part... P>
constexpr auto block_tucker(const block_options& o, const P&... x) {
  return detail::unless(o.rank != 1, "block_tucker: there is no rank; its cores are whole",
                        fuse(block_bilinear{.chunks = o.chunks}, (x | linear{o.width})...) |
                            factor_pool{.chunks = o.chunks, .normalize = o.normalize} | linear{o.features});
}

// Multimodal compact bilinear pooling (MCB: Fukui et al. 2016): tt::compact_bilinear, normalised if asked for, as in
// the paper, and a linear layer. An absent modality is left out. It has no `factor`.
//   [n0], [n1], ... -> [features]; parameters: linear, and the sketches as buffers of compact_bilinear
template <part... P>
constexpr auto mcb(const factor_options& o, const P&... x) {
  return detail::unless(
      o.factor != 1, "mcb: there is no factor; width is that of the sketch",
      fuse(compact_bilinear{o.width}, x...) | factor_pool{.normalize = o.normalize} | linear{o.features});
}

// y = P (a(W0 x0) + a(W1 x1) + ...), normalised before the last layer if asked for; the activation as for tt::mfb. An
// absent modality is left out of the sum. It has no `factor`.
//   [n0], [n1], ... -> [features]; parameters: linear, linear_2, ..., and the last layer
template <auto Activation = here, part... P>
constexpr auto linear_sum(const factor_options& o, const P&... x) {
  return detail::unless(
      o.factor != 1, "linear_sum: there is no factor; nothing is multiplied",
      fuse(sum{}, (x | linear{o.width} | Activation)...) | factor_pool{.normalize = o.normalize} | linear{o.features});
}

}  // namespace tectum
