// Losses against the whole contract, with every mix of masks; the catalogue draws the options.
#include <doctest/doctest.h>
#include <tectum/check.hpp>
#include <tectum/operators/losses/cross_entropy.hpp>
#include <tectum/operators/losses/info_nce.hpp>
#include <tectum/operators/losses/mse.hpp>

namespace tt = tectum;

namespace {

void holds(const tt::check_report& r) {
  MESSAGE(r.text());
  CHECK_MESSAGE(r.passed, r.text());
}

constexpr tt::reduction all_reductions[] = {tt::reduction::mean, tt::reduction::sum, tt::reduction::batch_mean,
                                            tt::reduction::none};

}  // namespace

TEST_CASE("a loss by element keeps the contract, however it is reduced and masked") {
  const tt::shape whole = tt::sequence_of(3, 4), padded = tt::shape_of(tt::sequence{3, 4, true}),
                  absent = tt::shape_of(tt::sequence{3, 4, false, true}),
                  both = tt::shape_of(tt::sequence{3, 4, true, true});
  for (const tt::reduction r : all_reductions)
    for (const tt::shape& a : {whole, padded, absent, both})
      for (const tt::shape& b : {whole, padded, absent, both}) holds(tt::check_operator(tt::mse{r}, {a, b}));
}

TEST_CASE("a loss by place keeps the contract, however it is reduced and masked") {
  const auto words = [](bool padded, bool optional) { return tt::shape_of(tt::tokens{3, padded, optional, 4, 1}); };
  for (const tt::reduction r : all_reductions) {
    const tt::cross_entropy loss{.label_smoothing = 0.1, .class_weights = true, .reduction = r};
    holds(tt::check_operator(loss, {tt::sequence_of(3, 4), words(true, true)}));
    holds(tt::check_operator(loss, {tt::shape_of(tt::sequence{3, 4, true, true}), words(true, false)}));
    holds(tt::check_operator(loss, {tt::shape_of(tt::picture{.channels = 4, .height = 3, .width = 1, .optional = true}),
                                    words(true, true)}));
  }
}

TEST_CASE("a loss of pairs keeps the contract, however it is reduced and masked") {
  const tt::shape whole = tt::features_of(5), absent = tt::shape_of(tt::features{5, true});
  const tt::check_options pairs{.independent_samples = false};
  for (const tt::reduction r : all_reductions)
    for (const tt::shape& a : {whole, absent})
      for (const tt::shape& b : {whole, absent})
        holds(tt::check_operator(tt::info_nce{.label_smoothing = 0.1, .reduction = r}, {a, b}, pairs));
}
