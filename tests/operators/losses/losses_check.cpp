// Every loss against the whole contract.
#include <doctest/doctest.h>
#include <tectum/check.hpp>
#include <tectum/operators/losses.hpp>

namespace tt = tectum;

namespace {

void holds(const tt::check_report& r) {
  MESSAGE(r.text());
  CHECK_MESSAGE(r.passed, r.text());
}

}  // namespace

TEST_CASE("cross_entropy keeps the contract") {
  const tt::shape scores = tt::features_of(5), label = tt::shape_of(tt::category{5});
  holds(tt::check_operator(tt::cross_entropy{}, {scores, label}));
  holds(tt::check_operator(tt::cross_entropy{.label_smoothing = 0.1f, .class_weights = true}, {scores, label}));
}

TEST_CASE("mse keeps the contract") {
  const tt::shape vector = tt::features_of(5), optional = tt::shape_of(tt::features{5, true});
  holds(tt::check_operator(tt::mse{}, {vector, vector}));
  holds(tt::check_operator(tt::mse{}, {optional, optional}));
  holds(tt::check_operator(tt::mse{}, {tt::shape_of(tt::sequence{3, 2, true}), tt::shape_of(tt::sequence{3, 2})}));
}

TEST_CASE("l1 and huber keep the contract") {
  const tt::shape vector = tt::features_of(5), optional = tt::shape_of(tt::features{5, true});
  holds(tt::check_operator(tt::l1{}, {vector, vector}));
  holds(tt::check_operator(tt::l1{}, {optional, optional}));
  holds(tt::check_operator(tt::huber{0.5f}, {vector, vector}));
  holds(tt::check_operator(tt::huber{}, {tt::shape_of(tt::sequence{3, 2, true}), tt::shape_of(tt::sequence{3, 2})}));
}
