// Gates and modulation, and the two heads of a contrastive model.
#include "harness.hpp"

#include <cmath>

namespace peer_bench {

namespace {

using namespace net;

inline constexpr auto gmu_network = tt::architecture([] {
  return tt::equations(
      x = tt::input{tt::features{256}}, y = tt::input{tt::features{256}}, target = tt::input{tt::features{256}},
      answer = tt::fuse(tt::gmu{.features = 256, .bias = true}, x, y), loss = tt::fuse(tt::mse{}, answer, target));
});
struct gmu_workload : two_inputs {
  static constexpr const auto& architecture = gmu_network;
  static void load(auto& to) {
    for (const std::string last : {"weight", "bias"}) {
      to.copy("answer.gmu." + last + ".0", "a." + last);
      to.copy("answer.gmu." + last + ".1", "b." + last);
      to.copy("answer.gmu.gate_" + last, "z." + last);
    }
  }
};

inline constexpr auto film_network = tt::architecture([] {
  return tt::equations(
      x = tt::input{tt::sequence{32, 64}}, y = tt::input{tt::features{64}}, target = tt::input{tt::sequence{32, 64}},
      answer = tt::fuse(tt::film{.delta = false}, x, y) | tt::relu, loss = tt::fuse(tt::mse{}, answer, target));
});
struct film_workload : two_inputs {
  static constexpr const auto& architecture = film_network;
  static void load(auto& to) { to.layer("answer.film", "p"); }
};

constexpr tt::name<"other"> other;
constexpr double unbounded = std::numeric_limits<double>::infinity();
inline constexpr auto clip_network = tt::architecture([] {
  return tt::equations(
      x = tt::input{tt::features{512}}, y = tt::input{tt::features{512}},
      answer = x | tt::linear{.features = 256, .bias = false} | tt::normalize{},
      other = y | tt::linear{.features = 256, .bias = false} | tt::normalize{},
      loss = tt::fuse(tt::info_nce{.min_logit_scale = -unbounded, .max_logit_scale = unbounded}, answer, other));
});
struct clip_workload : two_inputs {
  static constexpr const auto& architecture = clip_network;
  static auto all(const bench_case& c, auto f) { return inputs(c, f); }
  static void load(auto& to) {
    to.layer("answer.linear", "a");
    to.layer("other.linear", "b");
    to.copy("loss.info_nce.logit_scale", "t");
  }
  static void prepare(auto& workspace) { workspace.prepare(answer, other); }
  // The logits of all pairs. An operator's samples are each by themselves, so this is done behind the model.
  static const std::vector<float>& infer(const auto& model, auto& workspace, const bench_case& c,
                                         std::vector<float>& logits) {
    const auto [u, v] = model(workspace, answer, other, x = c.x(0), y = c.x(1));
    const tt::index n = u.samples(), width = u.width();
    float scale = 0;
    model.get("loss.info_nce.logit_scale", &scale);
    logits.resize(static_cast<std::size_t>(n * n));
    tt::native::batched_product(1, n, n, width, {u.data(), 0, u.stride(0), 1}, {v.data(), 0, 1, v.stride(0)},
                                tt::strided<float>{logits.data(), 0, n, 1}, std::exp(scale), false);
    return logits;
  }
};

}  // namespace

bool gmu(const request& r) { return bench<gmu_workload>(r).run(); }
bool film(const request& r) { return bench<film_workload>(r).run(); }
bool clip(const request& r) { return bench<clip_workload>(r).run(); }

}  // namespace peer_bench
