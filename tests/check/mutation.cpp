#include "mutation.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <tectum/check.hpp>

// A mutant that touches a guard page is left by a jump, with what it had allocated: no leak of the library.
#ifdef __clang__
#if __has_feature(address_sanitizer)
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif
#endif

namespace mutation {

void table::add(const char* name, const tt::detail::checked_operator& op, const fault& f,
                const std::vector<std::vector<tt::shape>>& draws) {
  const bool right = f.before == cause::none && f.behind == change::count;
  tt::check_options options{.gradient_elements = 100, .stop_at_failure = !right};
  made_a_difference = false;
  std::string killed_by;
  for (const std::vector<tt::shape>& inputs : draws) {
    const tt::check_report r = tt::check_without_type(op, inputs, options);
    if (right) CHECK_MESSAGE(r.passed, r.text());
    for (const tt::check_result& c : r.checks)
      if (!c.passed && killed_by.empty()) killed_by = c.check;
    if (!killed_by.empty()) break;
  }
  if (right) {
    ++operators_;
    return;
  }
  if (!made_a_difference) return;
  ++mutants_;
  killed_ += !killed_by.empty();
  static const bool all = std::getenv("TECTUM_TABLE") != nullptr;
  if (all || killed_by.empty())
    std::printf("%-18s %-60s %s\n", name, f.text().c_str(), killed_by.empty() ? "SURVIVES" : killed_by.c_str());
  CHECK_MESSAGE(!killed_by.empty(), std::string(name) << " survives: " << f.text());
}

table::~table() {
  std::printf("%s: %d mutants of %d operators, %d killed, %d survive\n", title_, mutants_, operators_, killed_,
              mutants_ - killed_);
}

}  // namespace mutation
