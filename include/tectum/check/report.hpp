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
  bool thorough = false;             // batches of 31, 32, 33 and 65 samples as well
  bool independent_samples = true;   // false: an operator whose samples look at one another, as batch norm does
  double extreme = 1e4;              // inputs of +- this size; 0: leave that check out
  double gradient_tolerance = 1e-6;  // against central differences, in double
  double engine_tolerance = 1e-9;    // native against reference, in double
  double float_tolerance = 1e-4;     // float against double
  unsigned long long seed = 1;       // of everything that is drawn
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
  std::string title;
  bool passed = true;
  std::vector<check_result> checks;

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
  // "linear [3, 5]: 14 checks, worst gradient error 3.1e-10, float 2.4e-07", and a line for each failure.
  std::string text() const {
    const double input = worst("input gradients"), parameter = worst("parameter gradients");
    char numbers[96];
    std::snprintf(numbers, sizeof numbers, ": %d checks, worst gradient error %.1e, float %.1e",
                  static_cast<int>(checks.size()), input > parameter ? input : parameter, worst("float"));
    std::string s = title + numbers;
    for (const check_result& c : checks)
      if (!c.passed) s += std::string("\n  ") + c.check + ": " + c.detail;
    return s;
  }
  friend std::ostream& operator<<(std::ostream& to, const check_report& r) { return to << r.text(); }
};

}  // namespace tectum
