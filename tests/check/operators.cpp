// The checker accepts what is right: the first operators of the library, on every kind of input.
#include <doctest/doctest.h>

#include <tectum/check.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/losses/cross_entropy.hpp>

namespace tt = tectum;

namespace {
constexpr tt::shape padded(int length, int width, bool optional = false) {
  return tt::shape_of(tt::sequence{.length = length, .width = width, .padded = true, .optional = optional});
}
constexpr tt::shape optional(int width) { return tt::shape_of(tt::features{.width = width, .optional = true}); }

bool keeps_the_contract(const tt::check_report& r) {
  MESSAGE(r.text());
  return r.passed;
}
}  // namespace

TEST_CASE("linear") {
  CHECK(keeps_the_contract(tt::check_operator(tt::linear{5}, {tt::features_of(3)}, {.thorough = true})));
  CHECK(keeps_the_contract(tt::check_operator(tt::linear{33, false}, {tt::features_of(40)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::linear{5}, {tt::sequence_of(4, 3)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::linear{5}, {padded(4, 3)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::linear{4}, {padded(4, 3, true)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::linear{5}, {optional(3)})));
}

TEST_CASE("activations") {
  CHECK(keeps_the_contract(tt::check_operator(tt::relu, {tt::features_of(37)}, {.thorough = true})));
  CHECK(keeps_the_contract(tt::check_operator(tt::tanh, {tt::features_of(37)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::sigmoid, {tt::picture_of(2, 3, 5)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::gelu, {tt::sequence_of(3, 7)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::silu, {padded(3, 7)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::tanh, {padded(3, 7, true)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::gelu_tanh, {optional(9)})));
}

TEST_CASE("concat") {
  CHECK(keeps_the_contract(
      tt::check_operator(tt::concat{}, {tt::features_of(7), tt::features_of(7), tt::features_of(2)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::concat{}, {tt::features_of(7), optional(3), optional(4)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::concat{}, {tt::sequence_of(3, 4), tt::sequence_of(3, 5)})));
  CHECK(keeps_the_contract(tt::check_operator(tt::concat{}, {padded(3, 4, true), padded(3, 5, true)})));
}

TEST_CASE("cross_entropy") {
  const tt::shape classes = tt::shape_of(tt::category{7});
  CHECK(keeps_the_contract(tt::check_operator(tt::cross_entropy{}, {tt::features_of(7), classes}, {.thorough = true})));
  CHECK(keeps_the_contract(tt::check_operator(tt::cross_entropy{.label_smoothing = 0.1f, .class_weights = true},
                                              {tt::features_of(7), classes})));
}

TEST_CASE("a report names the operator, its inputs and the worst errors") {
  const tt::check_report r = tt::check_operator(tt::linear{5}, {padded(4, 3)});
  CHECK(r.text().find("linear [4, 3] padded: 22 checks of ") == 0);
  CHECK(r.text().find(" s, worst gradient error ") != std::string::npos);
  CHECK(r.name == "linear");
  REQUIRE(r.find("parameter gradients"));
  CHECK(r.find("parameter gradients")->count == 20);
  CHECK(r.find("input gradients")->count < 36);  // the valid places of three samples
  CHECK(r.worst("input gradients") > 0);
  CHECK(r.worst("float") > 1e-9);
  CHECK(!r.find("same value twice"));
  CHECK(tt::check_operator(tt::concat{}, {tt::features_of(2), tt::features_of(2)}).find("same value twice"));
}

TEST_CASE("shapes that an operator refuses are reported with its sentence") {
  const tt::check_report r = tt::check_operator(tt::linear{0}, {tt::features_of(3)});
  CHECK(r.failed("shapes"));
  CHECK(r.text().find("linear: features must be 1 or more (0)") != std::string::npos);
  CHECK(tt::check_operator(tt::cross_entropy{}, {padded(2, 3), tt::shape_of(tt::category{3})}).failed("shapes"));
}
