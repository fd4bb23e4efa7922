#include <doctest/doctest.h>

#include <limits>
#include <tectum/io/reader.hpp>

#include "support.hpp"

using namespace io_test;

TEST_CASE("checked_product: products, negatives, overflow, and the zero that would hide one") {
  constexpr std::int64_t huge = std::int64_t{1} << 62, largest = std::numeric_limits<std::int64_t>::max();
  const auto product = [](std::vector<std::int64_t> extents, std::uint64_t unit = 1) {
    return tt::checked_product(extents, unit);
  };
  CHECK(product({}) == 1u);
  CHECK(product({2, 3, 4}, 8) == 192u);
  CHECK(product({0, 5}) == 0u);
  CHECK(product({largest}) == static_cast<std::uint64_t>(largest));
  CHECK_FALSE(product({huge, 2}));
  CHECK_FALSE(product({largest}, 2));
  CHECK_FALSE(product({2, -1}));
  CHECK_FALSE(product({0, huge, huge}));
  CHECK_FALSE(product({huge, huge, 0}));
  CHECK_FALSE(product({std::int64_t{1} << 32, std::int64_t{1} << 32}));
  CHECK(tt::checked_product({5u, 0u, 7u}) == 0u);
  CHECK(tt::checked_product({1u << 31, 1u << 31}) == std::uint64_t{1} << 62);
  CHECK_FALSE(tt::checked_product({std::numeric_limits<std::uint64_t>::max(), 1u}));
}

TEST_CASE("reader: takes what is there and refuses what is not, without moving") {
  const bytes content = bytes("ab").little(0x01020304, 4).big(0x0506, 2);
  tt::reader r(content.span());
  CHECK(r.peek() == 'a');
  CHECK(r.skip(2));
  std::uint32_t word = 0;
  CHECK(r.little(word));
  CHECK(word == 0x01020304u);
  std::uint64_t wide = 99;
  CHECK_FALSE(r.little(wide));
  CHECK(wide == 99);
  CHECK(r.left() == 2);
  CHECK(r.position() == 6);
  std::span<const std::byte> taken;
  CHECK_FALSE(r.bytes(3, taken));
  CHECK_FALSE(r.skip(std::numeric_limits<std::uint64_t>::max()));
  std::uint16_t half = 0;
  CHECK(r.big(half));
  CHECK(half == 0x0506);
  CHECK(r.at_end());
  CHECK(r.peek() == -1);
  CHECK_FALSE(r.skip(1));
  CHECK(r.bytes(0, taken));
}

TEST_CASE("load: floats in both orders") {
  const bytes little = bytes().little(0x3fc00000, 4), big = bytes().big(0x3ff8000000000000u, 8);
  CHECK(tt::load_little<float>(little.span().first<4>()) == 1.5f);
  CHECK(tt::load_big<double>(big.span().first<8>()) == 1.5);
}
