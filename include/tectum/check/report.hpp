// What check_operator was asked, and what it found.
#pragma once

#include <cstdio>
#include <ostream>
#include <string>
#include <tectum/config.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

struct check_options {
  double low = -1, high = 1;         // range of the inputs' values
  int vocabulary = 2;                // ids are below it where the shape does not say how many there are
  int gradient_elements = 500;       // of a larger tensor so many, drawn, are compared with differences
  bool thorough = false;             // every element of every gradient
  bool independent_samples = true;   // false: an operator whose samples look at one another, as batch norm does
  double extreme = 1e4;              // inputs of +- this size; 0: leave that check out
  double gradient_tolerance = 1e-6;  // against central differences, in double
  double engine_tolerance = 1e-9;    // native against reference, in double
  double float_tolerance = 1e-4;     // float against double
  bool guard_pages = true;           // memory between pages that end the program when touched; where there are such
  std::size_t (*allocations)() = nullptr;  // how many were made so far: a run must make none
  int threads = 0;               // so many at once, with the same parameters, must find the same bits; 0: none
  bool stop_at_failure = false;  // leave out the checks behind the first that fails
  unsigned long long seed = 1;   // of everything that is drawn
};

// One kind of check. Errors are relative to the largest value of the tensor compared.
struct check_result {
  const char* check;
  bool passed = true;
  long long count = 0;  // numbers compared
  double worst = 0;     // largest error
  std::string detail;   // of the first failure
};

// passed: every check did. `checks` holds those that apply to the operator.
struct check_report {
  std::string name;   // of the operator
  std::string title;  // with its inputs
  bool passed = true;
  std::vector<check_result> checks;
  double seconds = 0;  // that it took

  const check_result* find(const std::string& check) const {
    for (const check_result& c : checks)
      if (c.check == check) return &c;
    return nullptr;
  }
  // Whether the check was made and went wrong.
  bool failed(const std::string& check) const {
    const check_result* c = find(check);
    return c && !c->passed;
  }
  double worst(const std::string& check) const {
    const check_result* c = find(check);
    return c ? c->worst : 0;
  }
  double worst_gradient() const {
    double w = 0;
    for (const char* check : {"input gradients", "parameter gradients", "inference gradients"})
      if (worst(check) > w) w = worst(check);
    return w;
  }
  // Numbers compared, of all checks.
  long long comparisons() const {
    long long n = 0;
    for (const check_result& c : checks) n += c.count;
    return n;
  }
  // "linear [3, 5]: 21 checks of 4012 numbers in 0.01 s, worst gradient error 3.1e-10, float 2.4e-07", and a line for
  // each failure.
  std::string text() const {
    char numbers[128];
    std::snprintf(numbers, sizeof numbers,
                  ": %d checks of %lld numbers in %.2f s, worst gradient error %.1e, float %.1e",
                  static_cast<int>(checks.size()), comparisons(), seconds, worst_gradient(), worst("float"));
    std::string s = title + numbers;
    for (const check_result& c : checks)
      if (!c.passed) s += std::string("\n  ") + c.check + ": " + c.detail;
    return s;
  }
  friend std::ostream& operator<<(std::ostream& to, const check_report& r) { return to << r.text(); }
};

// Several reports of one operator as a line of a table.
struct check_summary {
  std::string name;
  int reports = 0, failures = 0;
  long long checks = 0, comparisons = 0;
  double worst_gradient = 0, worst_float = 0, seconds = 0;

  void add(const check_report& r) {
    if (name.empty()) name = r.name;
    ++reports;
    failures += !r.passed;
    checks += static_cast<long long>(r.checks.size());
    comparisons += r.comparisons();
    if (r.worst_gradient() > worst_gradient) worst_gradient = r.worst_gradient();
    if (r.worst("float") > worst_float) worst_float = r.worst("float");
    seconds += r.seconds;
  }
  void add(const check_summary& s) {
    reports += s.reports;
    failures += s.failures;
    checks += s.checks;
    comparisons += s.comparisons;
    if (s.worst_gradient > worst_gradient) worst_gradient = s.worst_gradient;
    if (s.worst_float > worst_float) worst_float = s.worst_float;
    seconds += s.seconds;
  }
  static std::string heading() {
    return line("operator", "draws", "failures", "checks", "numbers", "gradient", "float", "seconds");
  }
  std::string text() const {
    const auto error = [](double e) {
      char s[32];
      std::snprintf(s, sizeof s, "%.1e", e);
      return std::string(s);
    };
    char time[32];
    std::snprintf(time, sizeof time, "%.2f", seconds);
    return line(name, std::to_string(reports), std::to_string(failures), std::to_string(checks),
                std::to_string(comparisons), error(worst_gradient), error(worst_float), time);
  }

 private:
  static std::string line(const std::string& a, const std::string& b, const std::string& c, const std::string& d,
                          const std::string& e, const std::string& f, const std::string& g, const std::string& h) {
    char s[192];
    std::snprintf(s, sizeof s, "%-24.40s %6s %9s %7s %10s %9s %9s %8s", a.c_str(), b.c_str(), c.c_str(), d.c_str(),
                  e.c_str(), f.c_str(), g.c_str(), h.c_str());
    return s;
  }
};

}  // namespace tectum
