// A strict pull reader of the JSON that a safetensors header needs: objects, arrays, strings, unsigned integers. It
// builds nothing and allocates nothing; strings stay where they lie until asked for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tectum/io/reader.hpp>
#include <tectum/io/utf8.hpp>

namespace tectum::inline TECTUM_ABI {

// A string as it stands between its quotes, already proved to be valid UTF-8 with valid escapes and no NUL.
struct json_string {
  std::string_view raw;
  bool escaped = false;  // raw holds at least one backslash

  // Appends the text itself.
  void append_to(std::string& out) const;
  std::string text() const {
    std::string out;
    append_to(out);
    return out;
  }
  bool operator==(std::string_view other) const { return escaped ? text() == other : raw == other; }
};

namespace io_detail {

constexpr int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The four digits of a \u escape; -1 where they are not.
constexpr int code_unit(std::string_view digits) {
  if (digits.size() < 4) return -1;
  int unit = 0;
  for (const char c : digits.substr(0, 4)) {
    const int digit = hexadecimal(c);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

}  // namespace io_detail

inline void json_string::append_to(std::string& out) const {
  std::string_view rest = raw;
  while (!rest.empty()) {
    const std::size_t plain = std::min(rest.find('\\'), rest.size());
    out += rest.substr(0, plain);
    rest.remove_prefix(plain);
    if (rest.size() < 2) return;
    const char c = rest[1];
    rest.remove_prefix(2);
    if (c != 'u') {
      out += c == 'b' ? '\b' : c == 'f' ? '\f' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
      continue;
    }
    auto code = static_cast<std::uint32_t>(io_detail::code_unit(rest));
    rest.remove_prefix(4);
    if (code >= 0xd800 && code < 0xdc00) {  // the low half follows: the reader has seen to that
      code =
          0x10000 + ((code - 0xd800) << 10) + static_cast<std::uint32_t>(io_detail::code_unit(rest.substr(2))) - 0xdc00;
      rest.remove_prefix(6);
    }
    io_detail::append_utf8(out, code);
  }
}

// Every operation says whether the text allowed it; after the first that did not, error() says what was expected and
// position() where, in bytes, and nothing else succeeds.
//   if (!json.open_object()) ...; for (bool more; json.next_member(key, more) && more;) { json.string(value) ... }
class json_reader {
 public:
  constexpr explicit json_reader(std::span<const std::byte> text, int depth_limit = 4)
      : input_(text),
        depth_limit_(depth_limit < 30 ? depth_limit : 30) {}

  constexpr const char* error() const noexcept { return error_; }
  constexpr std::size_t position() const noexcept { return input_.position(); }

  [[nodiscard]] constexpr bool open_object() { return open('{', "an object"); }
  [[nodiscard]] constexpr bool open_array() { return open('[', "an array"); }

  // The next key of the open object, its colon taken; more = false: the object has ended.
  [[nodiscard]] constexpr bool next_member(json_string& key, bool& more) {
    if (!next('}', more) || !more) return error_ == nullptr;
    if (!string(key)) return false;
    blanks();
    return take(':') || wrong("':' after a key");
  }
  // Whether the open array has another element; more = false: the array has ended.
  [[nodiscard]] constexpr bool next_element(bool& more) { return next(']', more); }

  // An integer below 2^64: no sign, no fraction, no exponent, no leading zero.
  [[nodiscard]] constexpr bool unsigned_integer(std::uint64_t& out) {
    blanks();
    constexpr const char* what = "an unsigned integer below 2^64 in plain digits";
    if (error_ || !is_digit()) return wrong(what);
    const bool zero = input_.peek() == '0';
    std::uint64_t value = 0;
    int digits = 0;
    for (; is_digit(); ++digits) {
      const auto digit = static_cast<std::uint64_t>(input_.peek() - '0');
      if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) || __builtin_add_overflow(value, digit, &value))
        return wrong(what);
      (void)input_.skip(1);
    }
    const int after = input_.peek();
    if ((zero && digits > 1) || after == '.' || after == 'e' || after == 'E' || after == 'x') return wrong(what);
    out = value;
    return true;
  }

