// Bilinear pooling in factors and sketches: MCB, MFB, MUTAN, BLOCK.
#include "harness.hpp"

namespace peer_bench {

namespace {

using namespace net;

constexpr auto with_loss(const auto& expression, int width) {
  return tt::equations(x = tt::input{tt::features{512}}, y = tt::input{tt::features{512}},
                       target = tt::input{tt::features{width}}, answer = expression,
                       loss = tt::fuse(tt::mse{}, answer, target));
}

constexpr tt::factor_pool to_unit_length{.normalize = tt::power_norm::whole};

inline constexpr auto mcb_core_network =
    tt::architecture([] { return with_loss(tt::fuse(tt::compact_bilinear{4000}, x, y) | to_unit_length, 4000); });
inline constexpr auto mcb_head_network = tt::architecture(
    [] { return with_loss(tt::mcb({.features = 256, .width = 4000, .normalize = tt::power_norm::whole}, x, y), 256); });
struct sketches : two_inputs {
  static void load(auto& to) {
    for (const std::string k : {"0", "1"}) {
      to.put("answer.compact_bilinear.h." + k, to.read_ids("h" + k));
      to.copy("answer.compact_bilinear.s." + k, "s" + k);
    }
  }
};
struct mcb_core_workload : sketches {
  static constexpr const auto& architecture = mcb_core_network;
  static constexpr bool only_input_gradients = true;
};
struct mcb_head_workload : sketches {
  static constexpr const auto& architecture = mcb_head_network;
  static void load(auto& to) {
    sketches::load(to);
    to.layer("answer.linear", "head");
  }
};

inline constexpr auto mfb_network = tt::architecture([] {
  return with_loss(tt::fuse(tt::product{}, x | tt::linear{1280}, y | tt::linear{1280}) |
                       tt::factor_pool{.factor = 5, .normalize = tt::power_norm::whole},
                   256);
});
struct mfb_workload : two_inputs {
  static constexpr const auto& architecture = mfb_network;
  static void load(auto& to) {
    to.layer("answer.linear", "a");
    to.layer("answer.linear_2", "b");
  }
};

inline constexpr auto mutan_network =
    tt::architecture([] { return with_loss(tt::mutan({.features = 256, .width = 128, .factor = 10}, x, y), 256); });
struct mutan_workload : two_inputs {
  static constexpr const auto& architecture = mutan_network;
  static void load(auto& to) {
    to.layer("answer.linear", "l0");
    to.layer("answer.linear_2", "m0");
    to.layer("answer.linear_3", "l1");
    to.layer("answer.linear_4", "m1");
    to.layer("answer.linear_5", "out");
  }
};

inline constexpr auto block_network = tt::architecture(
    [] { return with_loss(tt::block({.features = 256, .width = 320, .chunks = 20, .rank = 15}, x, y), 256); });
struct block_workload : two_inputs {
  static constexpr const auto& architecture = block_network;
  // The peers have the chunks' layers one by one, or as one array [chunk, in, out].
  static void load(auto& to) {
    constexpr std::size_t chunks = 20, in = 16, out = 240;
    to.layer("answer.linear", "l0");
    to.layer("answer.linear_2", "l1");
    to.layer("answer.linear_3", "out");
    for (const std::string k : {"0", "1"}) {
      const std::string ours = k == "0" ? "answer.block_linear" : "answer.block_linear_2";
      std::vector<float> weight, bias;
      for (std::size_t c = 0; c < chunks; ++c) {
        const std::string one = "m" + k + "." + std::to_string(c);
        const bool together = to.has("w" + k);
        const std::vector<float> w =
            together ? transposed(part(to.read("w" + k), c, chunks), in, out) : to.read(one + ".weight");
        const std::vector<float> b = together ? part(to.read("b" + k), c, chunks) : to.read(one + ".bias");
        weight.insert(weight.end(), w.begin(), w.end());
        bias.insert(bias.end(), b.begin(), b.end());
      }
      to.put(ours + ".weight", weight);
      to.put(ours + ".bias", bias);
    }
  }
};

}  // namespace

bool mcb_core(const request& r) { return bench<mcb_core_workload>(r).run(); }
bool mcb_head(const request& r) { return bench<mcb_head_workload>(r).run(); }
bool mfb(const request& r) { return bench<mfb_workload>(r).run(); }
bool mutan(const request& r) { return bench<mutan_workload>(r).run(); }
bool block(const request& r) { return bench<block_workload>(r).run(); }

}  // namespace peer_bench
