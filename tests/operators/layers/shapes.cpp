// Layers that change the shape of a value, and learned values.
#include <string>
#include <tectum/operators/fusion/concat.hpp>

#include "network.hpp"

using namespace one_layer;

namespace {

using numbers = std::vector<double>;

numbers counted(int n) {
  numbers v;
  for (int i = 0; i < n; ++i) v.push_back(i);
  return v;
}
template <const auto& Network, class Tensor>
numbers through(const Tensor& input) {
  tt::model<Network, double> model{tt::seed{1}};
  const auto result = model(x = input);
  return {result.data(), result.data() + result.size()};
}

constexpr tt::picture picture{.channels = 2, .height = 2, .width = 3};
constexpr tt::sequence words{.length = 4, .width = 3};

constexpr auto as_words = of(tt::features{12}, tt::reshape(words) | tt::take_token{-2});
constexpr auto as_words_later = of(tt::features{12}, tt::affine{.scale = 2} | tt::reshape(words) | tt::take_token{1});
constexpr auto as_picture = of(words, tt::reshape(picture) | tt::permute{2, 0, 1});
constexpr auto turned_words = of(words, tt::transpose);
constexpr auto turned_picture = of(picture, tt::transpose);
constexpr auto turned_sound = of(tt::waveform{.samples = 4, .channels = 3}, tt::transpose);
constexpr auto rows = of(picture, tt::slice{.begin = -1, .axis = 1});
constexpr auto columns = of(picture, tt::slice{.begin = 1, .count = 1});
constexpr auto channel = of(picture, tt::slice{.begin = 1, .axis = -3});
constexpr auto middle = of(tt::features{5}, tt::slice{.begin = 1, .count = 3});
constexpr auto later = of(words, tt::slice{.begin = 1, .count = 2, .axis = 0});
constexpr auto changed = of(words, tt::affine{.scale = -2, .shift = 1});

// Rows of a larger matrix: a caller's features with gaps between the samples.
struct rows_with_gaps {
  const double* data;
};

}  // namespace

template <>
struct tt::tensor_traits<rows_with_gaps> {
  using scalar = double;
  static tt::tensor_layout<const double> layout(const rows_with_gaps& r) noexcept {
    return {r.data, 2, {2, 12}, {15, 1}};
  }
};

TEST_CASE("the same elements under another shape") {
  const numbers all = counted(12);
  CHECK(through<as_words>(tt::tensor(all, {1, 12})) == numbers{6, 7, 8});
  CHECK(through<as_words_later>(tt::tensor(all, {1, 12})) == numbers{6, 8, 10});
  CHECK(through<as_picture>(tt::tensor(all, {1, 4, 3})) == numbers{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11});
  const numbers wide = counted(30);  // rows of 12, 15 apart
  CHECK(through<as_words>(rows_with_gaps{wide.data()}) == numbers{6, 7, 8, 21, 22, 23});
}

TEST_CASE("axes change places") {
  const numbers all = counted(12), turned{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11};
  CHECK(through<turned_words>(tt::tensor(all, {1, 4, 3})) == turned);
  CHECK(through<turned_picture>(tt::tensor(all, {1, 2, 2, 3})) == numbers{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11});
  CHECK(through<turned_sound>(tt::tensor(all, {1, 3, 4})) == numbers{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11});
}

TEST_CASE("parts of an axis") {
  const numbers all = counted(12);
  CHECK(through<rows>(tt::tensor(all, {1, 2, 2, 3})) == numbers{3, 4, 5, 9, 10, 11});
  CHECK(through<columns>(tt::tensor(all, {1, 2, 2, 3})) == numbers{1, 4, 7, 10});
  CHECK(through<channel>(tt::tensor(all, {1, 2, 2, 3})) == numbers{6, 7, 8, 9, 10, 11});
  CHECK(through<middle>(tt::tensor(counted(10), {2, 5})) == numbers{1, 2, 3, 6, 7, 8});
  CHECK(through<later>(tt::tensor(all, {1, 4, 3})) == numbers{3, 4, 5, 6, 7, 8});
  CHECK(through<changed>(tt::tensor(all, {1, 4, 3}))[5] == -9);
}

