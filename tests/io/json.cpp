#include <doctest/doctest.h>

#include <string>
#include <tectum/io/json.hpp>

#include "support.hpp"

using namespace io_test;

namespace {

// The decoded string, or "!" and what was expected.
std::string decoded(std::string_view text) {
  const bytes content(text);
  tt::json_reader json(content.span());
  tt::json_string out;
  if (!json.string(out) || !json.end()) return std::string("!") + json.error();
  return out.text();
}

std::string number(std::string_view text) {
  const bytes content(text);
  tt::json_reader json(content.span());
  std::uint64_t out = 0;
  if (!json.unsigned_integer(out) || !json.end()) return "!";
  return std::to_string(out);
}

// Counts the members of an object of arrays of integers; -1: refused.
int members(std::string_view text) {
  const bytes content(text);
  tt::json_reader json(content.span());
  int count = 0;
  tt::json_string key;
  bool more = false, element = false;
  if (!json.open_object()) return -1;
  while (json.next_member(key, more) && more) {
    ++count;
    std::uint64_t value = 0;
    if (!json.open_array()) return -1;
    while (json.next_element(element) && element)
      if (!json.unsigned_integer(value)) return -1;
  }
  return json.end() ? count : -1;
}

}  // namespace

TEST_CASE("json: strings with escapes, and what is refused") {
  CHECK(decoded(R"("plain")") == "plain");
  CHECK(decoded(R"("a\"\\\/\b\f\n\r\tz")") == "a\"\\/\b\f\n\r\tz");
  CHECK(decoded(R"("\u0041\u00e9\u20ac\ud83d\ude00")") == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(decoded("\"\xc3\xa9\"") == "\xc3\xa9");
  for (const char* bad : {R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", R"("\u0000")", R"("\u12g4")", R"("\x41")",
                          R"("\u12)", R"("abc)", R"("abc\)", "\"\n\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
                          "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "\"\xc3", "'a'", "", "\"a\" x"}) {
    CAPTURE(bad);
    CHECK(decoded(bad).starts_with("!"));
  }
  CHECK(decoded(std::string_view("\"a\0b\"", 5)) == "!no control character in a string");
}

TEST_CASE("json: a key with escapes equals the plain name") {
  const bytes content(R"("d\u0074ype")");
  tt::json_reader json(content.span());
  tt::json_string out;
  REQUIRE(json.string(out));
  CHECK(out == "dtype");
}

TEST_CASE("json: only plain unsigned integers below 2^64") {
  CHECK(number("0") == "0");
  CHECK(number(" 42 ") == "42");
  CHECK(number("18446744073709551615") == "18446744073709551615");
  for (const char* bad : {"18446744073709551616", "99999999999999999999", "-1", "+1", "1e3", "16.0", "0x10", "00", "01",
                          "", "\"1\"", "null", "1 2"}) {
    CAPTURE(bad);
    CHECK(number(bad) == "!");
  }
}

TEST_CASE("json: commas, colons and brackets where they belong") {
  CHECK(members("{}") == 0);
  CHECK(members(R"( {"a":[], "b" : [1 ,2]} )") == 2);
  for (const char* bad : {"", "{", "[", R"({"a")", R"({"a":)", R"({"a":[1})", R"({"a":[1,]})", R"({"a":[1],})",
                          R"({"a":[1 2]})", R"({,"a":[1]})", R"({"a":[1]}})", R"({"a":[1]} x)", R"({a:[1]})",
                          R"({"a" [1]})", R"({"a":1})", R"({"a":[1] "b":[2]})", R"({"a":[[]]})"}) {
    CAPTURE(bad);
    CHECK(members(bad) == -1);
  }
}

TEST_CASE("json: nesting is limited") {
  const bytes content(std::string(100000, '['));
  tt::json_reader json(content.span(), 4);
  bool more = false;
  int depth = 0;
  while (json.open_array() && json.next_element(more)) ++depth;
  CHECK(depth == 4);
  CHECK(std::string(json.error()) == "less nesting");
}

TEST_CASE("json: nothing is allocated") {
  const bytes content(R"({"key":["value", 12]})");
  reset_peak();
  const std::size_t before = live_bytes();
  tt::json_reader json(content.span());
  tt::json_string key, value;
  bool more = false, element = false;
  std::uint64_t number = 0;
  const bool read = json.open_object() && json.next_member(key, more) && json.open_array() &&
                    json.next_element(element) && json.string(value) && json.next_element(element) &&
                    json.unsigned_integer(number) && json.next_element(element) && json.next_member(key, more) &&
                    json.end();
  const std::size_t peak = peak_bytes();
  CHECK(read);
  CHECK(peak == before);
  CHECK(number == 12);
}
