// Concatenation and three layers: classes.
#include "harness.hpp"

namespace peer_bench {

namespace {

using namespace net;
inline constexpr auto network = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{64}}, y = tt::input{tt::features{128}},
                       z = tt::input{tt::features{256}}, target = tt::input{tt::category{10}},
                       answer = tt::fuse(tt::concat{}, x, y, z) | tt::linear{256} | tt::relu | tt::linear{64} |
                                tt::relu | tt::linear{10},
                       loss = tt::fuse(tt::cross_entropy{}, answer, target));
});

struct workload : three_inputs {
  static constexpr const auto& architecture = network;
  static auto all(const bench_case& c, auto f) { return f(x = c.x(0), y = c.x(1), z = c.x(2), target = c.label); }
  static void load(auto& to) {
    to.layer("answer.linear", "a");
    to.layer("answer.linear_2", "b");
    to.layer("answer.linear_3", "c");
  }
};

}  // namespace

bool concat_mlp(const request& r) { return bench<workload>(r).run(); }

}  // namespace peer_bench
