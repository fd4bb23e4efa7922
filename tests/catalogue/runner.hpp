// Walks over a family of the catalogue: every operator in many draws against the whole contract, with its allocations
// counted and in four threads. TECTUM_DRAWS says how many draws an operator (8), TECTUM_SEED where they begin (1).
#pragma once

#include <string>
#include <tectum/check/steps.hpp>
#include <vector>

#include "../operators/catalogue.hpp"

namespace catalogue {

int draws();
unsigned long long first_seed();

// The names of the operators that a family visits, for `complete`.
std::vector<std::string>& visited();

// "{8, 1, 0.5}"
template <class T>
std::string options_text(const T& options) {
  if constexpr (tt::detail::is_number<T>) {
    if constexpr (std::is_arithmetic_v<T>) return std::to_string(options);
    else return std::to_string(static_cast<long long>(tt::detail::to_slot(options)));
  } else {
    std::string s;
    tt::detail::with_members(options, [&](const auto&... member) {
      ((s += (s.empty() ? "" : ", ") + options_text(member)), ...);
      return 0;
    });
    return "{" + s + "}";
  }
}

// Collects names without drawing.
struct names {
  template <class Draw>
  void operator()(const Draw&) const {
    using op = decltype(std::declval<Draw>()(std::declval<dice&>()).op);
    visited().push_back(op::name);
  }
};

class runner {
 public:
  explicit runner(const char* family);
  ~runner();  // prints the table
  template <class Draw>
  void operator()(const Draw& draw) {
    ++visit_;
    for (int i = 0; i < draws(); ++i) {
      const unsigned long long seed = first_seed() + static_cast<unsigned long long>(i);
      dice d(seed * 1000 + visit_);
      const auto drawing = draw(d);
      if (i == 0) begin();
      check(tt::detail::without_type(drawing.op), options_text(drawing.op), drawing.inputs, drawing.options, seed);
    }
  }

 private:
  void begin();
  void check(const tt::detail::checked_operator& op, const std::string& options, const std::vector<tt::shape>& inputs,
             tt::check_options how, unsigned long long seed);

  const char* family_;
  unsigned long long visit_ = 0;
  std::vector<tt::check_summary> table_;
};

}  // namespace catalogue
