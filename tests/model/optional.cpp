// Modalities that may be absent, and padding: the two laws, for a whole network.
#include <doctest/doctest.h>

#include <string>

#include "networks.hpp"

namespace {

constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"label"> label;
constexpr tt::name<"other"> other;
constexpr tt::name<"scores"> scores;
constexpr tt::name<"loss"> loss;

constexpr auto with(bool may_lack) {
  return tt::architecture([=] {
    return tt::equations(a = tt::input{tt::features{5}}, b = tt::input{tt::features{.width = 7, .optional = may_lack}},
                         label = tt::input{tt::category{3}}, other = b | tt::linear{6} | tt::gelu,
                         scores = tt::fuse(tt::concat{}, a | tt::linear{4} | tt::tanh, other) | tt::linear{3},
                         loss = tt::fuse(tt::cross_entropy{}, scores, label));
  });
}
inline constexpr auto lacking = with(true), complete = with(false);

const two::numbers<float> x;
using model = tt::model<lacking>;
using workspace = tt::workspace<lacking>;

template <class Model, class Workspace>
std::vector<float> gradients(const Model& m, Workspace& w) {
  return std::vector<float>(w.gradients(m.size()), w.gradients(m.size()) + m.size());
}
std::vector<float> gradient(const model& m, workspace& w, const char* name, std::size_t size) {
  std::vector<float> g(size);
  REQUIRE(m.get_gradient(w, name, g.data()));
  return g;
}

}  // namespace

TEST_CASE("all present is the network without the option, bit for bit") {
  model m{tt::seed{5}};
  tt::model<complete> n{tt::seed{5}};
  workspace w{6};
  tt::workspace<complete> v{6};
  const bool all[6] = {true, true, true, true, true, true};
  const auto want = values_of(n(v, scores, a = x.a, b = x.b));
  CHECK(values_of(m(w, scores, a = x.a, b = x.b)) == want);
  CHECK(values_of(m(w, scores, a = x.a, b = tt::optional(x.b, all))) == want);
  n.gradients(v, a = x.a, b = x.b, label = x.label);
  m.gradients(w, a = x.a, b = tt::optional(x.b, all), label = x.label);
  CHECK(gradients(m, w) == gradients(n, v));
}

TEST_CASE("what is absent has no influence and no gradient") {
  model m{tt::seed{5}};
  workspace w{6};
  const bool some[6] = {true, false, true, false, false, true};
  two::numbers<float> dirty;
  for (const int s : {1, 3, 4})
    for (float& v : dirty.b[s]) v = s == 1 ? __builtin_nanf("") : 1e30f;
  const auto want = values_of(m(w, scores, a = x.a, b = tt::optional(x.b, some)));
  CHECK(values_of(m(w, scores, a = x.a, b = tt::optional(dirty.b, some))) == want);
  CHECK(want != values_of(m(w, scores, a = x.a, b = x.b)));
  m.gradients(w, a = x.a, b = tt::optional(x.b, some), label = x.label);
  const auto clean = gradients(m, w);
  m.gradients(w, a = x.a, b = tt::optional(dirty.b, some), label = x.label);
  CHECK(gradients(m, w) == clean);

  // Nobody has it: what only it reaches stays as it is.
  const bool none[6] = {};
  m.gradients(w, a = x.a, b = tt::optional(x.b, none), label = x.label);
  const auto nobody = gradients(m, w);
  for (const float g : gradient(m, w, "other.linear.weight", 42)) CHECK(g == 0);
  for (const float g : gradient(m, w, "other.linear.bias", 6)) CHECK(g == 0);
  const auto last = gradient(m, w, "scores.linear_2.weight", 30);
  for (std::size_t o = 0; o < 3; ++o)
    for (std::size_t i = 0; i < 10; ++i) CHECK((last[o * 10 + i] == 0) == (i >= 4));
  m.gradients(w, a = x.a, b = tt::absent, label = x.label);
  CHECK(gradients(m, w) == nobody);
  m.gradients(w, a = x.a, label = x.label);  // not mentioned: absent
  CHECK(gradients(m, w) == nobody);
}

TEST_CASE("results are zero where they are absent") {
  const model m{tt::seed{5}};
  workspace w{6};
  const bool some[6] = {true, false, true, false, false, true};
  const auto there = m(w, other, b = tt::optional(x.b, some));
  for (int s = 0; s < 6; ++s)
    for (int i = 0; i < 6; ++i) CHECK((there(s, i) != 0) == some[s]);
}
