// Bilinear fusion in factors, normalised as published: signed square root, then length 1.
#include <tectum/operators/fusion/factorised.hpp>

#include "digit_strategies.hpp"

namespace fusion_bench {

namespace {

constexpr tt::factor_options normalised{
    .features = width, .width = width, .factor = terms, .normalize = tt::power_norm::whole};
constexpr tt::factor_options plain{.features = width, .width = width, .factor = terms};
constexpr tt::factor_options whole{.features = width, .width = width};
constexpr tt::factor_options sketched{.features = width, .width = width, .normalize = tt::power_norm::whole};
constexpr tt::block_options blocks{.features = width, .width = width, .chunks = 4, .rank = terms};
constexpr tt::block_options whole_blocks{.features = width, .width = width, .chunks = 4};

constexpr auto mfb = joined([](const auto& a, const auto& b) { return tt::mfb(normalised, a, b); }, tt::relu);
constexpr auto mfh = joined([](const auto& a, const auto& b) { return tt::mfh<2>(normalised, a, b); }, tt::relu);
constexpr auto mutan = joined([](const auto& a, const auto& b) { return tt::mutan(plain, a, b); }, tt::relu);
constexpr auto tucker = joined([](const auto& a, const auto& b) { return tt::tucker(whole, a, b); }, tt::relu);
constexpr auto block = joined([](const auto& a, const auto& b) { return tt::block(blocks, a, b); }, tt::relu);
constexpr auto block_tucker =
    joined([](const auto& a, const auto& b) { return tt::block_tucker(whole_blocks, a, b); }, tt::relu);
constexpr auto mcb = joined([](const auto& a, const auto& b) { return tt::mcb(sketched, a, b); }, tt::relu);

}  // namespace

digit_strategies factorised_strategies() {
  return {
      strategy<mfb>("mfb", "MFB: products, summed in groups"),
      strategy<mfh>("mfh", "MFH: two orders of MFB"),
      strategy<mutan>("mutan", "MUTAN: Tucker, its core a sum of products"),
      strategy<tucker>("tucker", "Tucker with a full core"),
      strategy<block>("block", "BLOCK: MUTAN in chunks"),
      strategy<block_tucker>("block_tucker", "Tucker in chunks"),
      strategy<mcb>("mcb", "MCB: count sketches, convolved"),
  };
}

}  // namespace fusion_bench
