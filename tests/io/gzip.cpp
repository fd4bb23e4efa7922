#include <doctest/doctest.h>

#include <tectum/io/gzip.hpp>

#include "support.hpp"

using namespace io_test;

namespace {

std::string packed(std::string_view content) {
  std::string out(content.size() + 1000, '\0');
  z_stream stream{};
  REQUIRE(::deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

const auto unpack = [](const std::string& path) { (void)tt::gunzip(path, 300'000); };

}  // namespace

TEST_CASE("gzip: the content up to the limit, to the byte") {
  std::string content;
  for (int i = 0; i < 30'000; ++i) content += std::to_string(i);
  const std::string path = file_of(packed(content), "content.gz");
  const auto out = tt::gunzip(path, content.size());
  CHECK(std::string_view(reinterpret_cast<const char*>(out.data()), out.size()) == content);
  CHECK_THROWS_AS(tt::gunzip(path, content.size() - 1), tt::file_error);
  CHECK(tt::gunzip(path, ~std::uint64_t{0}).size() == content.size());
  CHECK(tt::gunzip(file_of(packed(""), "empty.gz"), 0).empty());
}

TEST_CASE("gzip: read in pieces, with fewer bytes only at the end") {
  const std::string path = file_of(packed("abcdefghij"), "pieces.gz");
  const tt::byte_source source(path);
  CHECK(tt::gzip_reader::recognises(source));
  tt::gzip_reader content(source);
  std::byte out[4];
  CHECK(content.read(out) == 4);
  CHECK(content.read(out) == 4);
  CHECK(content.read(out) == 2);
  CHECK(content.read(out) == 0);
}

TEST_CASE("hostile gzip: M52 bombs, truncation, checksum, two members, a long header") {
  check_refused(packed(std::string(20'000'000, '\0')), unpack, {"gzip: expected a content of at most 300000 bytes"});
  const std::string good = packed("some content of no great length");
  check_truncations(good, unpack);
  std::string wrong = good;
  wrong[wrong.size() - 6] ^= 1;
  check_refused(wrong, unpack, {"gzip: expected valid deflate data and checksum, given incorrect data check"});
  wrong = good;
  wrong[wrong.size() - 2] ^= 1;
  check_refused(wrong, unpack, {"incorrect length check"});
  check_refused(good + good, unpack, {"gzip: expected the end of the file after one member, given more bytes"});
  check_refused(good + "x", unpack, {"after one member"});
  check_refused("", unpack, {"truncated"});
  check_refused("no gzip at all", unpack, {"incorrect header check"});
  // A file name of 10 MB in the header that never ends.
  std::string named("\x1f\x8b\x08\x08\0\0\0\0\0\x03", 10);
  check_refused(named + std::string(10'000'000, 'n'), unpack, {"truncated"});
  check_mutations(good, unpack);
}
