// Every fusion operator against the whole contract.
#include <doctest/doctest.h>
#include <tectum/check.hpp>
#include <tectum/operators/fusion/attention_pool.hpp>
#include <tectum/operators/fusion/bilinear.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/low_rank_fusion.hpp>
#include <tectum/operators/fusion/maximum.hpp>
#include <tectum/operators/fusion/mean.hpp>
#include <tectum/operators/fusion/mlb.hpp>
#include <tectum/operators/fusion/product.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/fusion/tensor_fusion.hpp>

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

TEST_CASE("sum keeps the contract") {
  holds(tt::check_operator(tt::sum{}, {vector(5), vector(5)}));
  holds(tt::check_operator(tt::sum{}, {vector(5, true), vector(5), vector(5, true)}));
  holds(tt::check_operator(tt::sum{}, {tokens(4, 3, true), tokens(4, 3, true)}));
  holds(tt::check_operator(tt::sum{}, {tokens(4, 3, true, true), tokens(4, 3, true, true)}));
  holds(tt::check_operator(tt::sum{}, {tt::shape_of(tt::picture{2, 3, 3, true}), tt::shape_of(tt::picture{2, 3, 3})}));
}

TEST_CASE("product keeps the contract") {
  holds(tt::check_operator(tt::product{}, {vector(5), vector(5)}));
  holds(tt::check_operator(tt::product{}, {vector(5, true), vector(5), vector(5, true)}));
  holds(tt::check_operator(tt::product{}, {tokens(4, 3, true), tokens(4, 3, true)}));
}

TEST_CASE("concat keeps the contract") {
  holds(tt::check_operator(tt::concat{}, {vector(5, true), vector(3), vector(4, true)}));
  holds(tt::check_operator(tt::concat{}, {tokens(4, 3, true), tokens(4, 2, true)}));
}

TEST_CASE("bilinear keeps the contract") {
  holds(tt::check_operator(tt::bilinear{3}, {vector(4), vector(5)}));
  holds(tt::check_operator(tt::bilinear{34, false}, {vector(4, true), vector(5, true)}));
  holds(tt::check_operator(tt::bilinear{3}, {vector(5, true), vector(5)}));
}

TEST_CASE("mlb keeps the contract") {
  holds(tt::check_operator(tt::mlb{6, 3}, {vector(4), vector(5)}));
  holds(tt::check_operator(tt::mlb{6, 3, tt::activation::relu, false}, {vector(4, true), vector(5, true), vector(2)}));
  holds(tt::check_operator(tt::mlb{33, 3, tt::activation::sigmoid}, {vector(4, true), vector(4, true)}));
}

TEST_CASE("tensor_fusion keeps the contract") {
  holds(tt::check_operator(tt::tensor_fusion{}, {vector(4), vector(5)}));
  holds(tt::check_operator(tt::tensor_fusion{}, {vector(3, true), vector(3, true), vector(2, true)}));
  holds(tt::check_operator(tt::tensor_fusion{}, {vector(3, true)}));
}

TEST_CASE("low_rank_fusion keeps the contract") {
  holds(tt::check_operator(tt::low_rank_fusion{2, 3}, {vector(4), vector(5)}));
  holds(tt::check_operator(tt::low_rank_fusion{2, 32}, {vector(3, true), vector(2, true), vector(2)}));
  holds(tt::check_operator(tt::low_rank_fusion{3, 2}, {vector(3, true), vector(3, true)}));
}

TEST_CASE("mean and maximum keep the contract") {
  holds(tt::check_operator(tt::mean{}, {vector(5), vector(5)}));
  holds(tt::check_operator(tt::mean{}, {vector(5, true), vector(5), vector(5, true)}));
  holds(tt::check_operator(tt::mean{}, {tokens(4, 3, true), tokens(4, 3, true)}));
  holds(tt::check_operator(tt::maximum{}, {vector(5), vector(5)}));
  holds(tt::check_operator(tt::maximum{}, {vector(5, true), vector(5), vector(5, true)}));
  holds(tt::check_operator(tt::maximum{}, {tokens(4, 3, true), tokens(4, 3, true)}));
}

TEST_CASE("attention_pool keeps the contract, whatever scores") {
  holds(tt::check_operator(tt::attention_pool{tt::mlb{6, 1}}, {tokens(4, 3), vector(5)}));
  holds(tt::check_operator(tt::attention_pool{tt::mlb{6, 1}}, {tokens(4, 3, true), vector(5, true)}));
  holds(tt::check_operator(tt::attention_pool{tt::bilinear{1}}, {tokens(4, 3, true, true), vector(5)}));
  holds(tt::check_operator(tt::attention_pool{tt::low_rank_fusion{2, 1}}, {tokens(4, 3, false, true), vector(2)}));
}
