// Strings that show an architecture; opt-in, for <string> is dear.
#pragma once

#include <string>
#include <tectum/architecture/print.hpp>

namespace tectum::inline TECTUM_ABI {

// A table with one row an operator, and the totals.
template <const auto& Architecture>
std::string table() {
  std::string s;
  write_table(compiled<Architecture>::view(), [&](const char* piece) { s += piece; });
  return s;
}
// A flow chart in Mermaid.
template <const auto& Architecture>
std::string mermaid() {
  std::string s;
  write_mermaid(compiled<Architecture>::view(), [&](const char* piece) { s += piece; });
  return s;
}
// A graph in DOT, for Graphviz.
template <const auto& Architecture>
std::string dot() {
  std::string s;
  write_dot(compiled<Architecture>::view(), [&](const char* piece) { s += piece; });
  return s;
}

}  // namespace tectum
