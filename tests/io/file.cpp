#include <doctest/doctest.h>

#include <filesystem>
#include <tectum/io/file.hpp>

#include "support.hpp"

using namespace io_test;

TEST_CASE("read_file: content, limit, and what is no file") {
  const std::string path = file_of("hello", "plain.bin");
  CHECK(tt::read_file(path).size() == 5);
  CHECK_THROWS_WITH(tt::read_file(path, 4), (path + ": file: expected at most 4 bytes, given 5 bytes").c_str());
  CHECK_THROWS_AS(tt::read_file(path + ".none"), tt::file_error);
  CHECK_THROWS_WITH(
      tt::read_file(folder().string()),
      (folder().string() + ": file: expected a regular file, given a directory, a device or a pipe").c_str());
}

TEST_CASE("byte_source: a read past the end names the item, from a file as from memory") {
  const bytes content("12345678");
  std::byte out[4];
  const tt::byte_source memory(content.span(), "memory");
  memory.read(4, out, "tail");
  CHECK(out[0] == std::byte{'5'});
  CHECK_THROWS_WITH(memory.read(5, out, "tail"), "memory: tail: expected 4 bytes at offset 5, given a file of 8 bytes");
  const tt::byte_source file(file_of(content.text, "source.bin"));
  file.read(4, out, "tail");
  CHECK(out[3] == std::byte{'8'});
  CHECK_THROWS_AS(file.read(~std::uint64_t{0}, out, "tail"), tt::file_error);
}

TEST_CASE("atomic_file: the old content stays until commit, and nothing is left behind") {
  const std::string path = file_of("old", "atomic.bin");
  {
    tt::atomic_file file(path);
    file.write(bytes("half of the new").span());
    CHECK(std::filesystem::exists(path + ".tmp"));
    CHECK(content_of(path) == "old");
  }
  CHECK(content_of(path) == "old");
  CHECK_FALSE(std::filesystem::exists(path + ".tmp"));
  tt::write_file(path, bytes("new").span());
  CHECK(content_of(path) == "new");
  CHECK_FALSE(std::filesystem::exists(path + ".tmp"));
  CHECK_THROWS_AS(tt::write_file((folder() / "no_such_folder" / "x").string(), bytes("x").span()), tt::file_error);
}

TEST_CASE("file_error: one line for one problem, a line each for several, control characters made visible") {
  const tt::file_error one("f", {{"tensor 'w'", "[2]", "[3]"}});
  CHECK(std::string(one.what()) == "f: tensor 'w': expected [2], given [3]");
  const tt::file_error two("f", {{"a", "1", "2"}, {"b", "3", "4"}});
  CHECK(std::string(two.what()) == "f: 2 problems:\n  a: expected 1, given 2\n  b: expected 3, given 4");
  CHECK(two.problems().size() == 2);
  CHECK(tt::io_detail::shown("a\nb\x1b") == "'a\\x0ab\\x1b'");
  CHECK(tt::io_detail::shown(std::string(200, 'x')).size() < 130);
}
