#include "runner.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <tectum/check.hpp>

#include "../allocation/counting.hpp"

namespace catalogue {
namespace {

long long from_environment(const char* name, long long otherwise) {
  const char* const text = std::getenv(name);
  return text && *text ? std::atoll(text) : otherwise;
}

}  // namespace

int draws() { return static_cast<int>(from_environment("TECTUM_DRAWS", 8)); }
unsigned long long first_seed() { return static_cast<unsigned long long>(from_environment("TECTUM_SEED", 1)); }

std::vector<std::string>& visited() {
  static std::vector<std::string> all;
  return all;
}

runner::runner(const char* family) : family_(family) {}

runner::~runner() {
  tt::check_summary all;
  std::printf("%s\n", tt::check_summary::heading().c_str());
  for (const tt::check_summary& s : table_) {
    std::printf("%s\n", s.text().c_str());
    all.add(s);
  }
  all.name = family_;
  std::printf("%s\n", all.text().c_str());
}

void runner::begin() { table_.emplace_back(); }

void runner::check(const tt::detail::checked_operator& op, const std::string& options,
                   const std::vector<tt::shape>& inputs, tt::check_options how, unsigned long long seed) {
  how.seed = seed;
  how.gradient_elements = 60;
  how.allocations = [] { return allocations.load(); };
  how.threads = 4;
  const tt::check_report r = tt::check_without_type(op, inputs, how);
  table_.back().add(r);
  if (!r.passed)
    FAIL_CHECK(std::string(family_) << ", seed " << seed << " (TECTUM_SEED=" << seed << " TECTUM_DRAWS=1): " << r.name
                                    << options << "\n"
                                    << r.text());
  else CHECK(r.passed);
}

}  // namespace catalogue
