// What a reader says when it refuses a file: which file, which tensor or field, what was expected, what was given.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tectum/config.hpp>
#include <utility>
#include <vector>

namespace tectum::inline TECTUM_ABI {

// One thing that is wrong with a file.
struct file_problem {
  std::string item;      // "tensor 'w'", "field channels", "element 17"
  std::string expected;  // what would have been accepted
  std::string given;     // what the file holds
};

namespace io_detail {

inline std::string text_of(const std::string& file, std::span<const file_problem> problems) {
  std::string text = file + ":";
  if (problems.size() > 1) text += " " + std::to_string(problems.size()) + " problems:";
  for (const file_problem& p : problems) {
    text += problems.size() > 1 ? "\n  " : " ";
    text += p.item + ": expected " + p.expected + ", given " + p.given;
  }
  return text;
}

}  // namespace io_detail

// The error of every reader and writer of io/. what() reads "FILE: ITEM: expected X, given Y", one line a problem.
class file_error : public std::runtime_error {
 public:
  file_error(const std::string& path, std::vector<file_problem> problems)
      : std::runtime_error(io_detail::text_of(path, problems)),
        content_(std::make_shared<const content>(content{path, std::move(problems)})) {}

  const std::string& file() const noexcept { return content_->path; }
  const std::vector<file_problem>& problems() const noexcept { return content_->problems; }

 private:
  struct content {
    std::string path;
    std::vector<file_problem> problems;
  };
  std::shared_ptr<const content> content_;  // shared: copying an exception must not throw
};

namespace io_detail {

// Throws file_error; built without exceptions it prints the same text and aborts.
[[noreturn]] inline void fail(const std::string& path, std::vector<file_problem> problems) {
#if TECTUM_EXCEPTIONS
  throw file_error(path, std::move(problems));
#else
  std::fputs((text_of(path, problems) + "\n").c_str(), stderr);
  std::abort();
#endif
}

[[noreturn]] inline void fail(const std::string& path, std::string item, std::string expected, std::string given) {
  std::vector<file_problem> problems;
  problems.push_back({std::move(item), std::move(expected), std::move(given)});
  fail(path, std::move(problems));
}

// For options out of their range, which are the caller's own.
[[noreturn]] inline void refuse_argument(const std::string& sentence) {
#if TECTUM_EXCEPTIONS
  throw std::invalid_argument(sentence);
#else
  std::fputs((sentence + "\n").c_str(), stderr);
  std::abort();
#endif
}

// Text from a file, fit to be printed: cut to `limit` bytes, what is not printable ASCII or UTF-8 as \xNN.
inline std::string shown(std::string_view text, std::size_t limit = 96) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out = "'";
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  out += "'";
  if (text.size() > limit) out += " (cut, " + std::to_string(text.size()) + " bytes)";
  return out;
}

inline std::string text_of(std::span<const std::int64_t> extents) {
  std::string out = "[";
  for (std::size_t i = 0; i < extents.size(); ++i) out += (i ? ", " : "") + std::to_string(extents[i]);
  return out + "]";
}

inline std::string bytes_text(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " byte" : " bytes"); }

}  // namespace io_detail

}  // namespace tectum::inline TECTUM_ABI