namespace {

// Without an equation of its own: an operand, and the left side of a pipeline.
inline constexpr auto unnamed = tt::architecture([] {
  return tt::equations(
      x = tt::input{tt::features{2}},
      y = tt::fuse(tt::concat{}, tt::learned(tt::features{3}), x, tt::learned(tt::features{1}, 0.5f) | tt::linear{2}));
});

}  // namespace

TEST_CASE("a learned value needs no name") {
  tt::model<unnamed, double> model{tt::seed{2}};
  numbers first(3), second(1), w(2), bias(2);
  REQUIRE(model.get("y.learned.weight", first.data()));
  REQUIRE(model.get("y.learned_2.weight", second.data()));
  REQUIRE(model.get("y.linear.weight", w.data()));
  REQUIRE(model.get("y.linear.bias", bias.data()));
  const numbers in{1, 2, 3, 4};
  const auto y_of = model(x = tt::tensor(in, {2, 2}));
  for (int b = 0; b < 2; ++b) {
    for (int i = 0; i < 3; ++i) CHECK(y_of(b, i) == first[static_cast<std::size_t>(i)]);
    CHECK(y_of(b, 3) == in[static_cast<std::size_t>(2 * b)]);
    for (int i = 0; i < 2; ++i)
      CHECK(y_of(b, 5 + i) ==
            doctest::Approx(w[static_cast<std::size_t>(i)] * second[0] + bias[static_cast<std::size_t>(i)]));
  }
}

namespace {

template <class Op>
std::string refusal(const Op& op, const tt::shape& of_input) {
  const tt::shape s = op.infer(of_input);
  return s.fault ? s.fault.sentence : "";
}
constexpr tt::shape padded = shape_of(tt::sequence{.length = 6, .width = 4, .padded = true});
constexpr tt::shape row = tt::features_of(12), some = tt::sequence_of(4, 3), image = tt::picture_of(2, 2, 3);

}  // namespace

TEST_CASE("layers that change shapes refuse") {
  CHECK(refusal(tt::reshape(tt::features{11}), some) == "reshape: the result must have as many elements as the input");
  CHECK(refusal(tt::reshape(tt::tokens{12}), some) == "reshape: the result must be numbers with extents of 1 or more");
  CHECK(refusal(tt::reshape(tt::features{12, true}), some) ==
        "reshape: the result has the masks of the input, and no others");
  CHECK(refusal(tt::reshape(tt::features{12}), image) == "");
  CHECK(refusal(tt::transpose, row) == "transpose: the input must have two axes or more");
  CHECK(refusal(tt::transpose, padded) == "transpose: a padded input would have no tokens any more; pool it first");
  CHECK(refusal(tt::permute{0, 1, 1}, image) == "permute: the axes must be 0, 1 and 2 in some order");
  CHECK(refusal(tt::permute{0, 1, 2}, some) == "permute: the input must have three axes, as a picture has");
  CHECK(refusal(tt::slice{.axis = 2}, some) == "slice: the sample has no such axis");
  CHECK(refusal(tt::slice{.begin = 2, .count = 2}, some) == "slice: begin and count must lie inside the axis");
  CHECK(refusal(tt::slice{.begin = -4}, some) == "slice: begin and count must lie inside the axis");
  CHECK(refusal(tt::take_token{4}, some) == "take_token: the sequence has no such token");
  CHECK(refusal(tt::take_token{0}, row) == "take_token: the input must be a sequence");
  CHECK(std::string(tt::learned(tt::features{0}).infer().fault.sentence) ==
        "learned: a learned value is numbers with extents of 1 or more");
  CHECK(std::string(tt::learned(padded).infer().fault.sentence) ==
        "learned: a learned value is always there; it has no mask");
}
