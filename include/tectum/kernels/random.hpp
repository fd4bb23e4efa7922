// Counter-based random numbers, Philox 4x32-10: the value at (seed, stream, counter) does not depend on what was drawn
// before, so any thread or sample can draw its own.
#pragma once

#include <tectum/kernels/math.hpp>

TECTUM_PRECISE_BEGIN
namespace tectum::inline TECTUM_ABI {
namespace random {

struct block {
  std::uint32_t word[4];
};

// Ten rounds of Philox 4x32 on a 128-bit counter with a 64-bit key.
constexpr block philox(block counter, std::uint64_t key) noexcept {
  auto low_key = static_cast<std::uint32_t>(key), high_key = static_cast<std::uint32_t>(key >> 32);
  auto [a, b, c, d] = counter.word;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53u} * a, second = std::uint64_t{0xCD9E8D57u} * c;
    a = static_cast<std::uint32_t>(second >> 32) ^ b ^ low_key;
    b = static_cast<std::uint32_t>(second);
    c = static_cast<std::uint32_t>(first >> 32) ^ d ^ high_key;
    d = static_cast<std::uint32_t>(first);
    low_key += 0x9E3779B9u;
    high_key += 0xBB67AE85u;
  }
  return {{a, b, c, d}};
}

// The four words of values 4 * number ... 4 * number + 3 of a stream.
constexpr block words(std::uint64_t seed, std::uint64_t stream, std::uint64_t number) noexcept {
  return philox({{static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32),
                  static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}},
                seed);
}
constexpr std::uint32_t word(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter) noexcept {
  return words(seed, stream, counter / 4).word[counter % 4];
}

// [0, 1), a multiple of 2^-24.
constexpr float to_uniform(std::uint32_t word) noexcept { return static_cast<float>(word >> 8) * 0x1p-24f; }
constexpr float uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter) noexcept {
  return to_uniform(word(seed, stream, counter));
}

// A whole number in [0, below); below > 0.
constexpr std::uint32_t whole(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter,
                              std::uint32_t below) noexcept {
  return static_cast<std::uint32_t>((std::uint64_t{word(seed, stream, counter)} * below) >> 32);
}

// Mean 0, deviation 1, after Box and Muller; values 2i and 2i + 1 come of the same two words.
inline float normal(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter) noexcept {
  const block b = words(seed, stream, counter / 4);
  const int pair = static_cast<int>(counter % 4) / 2 * 2;
  const float u = static_cast<float>((b.word[pair] >> 8) + 1u) * 0x1p-24f;  // (0, 1]
  float sine, cosine;
  math::sin_cos_turns(to_uniform(b.word[pair + 1]), sine, cosine);
  const float radius = math::sqrt(-2.0f * math::log(u));
  return radius * (counter % 2 ? sine : cosine);
}

}  // namespace random
}  // namespace tectum
TECTUM_PRECISE_END
