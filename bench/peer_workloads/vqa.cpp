// A question about a picture: convolutions, a recurrent reader, its words attending to the picture's places.
#include "harness.hpp"

namespace peer_bench {

namespace {

using namespace net;

constexpr tt::name<"places"> places;
constexpr tt::name<"seen"> seen;
constexpr tt::name<"read"> read;
constexpr tt::name<"found"> found;

constexpr auto convolution() {
  return tt::conv2d{.channels = 24, .kernel = 3, .stride = 2, .padding = 1} | tt::batch_norm{} | tt::relu;
}

inline constexpr auto network = tt::architecture([] {
  return tt::equations(
      x = tt::input{tt::picture{.channels = 3, .height = 75, .width = 75}},
      y = tt::input{tt::tokens{.length = 12, .vocabulary = 80}}, target = tt::input{tt::category{28}},
      places = tt::frozen(tt::learned(tt::sequence{25, 2})),
      seen = tt::fuse(tt::concat{}, x | convolution() | convolution() | convolution() | convolution() | tt::patches,
                      places) |
             tt::linear{128},
      read = y | tt::embedding{.vocabulary = 80, .dim = 32} | tt::gru{.hidden = 128},
      found = tt::fuse(tt::cross_attention{.heads = 4}, read, seen) | tt::mean_pool,
      answer = tt::fuse(tt::concat{}, found, read | tt::take_token{-1}) | tt::linear{256} | tt::relu | tt::linear{256} |
               tt::relu | tt::linear{28},
      loss = tt::fuse(tt::cross_entropy{}, answer, target));
});

struct workload {
  static constexpr const auto& architecture = network;
  static auto inputs(const bench_case& c, auto f) { return f(x = c.x(0), y = c.words(1)); }
  static auto all(const bench_case& c, auto f) { return f(x = c.x(0), y = c.words(1), target = c.label); }
  static void load(auto& to) {
    for (int i = 0; i < 4; ++i) {
      const std::string number = i ? "_" + std::to_string(i + 1) : "", norm = "seen.batch_norm" + number,
                        theirs = "cnn." + std::to_string(3 * i + 1);
      to.layer("seen.conv2d" + number, "cnn." + std::to_string(3 * i));
      to.layer(norm, theirs);
      to.copy(norm + ".running_mean", theirs + ".running_mean");
      to.copy(norm + ".running_var", theirs + ".running_var");
    }
    to.copy("places.learned.weight", "xy");
    to.layer("seen.linear", "proj");
    to.copy("read.embedding.weight", "emb.weight");
    for (const std::string name : {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"})
      to.copy("read.gru." + name, "gru." + name);
    to.attention("found.cross_attention", "att.");
    to.layer("answer.linear", "h1");
    to.layer("answer.linear_2", "h2");
    to.layer("answer.linear_3", "h3");
  }
};

}  // namespace

bool vqa(const request& r) { return bench<workload>(r).run(); }

}  // namespace peer_bench
