// Encoders from outside the library, unchanged, where the library's own stand.
#include <doctest/doctest.h>

#include <functional>
#include <tectum/encoded.hpp>
#include <tectum/model/model.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/layers/mean_pool.hpp>
#include <vector>

namespace tt = tectum;

namespace outside {

// As a user would write them: one that knows its own file format of weights, say, and counts how often it runs.
struct average_brightness {
  static constexpr tt::shape modality = tt::shape_of(tt::picture{.channels = 1, .height = 2, .width = 3});
  static constexpr tt::shape result = tt::shape_of(tt::features{2});
  static inline int samples_seen = 0;
  void operator()(tt::view<const float> x, tt::view<float> y) const noexcept {
    for (tt::index b = 0; b < x.samples; ++b) {
      float sum = 0;
      for (tt::index i = 0; i < x.size(); ++i) sum += x.sample(b)[i];
      y.sample(b)[0] = sum / 6;
      y.sample(b)[1] = x.sample(b)[0];
      ++samples_seen;
    }
  }
};
struct edges {
  static constexpr tt::shape modality = tt::shape_of(tt::waveform{.samples = 4});
  static constexpr tt::shape result = tt::shape_of(tt::features{3});
  void operator()(tt::view<const float> x, tt::view<float> y) const noexcept {
    for (tt::index b = 0; b < x.samples; ++b)
      for (tt::index i = 0; i < 3; ++i) y.sample(b)[i] = x.sample(b)[i + 1] - x.sample(b)[i];
  }
};

struct counting {
  static constexpr tt::shape modality = tt::shape_of(tt::sequence{.length = 64, .width = 128});
  static constexpr tt::shape result = tt::shape_of(tt::features{1});
  static inline int calls = 0;
  static inline tt::index samples = 0;
  void operator()(tt::view<const float> x, tt::view<float> y) const noexcept {
    ++calls;
    samples = x.samples;
    for (tt::index b = 0; b < x.samples; ++b) y.sample(b)[0] = x.sample(b)[0];
  }
};

// As a program's own threads may be handed over.
struct three_at_a_time {
  int concurrency() const { return 3; }
  void run(int n, const std::function<void(int)>& task) const {
    for (int i = 0; i < n; ++i) task(i);
  }
};

}  // namespace outside

namespace net {
constexpr tt::name<"image"> image;
constexpr tt::name<"sound"> sound;
constexpr tt::name<"seen"> seen;
constexpr tt::name<"heard"> heard;

constexpr auto with(auto image_encoder) {
  return tt::architecture([=] {
    return tt::equations(
        image = tt::input{tt::picture{.channels = 1, .height = 2, .width = 3}},
        sound = tt::input{tt::waveform{.samples = 4}},
        seen = image | tt::encoder(image_encoder, tt::picture{.channels = 1, .height = 2, .width = 3}, tt::features{2}),
        heard = sound | tt::encoder(outside::edges{}, tt::waveform{.samples = 4}, tt::features{3}) | tt::linear{1});
  });
}
constexpr auto external = with(outside::average_brightness{});
inline constexpr auto between = tt::architecture([] {
  return tt::equations(
      image = tt::input{tt::sequence{.length = 64, .width = 128}},
      seen = image | tt::linear{128} |
             tt::encoder(outside::counting{}, tt::sequence{.length = 64, .width = 128}, tt::features{1}),
      heard = tt::fuse(tt::sum{}, image | tt::linear{200} | tt::mean_pool | tt::linear{1}, seen));
});
inline constexpr auto cached = tt::architecture(
    [] { return tt::equations(image = tt::input{tt::features{2}}, seen = image | tt::linear{1} | tt::relu); });
}  // namespace net

TEST_CASE("an encoder from outside computes inside a network") {
  const float pictures[2][1][2][3] = {{{{1, 2, 3}, {4, 5, 6}}}, {{{0, 0, 0}, {0, 0, 6}}}};
  const float sounds[2][1][4] = {{{0, 1, 3, 6}}, {{1, 1, 1, 1}}};
  tt::model<net::external> model{tt::seed{1}};
  tt::workspace<net::external> workspace{2};
  const auto [seen, heard] = model(workspace, net::seen, net::heard, net::image = pictures, net::sound = sounds);
  CHECK(seen(0, 0) == doctest::Approx(3.5));
  CHECK(seen(1, 0) == doctest::Approx(1));
  float weight[3], bias[1];
  REQUIRE(model.get("heard.linear.weight", weight));
  REQUIRE(model.get("heard.linear.bias", bias));
  CHECK(heard(0, 0) == doctest::Approx(weight[0] + 2 * weight[1] + 3 * weight[2] + bias[0]));
  CHECK(heard(1, 0) == doctest::Approx(bias[0]));
}

TEST_CASE("an encoder from outside gets all samples at once, however the batch is parted") {
  constexpr tt::plan_view plan = tt::detail::call<net::between, tt::mode::inference,
                                                  tt::detail::names<std::remove_cvref_t<decltype(net::heard)>>>::plan();
  static_assert(plan.parts.near > 0 && plan.parts.near < 32);
  std::vector<float> x(64 * 64 * 128);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 13) / 13;
  outside::three_at_a_time threads;
  const tt::model<net::between> model{tt::seed{1}};
  tt::workspace<net::between> one{1}, many{64}, shared{64, threads};
  std::vector<float> want;
  for (std::size_t b = 0; b < 64; ++b)
    want.push_back(model(one, net::heard, net::image = tt::tensor(x.data() + b * 8192, {1, 64, 128}))(0, 0));
  for (auto* w : {&many, &shared}) {
    outside::counting::calls = 0;
    const auto y = model(*w, net::heard, net::image = tt::tensor(x.data(), {64, 64, 128}));
    CHECK(outside::counting::calls == 1);
    CHECK(outside::counting::samples == 64);
    for (tt::index b = 0; b < 64; ++b) CHECK(y(b, 0) == doctest::Approx(want[static_cast<std::size_t>(b)]));
  }
}

TEST_CASE("a frozen encoder runs once a sample and its result is bound like any tensor") {
  std::vector<float> pictures(70 * 6);
  for (std::size_t i = 0; i < pictures.size(); ++i) pictures[i] = static_cast<float>(i % 11);
  outside::average_brightness::samples_seen = 0;
  const tt::encoded features{outside::average_brightness{}, tt::tensor(pictures, {70, 1, 2, 3})};
  CHECK(outside::average_brightness::samples_seen == 70);
  CHECK(features.samples() == 70);

  tt::model<net::cached> model{tt::seed{2}};
  tt::workspace<net::cached> workspace{70};
  const auto first = model(workspace, net::seen, net::image = features).to<std::vector<float>>();
  const auto second = model(workspace, net::seen, net::image = features).to<std::vector<float>>();
  CHECK(first == second);
  CHECK(outside::average_brightness::samples_seen == 70);
  CHECK(features.data()[2 * 33 + 1] == pictures[33 * 6]);
}

TEST_CASE("samples of another shape are refused with the encoder's own") {
  const std::vector<float> pictures(12);
  CHECK_THROWS_AS((tt::encoded{outside::average_brightness{}, tt::tensor(pictures, {2, 1, 3, 2})}), tt::error);
}
