#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <tectum/io/scalar.hpp>

#include "support.hpp"

using namespace io_test;
using tt::io_detail::convert;
using tt::io_detail::from_bfloat;
using tt::io_detail::from_half;

// On bits, so that the test means the same under -ffast-math.
static std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }

TEST_CASE("half and bfloat16: known values") {
  CHECK(from_half(0x3c00) == 1.0f);
  CHECK(from_half(0xc000) == -2.0f);
  CHECK(from_half(0x7bff) == 65504.0f);
  CHECK(from_half(0x0400) == 0x1p-14f);
  CHECK(from_half(0x0001) == 0x1p-24f);
  CHECK(from_half(0x83ff) == -1023 * 0x1p-24f);
  CHECK(bits_of(from_half(0x8000)) == 0x80000000u);
  CHECK(bits_of(from_half(0xfc00)) == 0xff800000u);
  CHECK(bits_of(from_half(0x7e01)) == 0x7fc02000u);
  CHECK(from_bfloat(0x3fc0) == 1.5f);
  CHECK(bits_of(from_bfloat(0xff80)) == 0xff800000u);
}

TEST_CASE("half: every finite value is what its fields say") {
  for (unsigned bits = 0; bits < 0x7c00; ++bits) {
    const unsigned exponent = bits >> 10, fraction = bits & 0x3ff;
    const double wanted =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, static_cast<int>(exponent) - 25);
    REQUIRE(static_cast<double>(from_half(static_cast<std::uint16_t>(bits))) == wanted);
  }
}

TEST_CASE("convert: what fits passes, what does not is refused") {
  std::uint8_t byte = 0;
  std::int32_t word = 0;
  std::int64_t wide = 0;
  float single = 0;
  double twice = 0;
  CHECK(convert(std::int64_t{255}, byte));
  CHECK_FALSE(convert(std::int64_t{256}, byte));
  CHECK_FALSE(convert(std::int8_t{-1}, byte));
  CHECK(convert(std::uint64_t{7}, word));
  CHECK_FALSE(convert(~std::uint64_t{0}, wide));
  CHECK(convert(std::int32_t{1 << 24}, single));
  CHECK_FALSE(convert(std::int32_t{(1 << 24) + 1}, single));
  CHECK_FALSE(convert(std::int32_t{-(1 << 24) - 1}, single));
  CHECK(convert(std::int32_t{(1 << 24) + 1}, twice));
  CHECK(convert(3.0f, word));
  CHECK(word == 3);
  CHECK(convert(-3.0f, word));
  CHECK_FALSE(convert(2.5, word));
  CHECK_FALSE(convert(-1.0, byte));
  CHECK_FALSE(convert(0x1p31, word));
  CHECK(convert(-0x1p31, word));
  CHECK_FALSE(convert(0x1p63, wide));
  CHECK_FALSE(convert(std::numeric_limits<double>::quiet_NaN(), word));
  CHECK_FALSE(convert(std::numeric_limits<float>::infinity(), wide));
  CHECK(convert(0.1, single));
  CHECK(single == 0.1f);
  CHECK_FALSE(convert(1e39, single));
  CHECK_FALSE(convert(-1e39, single));
  CHECK(convert(std::numeric_limits<double>::infinity(), single));
  CHECK(bits_of(single) == 0x7f800000u);
}

TEST_CASE("convert_elements: both byte orders, and a bool that is neither 0 nor 1") {
  std::size_t bad = 99;
  const bytes big = bytes().big(0x0102, 2).big(0xffff, 2), truth = bytes().little(1, 1).little(2, 1);
  std::vector<float> out(2);
  CHECK(tt::io_detail::convert_elements(big.span(), tt::stored_type::i16, std::endian::big, std::span(out), bad));
  CHECK(out == std::vector<float>{258, -1});
  CHECK(tt::io_detail::convert_elements(big.span(), tt::stored_type::u16, std::endian::little, std::span(out), bad));
  CHECK(out == std::vector<float>{513, 65535});
  CHECK_FALSE(tt::io_detail::convert_elements(truth.span(), tt::stored_type::boolean, std::endian::little,
                                              std::span(out), bad));
  CHECK(bad == 1);
}

static_assert(tt::stored_type_of<float>() == tt::stored_type::f32);
static_assert(tt::stored_type_of<double>() == tt::stored_type::f64);
static_assert(tt::stored_type_of<std::int8_t>() == tt::stored_type::i8);
static_assert(tt::stored_type_of<std::uint64_t>() == tt::stored_type::u64);
static_assert(tt::stored_type_of<long long>() == tt::stored_type::i64);
