// The malicious safetensors files M01 to M26, each with the error that it must give.
#include <doctest/doctest.h>

#include <filesystem>
#include <limits>
#include <tectum/io/safetensors.hpp>

#include "support.hpp"

using namespace io_test;

namespace {

const auto list = [](const std::string& path) { (void)tt::safetensors_file(path); };

bool sink_called = false;

// The strict load of a model with w [2, 2] and b [2].
const auto strict = [](const std::string& path) {
  const auto sink = [](std::span<const float>) { sink_called = true; };
  const std::vector<tt::expected_tensor> expected = {{"w", {2, 2}, sink}, {"b", {2}, sink}};
  sink_called = false;
  struct verify {
    bool accepted = false;
    ~verify() { CHECK(sink_called == accepted); }
  } after;
  tt::read_safetensors(path, expected);
  after.accepted = true;
};

std::string file(std::string_view header, std::size_t data = 24) {
  return bytes().little(header.size(), 8).add(header).zeros(data).text;
}

std::string entry(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return std::string(R"({"dtype":")") + std::string(dtype) + R"(","shape":)" + std::string(shape) +
         R"(,"data_offsets":)" + std::string(offsets) + "}";
}

const std::string w = R"("w":)" + entry("F32", "[2,2]", "[0,16]"), b = R"("b":)" + entry("F32", "[2]", "[16,24]");
const std::string good = "{" + w + "," + b + "}";

void both(std::string_view content, std::initializer_list<std::string_view> parts) {
  check_refused(content, list, parts);
  check_refused(content, strict, parts);
}

}  // namespace

TEST_CASE("hostile safetensors: the unharmed file is read, as with blanks before and behind the header (M21)") {
  CHECK(refusal(file(good), list).empty());
  CHECK(refusal(file(good), strict).empty());
  CHECK(refusal(file("   " + good + "  \n\t"), strict).empty());
  CHECK(refusal(file("{" + b + " , " + w + "}"), strict).empty());  // listed in another order than it lies
}

TEST_CASE("hostile safetensors: M01-M03 empty, 7 bytes, header lengths that lie") {
  both("", {"header length: expected 8 bytes at offset 0, given a file of 0 bytes"});
  both("1234567", {"header length", "a file of 7 bytes"});
  for (const std::uint64_t length : {std::numeric_limits<std::uint64_t>::max(), std::uint64_t{1} << 63,
                                     std::uint64_t{8 + good.size() + 24 - 7}, std::uint64_t{0xfffffff8u}})
    both(bytes().little(length, 8).add(good).zeros(24).text,
         {"header length: expected at most the " + std::to_string(good.size() + 24) + " bytes left in the file",
          std::to_string(length)});
  both(bytes().little(0, 8).text, {"header, byte 8: expected an object"});
}

TEST_CASE("hostile safetensors: M04-M06 products that wrap, and a zero that hides one") {
  for (const char* shape :
       {"[2,18446744073709551614]", "[2,9223372036854775807]", "[0,9223372036854775808,9223372036854775808]",
        "[0,4611686018427387904,4611686018427387904]", "[4294967296,4294967296]", "[4611686018427387904,4]"}) {
    CAPTURE(shape);
    both(file(R"({"w":)" + entry("F32", shape, "[0,24]") + "}"), {"tensor 'w': expected extents", "below 2^63"});
  }
}

TEST_CASE("hostile safetensors: M07-M12 overlaps, holes, offsets that run backwards or out, bytes behind") {
  both(file("{" + w + R"(,"b":)" + entry("F32", "[2]", "[8,16]") + "}", 16),
       {"without overlap or hole", "from byte 8"});
  both(file("{" + w + R"(,"b":)" + entry("F32", "[2,2]", "[0,16]") + "}", 16),
       {"without overlap or hole", "from byte 0"});
  both(file("{" + w + R"(,"b":)" + entry("F32", "[2]", "[20,28]") + "}", 28),
       {"tensor 'b'", "from byte 16 on", "from byte 20"});
  both(file(R"({"w":)" + entry("F32", "[2]", "[8,16]") + "}", 16), {"from byte 0 on"});
  both(file("{" + w + R"(,"b":)" + entry("F32", "[2]", "[24,16]") + "}"),
       {"tensor 'b': expected data_offsets that run forward"});
  both(file("{" + w + R"(,"b":)" + entry("F32", "[2]", "[16,32]") + "}"),
       {"tensor 'b': expected data within the file's 24 bytes"});
  both(file("{" + w + R"(,"b":)" + entry("F32", "[2]", "[18446744073709551608,18446744073709551615]") + "}"),
       {"data within"});
  both(file(good, 124), {"data: expected 24 bytes as listed in the header, given 124 bytes in the file"});
  both(file(good) + std::string("PK\x05\x06", 4) + std::string(18, '\0'), {"given 46 bytes in the file"});
  both(file("{}", 1), {"data: expected 0 bytes"});
}

TEST_CASE("hostile safetensors: M13, M14 headers of many megabytes are refused unread") {
  // Sparse files: the size is true, so that only the limit can refuse.
  const std::string path = file_of(bytes().little(100'000'000, 8).text, "sparse.safetensors");
  std::filesystem::resize_file(path, 8 + 100'000'000);
  reset_peak();
  const std::size_t before = live_bytes();
  CHECK_THROWS_WITH(
      list(path),
      (path + ": header length: expected at most 16777216 bytes for these tensors, given 100000000").c_str());
  CHECK_THROWS_AS(strict(path), tt::file_error);
  CHECK(peak_bytes() - before < (1u << 20));
  std::string many = "{";
  for (int i = 0; i < 20000; ++i)
    many += R"("a)" + std::to_string(i) + R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)";
  many.back() = '}';
  check_refused(file(many, 0), strict, {"header length: expected at most"});
  check_refused(file(std::string(100'000, ' ') + good), strict, {"header length: expected at most"});
}

TEST_CASE("hostile safetensors: M13 in small: as many unknown names as the header may hold") {
  std::string many = "{";
  for (int i = 0; i < 1150; ++i)
    many += R"("a)" + std::to_string(i) + R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)";
  many.back() = '}';
  check_refused(file(many, 0), strict, {"501 problems", "tensor 'w': expected [2, 2], given none", "further problems"});
}

TEST_CASE("hostile safetensors: M15-M17 nesting and duplicates") {
  both(file(std::string(60'000, '[')), {"header, byte 8: expected an object"});
  both(file(R"({"w":{"dtype":"F32","shape":)" + std::string(60'000, '[')), {"expected an unsigned integer"});
  both(file("{" + w + "," + w + "}", 16), {"tensor 'w': expected each name once"});
  both(file("{" + w + R"(,"\u0077":)" + entry("F32", "[2]", "[16,24]") + "}"), {"tensor 'w': expected each name once"});
  both(file(R"({"w":{"dtype":"F32","shape":[2],"shape":[6],"data_offsets":[0,24]}})"),
       {"tensor 'w': expected one field shape"});
  both(file(R"({"w":{"dtype":"F32","dtype":"F32","shape":[6],"data_offsets":[0,24]}})"), {"one field dtype"});
  both(file(R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[0,24],"data_offsets":[0,24]}})"),
       {"one field data_offsets"});
}

TEST_CASE("hostile safetensors: M18 metadata that is not text, twice, or with a key twice") {
  for (const char* value : {"1", "{}", "[]", "null", "true"}) {
    CAPTURE(value);
    both(file(std::string(R"({"__metadata__":{"k":)") + value + "}," + w + "," + b + "}"), {"expected a string"});
  }
  both(file(R"({"__metadata__":"x",)" + w + "," + b + "}"), {"expected an object"});
  both(file(R"({"__metadata__":{},"__metadata__":{},)" + w + "," + b + "}"), {"expected one __metadata__"});
  both(file(R"({"__metadata__":{"k":"1","k":"2"},)" + w + "," + b + "}"), {"metadata 'k': expected one value"});
}

TEST_CASE("hostile safetensors: M19 names that are not text") {
  for (const char* name : {"\xff", "\xc0\xaf", "\\ud800", "\\udfff", "\\u0000", "\x01"}) {
    CAPTURE(name);
    both(file(std::string("{\"") + name + "\":" + entry("F32", "[6]", "[0,24]") + "}"), {"header, byte 10: expected"});
  }
  both(file(std::string("{\"a\0b\":", 7) + entry("F32", "[6]", "[0,24]") + "}"), {"no control character"});
}

TEST_CASE("hostile safetensors: M20 numbers that are not plain") {
  for (const char* number : {"1e3", "-1", "16.0", "0x10", "00", "99999999999999999999", "\"16\"", "null", "+1", ""}) {
    CAPTURE(number);
    both(file(R"({"w":)" + entry("F32", "[6]", std::string("[0,") + number + "]") + "}"),
         {"header, byte", "unsigned integer"});
    both(file(R"({"w":)" + entry("F32", std::string("[6,") + number + "]", "[0,24]") + "}"),
         {"header, byte", "unsigned integer"});
  }
  both(file(R"({"w":)" + entry("F32", "[6]", "[0]") + "}"), {"two data_offsets, given fewer"});
  both(file(R"({"w":)" + entry("F32", "[6]", "[0,24,24]") + "}"), {"two data_offsets, given more"});
}

TEST_CASE("hostile safetensors: M22, M23 dtypes that are not supported, and a size that is not theirs") {
  for (const char* dtype : {"F8_E8M0", "C64", "f32", "", "F4", "F32 "}) {
    CAPTURE(dtype);
    both(file(R"({"w":)" + entry(dtype, "[3]", "[0,24]") + "}"), {"tensor 'w'", "unsupported dtype", dtype});
  }
  both(file(R"({"w":)" + entry("F64", "[6]", "[0,24]") + "}"), {"tensor 'w': expected 48 bytes for float64 [6]"});
  both(file(R"({"w":)" + entry("F32", "[]", "[0,24]") + "}"), {"expected 4 bytes for float32 []"});
  both(file(R"({"w":{"dtype":"F32","shape":[6],"data_offsets":[0,24],"more":1}})"), {"given the field 'more'"});
  both(file(R"({"w":{"dtype":"F32","shape":[6]}})"), {"expected a field data_offsets, given none"});
  std::string deep = "[1";
  for (int i = 0; i < 40; ++i) deep += ",1";
  both(file(R"({"w":)" + entry("F32", deep + "]", "[0,4]") + "}", 4), {"at most 32 extents"});
}

TEST_CASE("hostile safetensors: M24 names: a megabyte, a path, another normal form") {
  const auto named = [](const std::string& name) {
    return file("{\"" + name + "\":" + entry("F32", "[6]", "[0,24]") + "}");
  };
  check_refused(named(std::string(1 << 20, 'x')), strict, {"header length: expected at most"});
  check_refused(named(std::string(5000, 'x')), list, {"(cut, 5000 bytes): expected a name of at most 4096 bytes"});
  check_refused(named("../../x"), strict, {"tensor '../../x': expected no such tensor"});
  CHECK(refusal(named("../../x"), list).empty());  // a name is only a name
  CHECK(refusal(file("{\"\xc3\xa9\":" + entry("F32", "[4]", "[0,16]") +
                     ",\"e\xcc\x81\":" + entry("F32", "[2]", "[16,24]") + "}"),
                list)
            .empty());
}

TEST_CASE("hostile safetensors: M25, M26 all that is wrong in one error") {
  check_refused(file(R"({"w":)" + entry("F32", "[4]", "[0,16]") + "," + b + "}"), strict,
                {"tensor 'w': expected [2, 2], given float32 [4]"});
  check_refused(file(R"({"ww":)" + entry("F32", "[1]", "[0,4]") + R"(,"x":)" + entry("F32", "[1]", "[4,8]") +
                     R"(,"b":)" + entry("I64", "[2]", "[8,24]") + "}"),
                strict,
                {"4 problems", "tensor 'b': expected floating point of at most 32 bits, given int64",
                 "tensor 'w': expected [2, 2], given none", "tensor 'ww': expected no such tensor",
                 "tensor 'x': expected no such tensor"});
}

TEST_CASE("hostile safetensors: cut at every byte, and every byte changed") {
  check_truncations(file(good), list);
  check_truncations(file(good), strict);
  check_mutations(file(good), strict);
  check_mutations(file(R"({"__metadata__":{"a\u00e9":"b"},)" + w + "," + b + "}"), list);
}
