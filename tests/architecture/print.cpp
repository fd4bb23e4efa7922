// The table and the drawings.
#include <doctest/doctest.h>

#include <string>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/print.hpp>

namespace tt = tectum;

namespace {

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"t"> t;
constexpr tt::name<"y"> y;
inline constexpr auto network = tt::architecture([] {
  return tt::equations(a = tt::input{tt::features{3}}, b = tt::input{tt::features{3}}, t = tt::linear{4} | tt::relu,
                       y = tt::fuse(tt::concat{}, a | t, b | t) | tt::frozen(tt::linear{2, false}));
});

std::string without_blanks_at_ends(const std::string& s) {
  std::string r;
  for (const char c : s) {
    if (c == '\n')
      while (!r.empty() && r.back() == ' ') r.pop_back();
    r += c;
  }
  return r;
}

}  // namespace

TEST_CASE("the table counts what is shared once") {
  CHECK(without_blanks_at_ends(tt::table<network>()) ==
        "equation            operator            result                          parameters   multiply-adds\n"
        "a                   input               features [3]\n"
        "b                   input               features [3]\n"
        "t                   linear              features [4]                            16              12\n"
        "t                   relu                features [4]\n"
        "t                   linear              features [4]                          (16)              12\n"
        "t                   relu                features [4]\n"
        "y                   concat              features [8]\n"
        "y                   linear, frozen      features [2]                            16              16\n"
        "parameters: 32\n"
        "  of which frozen: 16\n"
        "multiply-adds a sample: 40\n");
}

TEST_CASE("the drawings have a box a value and an arrow an input") {
  CHECK(tt::mermaid<network>() ==
        "flowchart TD\n"
        "  v0([\"a<br>input<br>features [3]\"])\n  v1([\"b<br>input<br>features [3]\"])\n"
        "  v2[\"linear<br>features [4]\"]\n  v3[\"relu<br>features [4]\"]\n  v4[\"linear<br>features [4]\"]\n"
        "  v5[\"relu<br>features [4]\"]\n  v6[\"concat<br>features [8]\"]\n  v7[\"y<br>linear<br>features [2]\"]\n"
        "  v0 --> v2\n  v2 --> v3\n  v1 --> v4\n  v4 --> v5\n  v3 --> v6\n  v5 --> v6\n  v6 --> v7\n");
  const std::string dot = tt::dot<network>();
  CHECK(dot.substr(0, 41) == "digraph architecture {\n  node [shape=box]");
  CHECK(dot.find("  v0 [label=\"a\\ninput\\nfeatures [3]\", style=rounded];\n") != std::string::npos);
  CHECK(dot.find("  v6 -> v7;\n}\n") != std::string::npos);
}