  [[nodiscard]] bool string(json_string& out) {
    blanks();
    if (error_ || !take('"')) return wrong("a string");
    std::span<const std::byte> rest;
    reader ahead = input_;
    (void)ahead.bytes(ahead.left(), rest);
    const std::string_view text(reinterpret_cast<const char*>(rest.data()), rest.size());
    std::size_t at = 0;
    bool escaped = false;
    while (at < text.size() && text[at] != '"') {
      std::size_t length = 0;
      if (text[at] == '\\') {
        escaped = true;
        length = escape_length(text.substr(at));
        if (length == 0) return wrong_at(at, "a valid escape, with no NUL and no lone surrogate, in a string");
      } else {
        if (static_cast<unsigned char>(text[at]) < 0x20) return wrong_at(at, "no control character in a string");
        length = io_detail::utf8_length(text.substr(at));
        if (length == 0) return wrong_at(at, "valid UTF-8 in a string");
      }
      at += length;
    }
    if (at >= text.size()) return wrong_at(at, "the end of a string");
    out = {text.substr(0, at), escaped};
    return input_.skip(at + 1);
  }

  // Nothing but blanks may follow.
  [[nodiscard]] constexpr bool end() {
    blanks();
    return (!error_ && depth_ == 0 && input_.at_end()) || wrong("nothing after the closing brace");
  }

 private:
  constexpr bool wrong(const char* expected) {
    if (!error_) error_ = expected;
    return false;
  }
  constexpr bool wrong_at(std::size_t ahead, const char* expected) {
    (void)input_.skip(ahead);
    return wrong(expected);
  }
  constexpr bool is_digit() const { return input_.peek() >= '0' && input_.peek() <= '9'; }
  constexpr bool take(char c) { return input_.peek() == c && input_.skip(1); }
  constexpr void blanks() {
    while (input_.peek() == ' ' || input_.peek() == '\t' || input_.peek() == '\n' || input_.peek() == '\r')
      (void)input_.skip(1);
  }
  constexpr bool open(char bracket, const char* what) {
    blanks();
    if (error_ || input_.peek() != bracket) return wrong(what);
    if (depth_ >= depth_limit_) return wrong("less nesting");
    (void)input_.skip(1);
    started_ &= ~(std::uint32_t{1} << ++depth_);
    return true;
  }
  // Takes the comma or the closing bracket.
  constexpr bool next(char bracket, bool& more) {
    more = false;
    blanks();
    if (error_) return false;
    if (take(bracket)) {
      --depth_;
      return true;
    }
    const std::uint32_t bit = std::uint32_t{1} << depth_;
    if ((started_ & bit) && !take(',')) return wrong(bracket == '}' ? "',' or '}'" : "',' or ']'");
    started_ |= bit;
    more = true;
    return true;
  }
  // Bytes of the escape at the front; 0: it is none.
  static constexpr std::size_t escape_length(std::string_view text) {
    if (text.size() < 2) return 0;
    if (text[1] != 'u') return std::string_view("\"\\/bfnrt").find(text[1]) == std::string_view::npos ? 0 : 2;
    const int unit = io_detail::code_unit(text.substr(2));
    if (unit <= 0 || (unit >= 0xdc00 && unit < 0xe000)) return 0;
    if (unit < 0xd800 || unit >= 0xe000) return 6;
    if (text.substr(6, 2) != "\\u") return 0;
    const int low = io_detail::code_unit(text.substr(8));
    return low >= 0xdc00 && low < 0xe000 ? 12 : 0;
  }

  reader input_;
  int depth_ = 0, depth_limit_;
  std::uint32_t started_ = 0;  // bit d: the bracket at depth d has had a first element
  const char* error_ = nullptr;
};

}  // namespace tectum::inline TECTUM_ABI
