// The malicious .npy files M27 to M40, each with the error that it must give.
#include <doctest/doctest.h>

#include <tectum/io/npy.hpp>

#include "support.hpp"

using namespace io_test;

namespace {

const auto load = [](const std::string& path) { (void)tt::read_npy<float>(path); };

std::string npy(std::string_view dictionary, std::size_t data = 8, int major = 1, int minor = 0) {
  bytes out(std::string_view("\x93NUMPY", 6));
  out.little(static_cast<std::uint64_t>(major), 1).little(static_cast<std::uint64_t>(minor), 1);
  return out.little(dictionary.size(), major == 1 ? 2 : 4).add(dictionary).zeros(data).text;
}

std::string with(std::string_view descr, std::string_view fortran, std::string_view shape) {
  return "{'descr': " + std::string(descr) + ", 'fortran_order': " + std::string(fortran) +
         ", 'shape': " + std::string(shape) + "}\n";
}

std::string shaped(std::string_view shape) { return npy(with("'<f4'", "False", shape)); }

}  // namespace

TEST_CASE("hostile npy: M27-M29, M38 shapes") {
  CHECK(refusal(shaped("(2,)"), load).empty());
  check_refused(shaped("(4611686018427387904,)"), load,
                {"field shape: expected extents whose product is below 2^63 bytes"});
  check_refused(shaped("(4294967296, 4294967296)"), load, {"field shape", "[4294967296, 4294967296]"});
  check_refused(shaped("(0, 4611686018427387904, 4611686018427387904)"), load, {"field shape"});
  check_refused(shaped("(2305843009213693951,)"), load, {"data: expected 9223372036854775804 bytes", "given 8 bytes"});
  check_refused(shaped("(8589934592,)"), load, {"data: expected 34359738368 bytes"});
  check_refused(shaped("(-1,)"), load, {"field shape: expected extents of at least 0, given a negative extent"});
  check_refused(shaped("(99999999999999999999,)"), load, {"field shape: expected extents below 2^63"});
  std::string many = "(";
  for (int i = 0; i < 65; ++i) many += "1,";
  check_refused(shaped(many + ")"), load, {"field shape: expected at most 32 extents"});
  for (const char* shape :
       {"2", "(2)", "[2]", "(2L,)", "(2.0,)", "(02,)", "(2 1)", "(,)", "(2,", "((2,),)", "('2',)", "None", "(0x2,)"}) {
    CAPTURE(shape);
    check_refused(shaped(shape), load, {": expected"});
  }
}

TEST_CASE("hostile npy: M30, M34, M35, M40 lengths") {
  check_refused(bytes(std::string_view("\x93NUMPY\x02\x00\xff\xff\xff\xff\x00", 13)).text, load,
                {"header length: expected at most 1 byte, given 4294967295"});
  check_refused(npy(with("'<f4'", "False", "(2,)") + std::string(70'000, ' '), 8, 2), load,
                {"header length: expected at most 65536 bytes"});
  check_refused(npy(with("'<f4'", "False", "(2,)"), 7), load,
                {"data: expected 8 bytes for float32 [2], given 7 bytes"});
  check_refused(npy(with("'<f4'", "False", "(2,)"), 9), load, {"given 9 bytes"});
  check_refused(bytes(std::string_view("\x93NUMPY", 6)).zeros(100).text, load,
                {"version: expected 1.0, 2.0 or 3.0, given 0.0"});
  check_refused(std::string(100, '\0'), load, {"magic"});
  check_refused("", load, {"magic: expected 10 bytes", "a file of 0 bytes"});
  check_truncations(shaped("(2,)"), load);
  check_truncations(npy(with("'>f4'", "True", "(1, 2)"), 8, 2), load);
}

TEST_CASE("hostile npy: M31 objects, text and structures are refused by name") {
  const auto typed = [](std::string_view descr) { return npy(with(descr, "False", "(1,)")); };
  check_refused(typed("'|O'"), load, {"field descr", "objects (pickle) '|O'"});
  check_refused(typed("'<U8'"), load, {"field descr", "text '<U8'"});
  check_refused(typed("'|S8'"), load, {"field descr", "text"});
  check_refused(typed("'<c8'"), load, {"field descr", "complex numbers"});
  check_refused(typed("[('x', '<f4'), ('y', '<f4')]"), load,
                {"field descr: expected a plain number type, given a structured type"});
  for (const char* descr : {"'<f16'", "'<m8[ns]'", "'f4'", "''", "'<'", "'|f4'", "'<f3'", "'<F4'", "'<f44'"}) {
    CAPTURE(descr);
    check_refused(typed(descr), load, {"field descr"});
  }
}

TEST_CASE("hostile npy: M32, M33 byte order is converted; fortran_order is True or False") {
  CHECK(refusal(npy(with("'>f4'", "False", "(2,)")), load).empty());
  CHECK(refusal(npy(with("'<f4'", "True", "(2, 1)")), load).empty());
  for (const char* value : {"1", "0", "'True'", "true", "Truee", "None", ""}) {
    CAPTURE(value);
    check_refused(npy(with("'<f4'", value, "(2,)")), load, {"field fortran_order: expected True or False"});
  }
}

TEST_CASE("hostile npy: M36, M37, M39 dictionaries and versions") {
  check_refused(npy("{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (2,)}"), load,
                {"expected a string, given '_'"});
  check_refused(npy(std::string(60'000, '(')), load, {"expected '{', given '('"});
  check_refused(shaped(std::string(60'000, '(')), load, {"expected an extent in plain digits"});
  check_refused(npy("{'descr': '<f4', 'shape': (2,)}"), load, {"none called fortran_order"});
  check_refused(npy("{}"), load, {"none called descr"});
  check_refused(npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"), load,
                {"twice the key 'descr'"});
  check_refused(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}"), load, {"the key 'more'"});
  check_refused(npy("{'de\\x73cr': '<f4', 'fortran_order': False, 'shape': (2,)}"), load,
                {"expected the end of a string"});
  check_refused(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + {}"), load,
                {"nothing after the closing brace"});
  check_refused(npy(with("'<f4'", "False", "(2,)"), 8, 9, 9), load, {"version: expected 1.0, 2.0 or 3.0, given 9.9"});
  check_refused(npy(with("'<f4'", "False", "(2,)"), 8, 1, 1), load, {"given 1.1"});
}

TEST_CASE("hostile npy: every byte changed") {
  check_mutations(shaped("(2,)"), load);
  check_mutations(npy(with("'<i2'", "True", "(2, 2)"), 8, 3), load);
}
