// Operators' options as plain numbers, and back.
#include <doctest/doctest.h>

#include <tectum/architecture/options.hpp>

namespace tt = tectum;

namespace {

enum class pace { slow, fast = 7 };
struct inner {
  int rank = 3;
  float scale = 2;
};
struct nothing {};
struct outer {
  int width;
  bool bias = true;
  float p = 0.5f;
  inner part{};
  pace speed = pace::slow;
  double epsilon = 1e-5;
  nothing none{};
  long long big = 0;
};
template <class Scorer>
struct nested {
  Scorer scorer;
  int heads = 1;
};

// An option of two numbers, written as one or as two.
struct windowed {
  tt::extent2 kernel;
  tt::extent2 stride = 1;
  int padding = 0;
};
constexpr bool extents_come_back() {
  const windowed before{.kernel = {3, -5}, .padding = 4};
  tt::slot slots[3]{};
  tt::store_options(before, slots);
  const windowed after = tt::restore_options<windowed>(slots);
  return after.kernel.height == 3 && after.kernel.width == -5 && after.stride.square() && after.stride.width == 1 &&
         after.padding == 4 && windowed{2, {1, 3}, 0}.kernel.width == 2 && windowed{.kernel = 7}.kernel.height == 7;
}

constexpr bool round_trip() {
  const outer before{.width = -7,
                     .bias = false,
                     .p = -0.0f,
                     .part = {.rank = 9, .scale = 0.1f},
                     .speed = pace::fast,
                     .epsilon = 1e-300,
                     .big = -(1LL << 60)};
  tt::slot slots[16]{};
  tt::store_options(before, slots);
  const outer after = tt::restore_options<outer>(slots);
  return after.width == -7 && !after.bias && std::bit_cast<std::uint32_t>(after.p) == 0x80000000u &&
         after.part.rank == 9 && after.part.scale == 0.1f && after.speed == pace::fast && after.epsilon == 1e-300 &&
         after.big == -(1LL << 60);
}

}  // namespace

static_assert(tt::option_count<nothing> == 0);
static_assert(tt::option_count<inner> == 2);
static_assert(tt::option_count<outer> == 8);
static_assert(tt::option_count<nested<inner>> == 3);
static_assert(tt::option_count<nested<nested<outer>>> == 10);
static_assert(tt::option_count<windowed> == 3);
static_assert(round_trip());
static_assert(extents_come_back());

TEST_CASE("options come back as they were, at run time too") {
  nested<inner> before{.scorer = {.rank = 4, .scale = 1.5f}, .heads = 8};
  tt::slot slots[3];
  tt::store_options(before, slots);
  const auto after = tt::restore_options<nested<inner>>(slots);
  CHECK(after.scorer.rank == 4);
  CHECK(after.scorer.scale == 1.5f);
  CHECK(after.heads == 8);
  CHECK(round_trip());
}
