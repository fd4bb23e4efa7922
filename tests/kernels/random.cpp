#include <tectum/kernels/random.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace tectum;

TEST_CASE("random: Philox 4x32-10 gives the published words") {
  constexpr random::block zero = random::philox({{0, 0, 0, 0}}, 0);
  static_assert(zero.word[0] == 0x6627e8d5u && zero.word[1] == 0xe169c58du);
  static_assert(zero.word[2] == 0xbc57ac4cu && zero.word[3] == 0x9b00dbd8u);
  constexpr random::block ones =
      random::philox({{0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu}}, 0xffffffffffffffffu);
  static_assert(ones.word[0] == 0x408f276du && ones.word[1] == 0x41c83b0eu);
  static_assert(ones.word[2] == 0xa20bc7c6u && ones.word[3] == 0x6d5451fdu);
  const random::block pi = random::philox({{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}}, 0x299f31d0a4093822u);
  CHECK(pi.word[0] == 0xd16cfe09u);
  CHECK(pi.word[1] == 0x94fdcceb);
  CHECK(pi.word[2] == 0x5001e420u);
  CHECK(pi.word[3] == 0x24126ea1u);
}

TEST_CASE("random: uniform and normal numbers have their moments, streams and seeds differ") {
  constexpr int n = 100000;
  double sum = 0, squares = 0, normal = 0, normal_squares = 0, fourth = 0, product = 0;
  float lowest = 1, highest = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    const float u = random::uniform(5, 1, i);
    lowest = u < lowest ? u : lowest;
    highest = u > highest ? u : highest;
    sum += u;
    squares += u * u;
    product += (u - 0.5) * (random::uniform(5, 2, i) - 0.5);
    const double z = random::normal(5, 1, i);
    normal += z;
    normal_squares += z * z;
    fourth += z * z * z * z;
  }
  CHECK(lowest >= 0.0f);
  CHECK(highest < 1.0f);
  CHECK(std::fabs(sum / n - 0.5) < 0.004);
  CHECK(std::fabs(squares / n - 1.0 / 3) < 0.004);
  CHECK(std::fabs(product / n) < 0.002);
  CHECK(std::fabs(normal / n) < 0.015);
  CHECK(std::fabs(normal_squares / n - 1) < 0.02);
  CHECK(std::fabs(fourth / n - 3) < 0.15);
  CHECK(random::word(1, 0, 9) != random::word(2, 0, 9));
  CHECK(random::word(1, 0, 9) == random::words(1, 0, 2).word[1]);
  for (std::uint64_t i = 0; i < 100; ++i) CHECK(random::whole(3, 0, i, 7) < 7);
}
