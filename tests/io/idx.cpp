#include <doctest/doctest.h>

#include <tectum/io/idx.hpp>

#include "support.hpp"

using namespace io_test;

namespace {

bytes idx(unsigned type, std::initializer_list<std::uint64_t> extents) {
  bytes out;
  out.big(type, 4 - 1).big(extents.size(), 1);
  for (const std::uint64_t extent : extents) out.big(extent, 4);
  return out;
}

std::string zipped(const std::string& content) {
  const std::string path = (folder() / "packed.gz").string();
  gzFile file = ::gzopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(::gzwrite(file, content.data(), static_cast<unsigned>(content.size())) == static_cast<int>(content.size()));
  REQUIRE(::gzclose(file) == Z_OK);
  return content_of(path);
}

const auto load = [](const std::string& path) { (void)tt::read_idx<float>(path); };

}  // namespace

TEST_CASE("idx: every type, plain and gzipped") {
  const auto read = [](const bytes& content) { return tt::read_idx<double>(file_of(content.text, "test.idx")).data; };
  CHECK(read(idx(8, {2}).big(1, 1).big(255, 1)) == std::vector<double>{1, 255});
  CHECK(read(idx(9, {1}).big(255, 1)) == std::vector<double>{-1});
  CHECK(read(idx(11, {1}).big(0xfffe, 2)) == std::vector<double>{-2});
  CHECK(read(idx(12, {1}).big(258, 4)) == std::vector<double>{258});
  CHECK(read(idx(13, {1}).big(0x3fc00000, 4)) == std::vector<double>{1.5});
  CHECK(read(idx(14, {1}).big(0x3ff8000000000000u, 8)) == std::vector<double>{1.5});
  const bytes picture = idx(8, {2, 3, 1}).add("abcdef");
  for (const std::string& content : {picture.text, zipped(picture.text)}) {
    const auto a = tt::read_idx<std::uint8_t>(file_of(content, "picture.idx"));
    CHECK(a.extents == std::vector<std::int64_t>{2, 3, 1});
    CHECK(a.data == std::vector<std::uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'});
  }
  const std::string large = idx(8, {100'000}).zeros(100'000).text;  // several blocks
  CHECK(tt::read_idx<std::uint8_t>(file_of(zipped(large), "large.idx")).data.size() == 100'000);
}

TEST_CASE("idx: labels are held to the number of classes (M53)") {
  const std::string path = file_of(idx(8, {3}).big(0, 1).big(9, 1).big(255, 1).text, "labels.idx");
  CHECK(tt::read_idx_labels(path, 256) == std::vector<std::int32_t>{0, 9, 255});
  CHECK_THROWS_WITH(tt::read_idx_labels(path, 10),
                    (path + ": element 2: expected a label from 0 to 9, given 255").c_str());
  CHECK_THROWS_AS(tt::read_idx_labels(file_of(idx(8, {1, 1}).zeros(1).text, "labels.idx"), 10), tt::file_error);
  CHECK_THROWS_AS(tt::read_idx_labels(file_of(idx(9, {1}).big(255, 1).text, "labels.idx"), 10), tt::file_error);
}

TEST_CASE("hostile idx: M51 extents, types and magics that lie, plain and gzipped") {
  const auto both = [](const std::string& content, std::initializer_list<std::string_view> parts) {
    check_refused(content, load, parts);
    check_refused(zipped(content), load, parts);
  };
  both(idx(8, {1u << 31, 1u << 31, 1u << 31}).text, {"extents: expected extents whose product is below 2^63 bytes"});
  both(idx(14, {1u << 31, 1u << 31}).text, {"whose product is below 2^63"});
  both(idx(8, {0xffffffffu}).zeros(10).text, {"data: expected 4294967295 bytes for uint8 [4294967295], given at most"});
  both(idx(8, {0, 28, 28}).text, {"extents: expected extents of at least 1, given [0, 28, 28]"});
  both(idx(7, {1}).zeros(1).text, {"type byte: expected 8, 9, 11, 12, 13 or 14, given 7"});
  both(bytes().big(8, 3).big(0, 1).zeros(8).text, {"number of extents: expected 1 to 8, given 0"});
  both(bytes().big(8, 3).big(255, 1).zeros(8).text, {"number of extents", "given 255"});
  both(bytes().big(0x0100, 2).big(0x0801, 2).big(1, 4).zeros(1).text, {"magic: expected two zero bytes"});
  both(idx(8, {2}).zeros(3).text, {"data: expected nothing after 2 bytes"});
  both(idx(8, {9'000}).zeros(8'999).text, {"data: expected"});
  // What deflate could have packed into so few bytes is believed until the bytes run out.
  check_refused(zipped(idx(8, {15'000}).zeros(14'999).text), load, {"data: expected 15000 bytes, given 14999 bytes"});
}

TEST_CASE("hostile idx: cut at every byte, every byte changed") {
  const std::string plain = idx(11, {2, 2}).big(0x0001000200030004u, 8).text;
  check_truncations(plain, load);
  check_truncations(zipped(plain), load);
  check_mutations(plain, load);
  check_mutations(zipped(plain), load);
}
