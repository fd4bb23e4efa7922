// Cross-attention in two sizes, and a gated block of it.
#include "harness.hpp"

namespace peer_bench {

namespace {

using namespace net;

template <int Width, int Heads, int Queries, int Keys>
inline constexpr auto cross_network = tt::architecture([] {
  return tt::equations(x = tt::input{tt::sequence{Queries, Width}}, y = tt::input{tt::sequence{Keys, Width}},
                       target = tt::input{tt::sequence{Queries, Width}},
                       answer = tt::fuse(tt::cross_attention{.heads = Heads}, x, y),
                       loss = tt::fuse(tt::mse{}, answer, target));
});
template <int Width, int Heads, int Queries, int Keys>
struct cross_workload : two_inputs {
  static constexpr const auto& architecture = cross_network<Width, Heads, Queries, Keys>;
  // The peers have torch.nn.MultiheadAttention, with all three projections in one matrix, and one of their own.
  static void load(auto& to) {
    const std::string ours = "answer.cross_attention";
    if (!to.has("a.in_proj_weight")) return to.attention(ours, "");
    for (const std::string last : {"weight", "bias"}) {
      const std::vector<float> all = to.read("a.in_proj_" + last);
      for (const char part_name : {'q', 'k', 'v'})
        to.put(ours + "." + part_name + "_" + last, part(all, std::string("qkv").find(part_name), 3));
      to.copy(ours + ".out_" + last, "a.out_proj." + last);
    }
  }
};

inline constexpr auto flamingo_network = tt::architecture([] {
  return tt::equations(
      x = tt::input{tt::sequence{64, 256}}, y = tt::input{tt::sequence{64, 256}},
      target = tt::input{tt::sequence{64, 256}},
      answer = x |
               tt::gated_residual(tt::fuse(tt::cross_attention{.heads = 8, .bias = false, .head_width = 64},
                                           tt::here | tt::layer_norm{}, y)) |
               tt::gated_residual(tt::layer_norm{} | tt::linear{.features = 1024, .bias = false} | tt::gelu |
                                  tt::linear{.features = 256, .bias = false}),
      loss = tt::fuse(tt::mse{}, answer, target));
});
struct flamingo_workload : two_inputs {
  static constexpr const auto& architecture = flamingo_network;
  static void load(auto& to) {
    to.layer("answer.layer_norm", "n1");
    to.attention("answer.cross_attention", "x.");
    to.copy("answer.tanh_gate.alpha", "g1");
    to.layer("answer.layer_norm_2", "n2");
    to.layer("answer.linear", "f1");
    to.layer("answer.linear_2", "f2");
    to.copy("answer.tanh_gate_2.alpha", "g2");
  }
};

}  // namespace

bool xattn_s(const request& r) { return bench<cross_workload<128, 4, 16, 64>>(r).run(); }
bool xattn_l(const request& r) { return bench<cross_workload<512, 8, 64, 196>>(r).run(); }
bool flamingo(const request& r) { return bench<flamingo_workload>(r).run(); }

}  // namespace peer_bench
