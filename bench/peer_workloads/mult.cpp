// The multimodal transformer: six encoders of crossmodal attention between three sequences.
#include "harness.hpp"

namespace peer_bench {

namespace {

using namespace net;

constexpr int width = 40, heads = 8, layers = 4, words = 20, frames = 50;

constexpr tt::name<"queries"> queries;
constexpr tt::name<"keys"> keys;
constexpr tt::name<"norm"> norm;
constexpr tt::name<"layer"> layer;

// One layer. Queries and keys go through one normalisation with the same parameters, so it has a name.
template <int Queries, int Keys>
inline constexpr auto crossmodal_layer = tt::architecture([] {
  return tt::equations(
      queries = tt::input{tt::sequence{Queries, width}}, keys = tt::input{tt::sequence{Keys, width}},
      norm = tt::layer_norm{},
      layer = tt::fuse(tt::sum{}, queries, tt::fuse(tt::cross_attention{.heads = heads}, queries | norm, keys | norm)) |
              tt::residual(tt::layer_norm{} | tt::linear{4 * width} | tt::relu | tt::linear{width}));
});
template <int Queries, int Keys>
constexpr auto encoder(const auto& from, const auto& to) {
  return from | tt::repeat(layers, tt::fuse(crossmodal_layer<Queries, Keys>, tt::here, to)) | tt::layer_norm{} |
         tt::take_token{-1};
}

constexpr tt::name<"p0"> p0;
constexpr tt::name<"p1"> p1;
constexpr tt::name<"p2"> p2;
constexpr tt::name<"e0"> e0;
constexpr tt::name<"e1"> e1;
constexpr tt::name<"e2"> e2;
constexpr tt::name<"e3"> e3;
constexpr tt::name<"e4"> e4;
constexpr tt::name<"e5"> e5;

inline constexpr auto network = tt::architecture([] {
  constexpr tt::linear to_width{.features = width, .bias = false};
  return tt::equations(x = tt::input{tt::sequence{words, 300}}, y = tt::input{tt::sequence{frames, 74}},
                       z = tt::input{tt::sequence{frames, 35}}, target = tt::input{tt::features{1}}, p0 = x | to_width,
                       p1 = y | to_width, p2 = z | to_width, e0 = encoder<words, frames>(p0, p1),
                       e1 = encoder<words, frames>(p0, p2), e2 = encoder<frames, words>(p1, p0),
                       e3 = encoder<frames, frames>(p1, p2), e4 = encoder<frames, words>(p2, p0),
                       e5 = encoder<frames, frames>(p2, p1),
                       answer = tt::fuse(tt::concat{}, e0, e1, e2, e3, e4, e5) |
                                tt::residual(tt::linear{6 * width} | tt::relu | tt::linear{6 * width}) | tt::linear{1},
                       loss = tt::fuse(tt::mse{}, answer, target));
});

struct workload : three_inputs {
  static constexpr const auto& architecture = network;
  static void load(auto& to) {
    for (const std::string k : {"0", "1", "2"}) to.copy("p" + k + ".linear.weight", "p." + k + ".weight");
    for (const std::string k : {"0", "1", "2", "3", "4", "5"}) {
      for (int i = 0; i < layers; ++i) {
        const std::string ours = "e" + k + "." + std::to_string(i) + ".",
                          theirs = "e." + k + ".l." + std::to_string(i) + ".";
        to.layer(ours + "norm.layer_norm", theirs + "n0");
        to.attention(ours + "layer.cross_attention", theirs + "a.");
        to.layer(ours + "layer.layer_norm", theirs + "n1");
        to.layer(ours + "layer.linear", theirs + "f1");
        to.layer(ours + "layer.linear_2", theirs + "f2");
      }
      to.layer("e" + k + ".layer_norm", "e." + k + ".n");
    }
    to.layer("answer.linear", "f1");
    to.layer("answer.linear_2", "f2");
    to.layer("answer.linear_3", "o");
  }
};

}  // namespace

bool mult(const request& r) { return bench<workload>(r).run(); }

}  // namespace peer_bench
