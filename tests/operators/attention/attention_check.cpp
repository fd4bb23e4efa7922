// Every form of attention against the whole contract.
#include <doctest/doctest.h>
#include <tectum/check.hpp>
#include <tectum/operators/attention/multi_head_attention.hpp>

namespace tt = tectum;

namespace {

constexpr tt::shape vector(int width, bool optional = false) { return tt::shape_of(tt::features{width, optional}); }
constexpr tt::shape tokens(int length, int width, bool padded = false, bool optional = false) {
  return tt::shape_of(tt::sequence{length, width, padded, optional});
}

void holds(const tt::check_report& r) {
  MESSAGE(r.text());
  CHECK_MESSAGE(r.passed, r.text());
}

}  // namespace

TEST_CASE("attention keeps the contract") {
  holds(tt::check_operator(tt::attention{2}, {tokens(3, 4), tokens(5, 3), tokens(5, 2)}));
  holds(tt::check_operator(tt::attention{.heads = 2, .causal = true, .bias = false},
                           {tokens(3, 4, true), tokens(5, 3, true), tokens(5, 2, false, true)}));
  holds(tt::check_operator(tt::attention{2}, {tokens(3, 4, true), tokens(3, 4, true), tokens(3, 4, true)}));
}

TEST_CASE("self_attention keeps the contract") {
  holds(tt::check_operator(tt::self_attention{2}, {tokens(5, 6)}));
  holds(tt::check_operator(tt::self_attention{.heads = 2, .causal = true}, {tokens(5, 6, true)}));
  holds(tt::check_operator(tt::self_attention{.heads = 4, .width = 32}, {tokens(4, 3, true, true)}));
  holds(tt::check_operator(tt::self_attention{1}, {tokens(4, 3, false, true)}));
}

TEST_CASE("cross_attention keeps the contract") {
  holds(tt::check_operator(tt::cross_attention{2}, {tokens(3, 4), tokens(5, 3)}));
  holds(tt::check_operator(tt::cross_attention{2}, {vector(4, true), tokens(5, 3, true)}));
  holds(tt::check_operator(tt::cross_attention{2}, {vector(4), tokens(5, 3, true, true)}));
  holds(tt::check_operator(tt::cross_attention{.heads = 2, .width = 32}, {tokens(3, 4, true), tokens(5, 3, true)}));
  holds(tt::check_operator(tt::cross_attention{.heads = 2}, {tokens(3, 4), tokens(5, 3, false, true)}));
}

TEST_CASE("biased_attention keeps the contract") {
  holds(tt::check_operator(tt::biased_attention{2}, {tokens(3, 4), tokens(5, 3), tokens(5, 2), tokens(3, 5)}));
  holds(tt::check_operator(
      tt::biased_attention{.heads = 2, .causal = true},
      {tokens(3, 4, true), tokens(5, 3, true), tokens(5, 3, true), tt::shape_of(tt::picture{2, 3, 5})}));
}
