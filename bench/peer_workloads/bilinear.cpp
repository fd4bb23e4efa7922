// Bilinear forms: one in full, two as tensors or low-rank factors of three modalities.
#include "harness.hpp"

namespace peer_bench {

namespace {

using namespace net;

inline constexpr auto bilinear_network = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{128}}, y = tt::input{tt::features{128}},
                       target = tt::input{tt::features{64}}, answer = tt::fuse(tt::bilinear{64}, x, y),
                       loss = tt::fuse(tt::mse{}, answer, target));
});
struct bilinear_workload : two_inputs {
  static constexpr const auto& architecture = bilinear_network;
  // The peers have it as torch.nn.Bilinear, as one layer on the outer product, and as x through W, then y.
  static void load(auto& to) {
    constexpr std::size_t features = 64, width = 128;
    if (to.has("w")) {
      const std::vector<float> all = to.read("w");  // [features, y, x]
      std::vector<float> weight;
      for (std::size_t k = 0; k < features; ++k) {
        const std::vector<float> one = transposed(part(all, k, features), width, width);
        weight.insert(weight.end(), one.begin(), one.end());
      }
      to.put("answer.bilinear.weight", weight);
    } else {
      to.copy("answer.bilinear.weight", to.has("weight") ? "weight" : "f.weight");
    }
    to.copy("answer.bilinear.bias", to.has("bias") ? "bias" : "f.bias");
  }
};

inline constexpr auto tfn_network = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{32}}, y = tt::input{tt::features{32}},
                       z = tt::input{tt::features{64}}, target = tt::input{tt::features{1}},
                       answer = tt::fuse(tt::tensor_fusion{}, x, y, z) | tt::linear{128} | tt::relu | tt::linear{1},
                       loss = tt::fuse(tt::mse{}, answer, target));
});
struct tfn_workload : three_inputs {
  static constexpr const auto& architecture = tfn_network;
  // The peers' constant 1 stands behind the features, ours before them.
  static void load(auto& to) {
    constexpr std::size_t n = 33, m = 33, l = 65, out = 128;
    std::vector<float> weight = to.read("l1.weight");
    weight = last_row_first(weight, out, n, m * l);
    weight = last_row_first(weight, out * n, m, l);
    weight = last_row_first(weight, out * n * m, l, 1);
    to.put("answer.linear.weight", weight);
    to.copy("answer.linear.bias", "l1.bias");
    to.layer("answer.linear_2", "l2");
  }
};

template <int Rank>
inline constexpr auto lmf_network = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{32}}, y = tt::input{tt::features{32}},
                       z = tt::input{tt::features{64}}, target = tt::input{tt::features{64}},
                       answer = tt::fuse(tt::low_rank_fusion{.rank = Rank, .features = 64}, x, y, z),
                       loss = tt::fuse(tt::mse{}, answer, target));
});
template <int Rank>
struct lmf_workload : three_inputs {
  static constexpr const auto& architecture = lmf_network<Rank>;
  static void load(auto& to) {
    const std::string fusion = "answer.low_rank_fusion.";
    to.put(fusion + "factor.0", last_row_first(to.read("fx"), Rank, 33, 64));
    to.put(fusion + "factor.1", last_row_first(to.read("fy"), Rank, 33, 64));
    to.put(fusion + "factor.2", last_row_first(to.read("fz"), Rank, 65, 64));
    to.copy(fusion + "fusion_weights", "w");
    to.copy(fusion + "fusion_bias", "bias");
  }
};

}  // namespace

bool bilinear(const request& r) { return bench<bilinear_workload>(r).run(); }
bool tfn(const request& r) { return bench<tfn_workload>(r).run(); }
bool lmf_r4(const request& r) { return bench<lmf_workload<4>>(r).run(); }
bool lmf_r16(const request& r) { return bench<lmf_workload<16>>(r).run(); }

}  // namespace peer_bench
