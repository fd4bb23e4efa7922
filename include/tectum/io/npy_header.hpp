// The dictionary in the header of a .npy file: three keys, read strictly; nothing in it can run.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tectum/io/reader.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

namespace io_detail {

// The header's Python dictionary: exactly the keys descr, fortran_order and shape, each once.
class npy_header_parser {
 public:
  npy_header_parser(const std::string& label, std::span<const std::byte> text) : label_(label), text_(text) {}

  std::string_view descr;
  bool fortran = false;
  std::vector<std::int64_t> extents;

  void parse() {
    bool seen[3] = {};
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      const int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      if (which < 0 || seen[which])
        fail(label_, "header", "the keys descr, fortran_order and shape, each once",
             (which < 0 ? "the key " : "twice the key ") + shown(key));
      seen[which] = true;
      expect(':');
      if (which == 0) descr = type_string();
      if (which == 1) fortran = boolean();
      if (which == 2) tuple();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    for (const int which : {0, 1, 2})
      if (!seen[which])
        fail(label_, "header", "the keys descr, fortran_order and shape",
             std::string("none called ") + (which == 0   ? "descr"
                                            : which == 1 ? "fortran_order"
                                                         : "shape"));
    blanks();
    if (!text_.at_end()) wrong("nothing after the closing brace");
  }

 private:
  [[noreturn]] void wrong(const char* expected) const {
    const int c = text_.peek();
    const char given = static_cast<char>(c);
    fail(label_, "header, byte " + std::to_string(text_.position()) + " of the dictionary", expected,
         c < 0 ? "its end" : shown(std::string_view(&given, 1)));
  }
  void blanks() {
    while (text_.peek() == ' ' || text_.peek() == '\n' || text_.peek() == '\t') (void)text_.skip(1);
  }
  bool accept(char c) {
    blanks();
    return text_.peek() == c && text_.skip(1);
  }
  void expect(char c) {
    const char what[] = {'\'', c, '\'', '\0'};
    if (!accept(c)) wrong(what);
  }
  std::string_view take_while(bool (*wanted)(int)) {
    std::size_t length = 0;
    reader ahead = text_;
    while (ahead.peek() >= 0 && wanted(ahead.peek()) && ahead.skip(1)) ++length;
    std::span<const std::byte> taken;
    (void)text_.bytes(length, taken);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  std::string_view string() {
    blanks();
    const int quote = text_.peek();
    if (quote != '\'' && quote != '"') wrong("a string");
    (void)text_.skip(1);
    const std::string_view content =
        take_while([](int c) { return c >= 0x20 && c < 0x7f && c != '\'' && c != '"' && c != '\\'; });
    if (text_.peek() != quote) wrong("the end of a string");
    (void)text_.skip(1);
    return content;
  }
  std::string_view type_string() {
    blanks();
    if (text_.peek() == '[') fail(label_, "field descr", "a plain number type", "a structured type");
    return string();
  }
  bool boolean() {
    blanks();
    const std::string_view word = take_while([](int c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; });
    if (word != "True" && word != "False") fail(label_, "field fortran_order", "True or False", shown(word));
    return word == "True";
  }
  void tuple() {
    constexpr std::size_t most = 32;
    expect('(');
    bool comma = true;
    while (!accept(')')) {
      if (!comma) wrong("',' or ')'");
      if (text_.peek() == '-') fail(label_, "field shape", "extents of at least 0", "a negative extent");
      const std::string_view digits = take_while([](int c) { return c >= '0' && c <= '9'; });
      if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) wrong("an extent in plain digits");
      std::int64_t extent = 0;
      for (const char digit : digits)
        if (__builtin_mul_overflow(extent, std::int64_t{10}, &extent) ||
            __builtin_add_overflow(extent, std::int64_t{digit - '0'}, &extent))
          fail(label_, "field shape", "extents below 2^63", shown(digits));
      if (extents.size() == most) fail(label_, "field shape", "at most 32 extents", "more");
      extents.push_back(extent);
      comma = accept(',');
    }
    if (extents.size() == 1 && !comma) fail(label_, "field shape", "a tuple", "a number in brackets");
  }

  const std::string& label_;
  reader text_;
};

}  // namespace io_detail

}  // namespace tectum::inline TECTUM_ABI
