// Helpers of the io tests: bytes made in memory, temporary files, and the check that a reader refuses a file well.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <tectum/io/error.hpp>
#include <vector>

namespace io_test {

namespace tt = tectum;

// Bytes that operator new has handed out and not got back, now and at most since reset (counting_allocator.cpp).
std::size_t live_bytes();
std::size_t peak_bytes();
void reset_peak();

// A file's content under construction.
struct bytes {
  std::string text;

  bytes() = default;
  explicit bytes(std::string_view start) : text(start) {}
  bytes& add(std::string_view more) {
    text += more;
    return *this;
  }
  bytes& little(std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) text += static_cast<char>(static_cast<unsigned char>((value >> (8 * i)) & 0xff));
    return *this;
  }
  bytes& big(std::uint64_t value, int width) {
    for (int i = width; i-- > 0;) text += static_cast<char>(static_cast<unsigned char>((value >> (8 * i)) & 0xff));
    return *this;
  }
  bytes& zeros(std::size_t count) {
    text.append(count, '\0');
    return *this;
  }
  std::span<const std::byte> span() const { return std::as_bytes(std::span(text.data(), text.size())); }
};

// A folder of its own for each process, removed at its end.
inline const std::filesystem::path& folder() {
  struct owned {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("tectum_io_" + std::to_string(static_cast<long>(::getpid())));
    owned() { std::filesystem::create_directories(path); }
    ~owned() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  };
  static const owned it;
  return it.path;
}

inline std::string file_of(std::string_view content, const std::string& title = "hostile.bin") {
  const std::string path = (folder() / title).string();
  std::filesystem::remove(path);  // ext4 writes a file that replaces its own content to the disk at once: slow
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

inline std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What the reader says of such a file; empty: it accepts it. Also checks that the text names the file, and what the
// attempt cost.
template <class Read>
std::string refusal(std::string_view content, Read read) {
  const std::string path = file_of(content);
  std::string said;
  reset_peak();
  const std::size_t before = live_bytes();
  const auto start = std::chrono::steady_clock::now();
  try {
    read(path);
  } catch (const tt::file_error& e) {
    said = e.what();
    CHECK(said.starts_with(path + ":"));
    CHECK_FALSE(e.problems().empty());
  }
  if (!said.empty()) {
    CHECK(peak_bytes() - before < (1u << 20));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(500));
  }
  return said;
}

template <class Read>
void check_refused(std::string_view content, Read read, std::initializer_list<std::string_view> parts) {
  const std::string said = refusal(content, read);
  for (const std::string_view part : parts) {
    CAPTURE(said);
    CAPTURE(part);
    CHECK(said.find(part) != std::string::npos);
  }
}

// Every shorter file must be refused.
template <class Read>
void check_truncations(std::string_view content, Read read) {
  REQUIRE(refusal(content, read).empty());
  for (std::size_t length = 0; length < content.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(refusal(content.substr(0, length), read).empty());
  }
}

// Every byte replaced by some others: accepted or refused, never anything else (the sanitizers watch).
template <class Read>
void check_mutations(std::string content, Read read) {
  int refused = 0;
  for (std::size_t at = 0; at < content.size(); ++at)
    for (const unsigned flip : {0x01u, 0x80u, 0xffu, 0x10u}) {
      const char kept = content[at];
      content[at] = static_cast<char>(static_cast<unsigned char>(kept) ^ flip);
      refused += !refusal(content, read).empty();
      content[at] = kept;
    }
  CHECK(refused > 0);
}

// The folder of the real data; empty where this machine has none.
inline std::string shared_folder() {
  if (const char* from = std::getenv("TECTUM_SHARED")) return from;
#ifdef TECTUM_SHARED_DIR
  return TECTUM_SHARED_DIR;
#else
  return "";
#endif
}

}  // namespace io_test
