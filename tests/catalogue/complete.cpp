// No operator can be forgotten: every name that a header under operators/ gives is visited by some family.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "runner.hpp"

namespace {

struct named_operator {
  std::string name, header;
};

// Names in quotes, and those that a header hands to a base: elementwise_fusion<"sum">.
std::vector<named_operator> in_text(const std::string& text, const std::string& header) {
  static const std::regex name("const char\\s*\\*\\s*name\\s*=\\s*\"([^\"]+)\"|\\w+<\"([^\"]+)\">");
  std::vector<named_operator> all;
  for (std::sregex_iterator i(text.begin(), text.end(), name), end; i != end; ++i)
    all.push_back({(*i)[1].matched ? (*i)[1] : (*i)[2], header});
  return all;
}
// Names that are given in another way would be overlooked.
bool given_otherwise(const std::string& text) {
  static const std::regex name("const char\\s*\\*\\s*name\\s*=\\s*(?!\"|Name\\.characters)\\w");
  return std::regex_search(text, name);
}

std::vector<std::string> missing(const std::vector<named_operator>& all) {
  const auto holds = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<std::string> none;
  for (const named_operator& o : all)
    if (!holds(catalogue::visited(), o.name)) none.push_back(o.name + " (" + o.header + ")");
  return none;
}

}  // namespace

TEST_CASE("the catalogue visits every operator") {
  const std::filesystem::path root = std::filesystem::path(TECTUM_SOURCE) / "include/tectum/operators";
  std::vector<named_operator> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".hpp") continue;
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    const std::string header = std::filesystem::relative(entry.path(), root).string();
    const auto found = in_text(text.str(), header);
    all.insert(all.end(), found.begin(), found.end());
    CHECK_MESSAGE(!given_otherwise(text.str()), header << ": a name that is not a literal");
  }
  REQUIRE(all.size() >= 40);
  for (const std::string& name : missing(all)) FAIL_CHECK("not in the catalogue: " << name);
}

TEST_CASE("a forgotten operator is named") {
  const auto all = in_text(
      "struct a { static constexpr const char* name = \"linear\"; };\n"
      "struct b {\n  static constexpr const char* name =\n      \"forgotten\";\n};",
      "layers/b.hpp");
  REQUIRE(all.size() == 2);
  CHECK(missing(all) == std::vector<std::string>{"forgotten (layers/b.hpp)"});
  CHECK(in_text("struct sum : detail::elementwise_fusion<\"sum\"> {", "sum.hpp").size() == 1);
  CHECK(given_otherwise("static constexpr const char* name = name_of(kind);"));
  CHECK(!given_otherwise("static constexpr const char* name = \"a\";"));
}
