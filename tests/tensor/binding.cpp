// Plain storage and a user's own tensor type on the way in: what is read in place, what is packed, what is refused.
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <memory>
#include <numeric>
#include <span>

#include "bring.hpp"

namespace tt = tectum;
using bring::bind;
using bring::in;
using bring::refuses;

namespace {

const float nan_value = std::bit_cast<float>(0x7fc00000u);

std::vector<float> counted(std::size_t n) {
  std::vector<float> v(n);
  std::iota(v.begin(), v.end(), 0.0f);
  return v;
}

constexpr tt::shape padded_tokens = tt::shape_of(tt::tokens{.length = 4, .padded = true, .vocabulary = 10});
constexpr tt::shape padded_rows = tt::shape_of(tt::sequence{.length = 3, .width = 2, .padded = true});

// A tensor type as a user has it: column-major storage with a leading dimension.
struct grid {
  int rows = 0, columns = 0, leading = 0;
  std::unique_ptr<double[]> values;
  double& at(int r, int c) { return values[static_cast<std::size_t>(c * leading + r)]; }
};
// And a lazy one: k times the row number.
struct ramp {
  int rows;
  float k;
  static inline int evaluations = 0;
};

}  // namespace

template <>
struct tectum::tensor_traits<grid> {
  using scalar = double;
  static tensor_layout<const double> layout(const grid& g) noexcept {
    return {g.values.get(), 2, {g.rows, g.columns}, {1, g.leading}};
  }
};
template <>
struct tectum::tensor_traits<ramp> {
  static std::vector<float> evaluate(const ramp& r) {
    ++ramp::evaluations;
    std::vector<float> v;
    for (int i = 0; i < r.rows; ++i) v.push_back(static_cast<float>(i) * r.k);
    return v;
  }
};

TEST_CASE("rows of a C array are read in place") {
  const float x[2][3] = {{1, 2, 3}, {4, 5, 6}};
  const auto got = in(bind(x), tt::features_of(3));
  CHECK(got.in.data == &x[0][0]);
  CHECK(got.in.samples == 2);
  CHECK(got.in.stride == 3);
  CHECK_FALSE(got.in.copied);
  CHECK(got.in.mask == nullptr);
}

TEST_CASE("flat storage with extents is read in place") {
  const std::vector<float> x = counted(24);
  const std::size_t batch = 2;
  CHECK(in(bind(tt::tensor(x, {batch, 4, 3})), tt::sequence_of(4, 3)).in.data == x.data());
  CHECK(in(bind(tt::reshape(x, {batch, 12})), tt::features_of(12)).in.data == x.data());
  CHECK(in(bind(tt::tensor(x.data(), {4, 6})), tt::features_of(6)).in.samples == 4);
  const std::span<const float> part = std::span(x).subspan(6);
  CHECK(in(bind(tt::tensor(part, {3, 6})), tt::features_of(6)).in.data == x.data() + 6);
  CHECK(in(bind(tt::tensor(x, {2, 1, 3, 4})), tt::picture_of(1, 3, 4)).in.data == x.data());
}

TEST_CASE("a bare vector is one sample, or one value a sample") {
  const std::vector<float> x = counted(5);
  const auto one = in(bind(x), tt::features_of(5));
  CHECK(one.in.data == x.data());
  CHECK(one.in.samples == 1);
  CHECK(in(bind(x), tt::features_of(1)).in.samples == 5);
  const std::array<int, 3> labels = {2, 0, 1};
  const auto classes = in(bind(labels), tt::shape_of(tt::category{3}));
  CHECK(classes.in.samples == 3);
  CHECK(classes.in.ids == labels.data());
  const std::vector<long long> wide = {2, 0, 1, 1};
  const auto converted = in(bind(wide), tt::shape_of(tt::category{3}));
  CHECK(converted.in.copied);
  CHECK(converted.id_values() == std::vector<std::int32_t>{2, 0, 1, 1});
}

TEST_CASE("what can be read in one way only is taken: flattened samples, one channel without its axis") {
  const std::vector<float> x = counted(24);
  CHECK(in(bind(tt::tensor(x, {2, 12})), tt::picture_of(3, 2, 2)).in.data == x.data());
  CHECK(in(bind(tt::tensor(x, {2, 3, 4})), tt::picture_of(1, 3, 4)).in.data == x.data());
  CHECK(in(bind(tt::tensor(x, {2, 12})), tt::shape_of(tt::waveform{.samples = 12})).in.data == x.data());
  CHECK(in(bind(x), tt::sequence_of(4, 6)).in.samples == 1);
}

TEST_CASE("other scalars, strides and orders cost one packing copy") {
  const std::vector<double> d = {1, 2, 3, 4, 5, 6};
  const auto converted = in(bind(tt::tensor(d, {2, 3})), tt::features_of(3));
  CHECK(converted.in.copied);
  CHECK(converted.in.data == converted.copy.data());
  CHECK(converted.values() == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(converted.copy.back() == -77);
  CHECK(in<double>(bind(tt::tensor(d, {2, 3})), tt::features_of(3)).in.data == d.data());
  const unsigned char bytes[2][2] = {{0, 255}, {7, 1}};
  CHECK(in(bind(bytes), tt::features_of(2)).values() == std::vector<float>{0, 255, 7, 1});
  const short sound[1][4] = {{-32768, 0, 5, 32767}};
  CHECK(in(bind(sound), tt::shape_of(tt::waveform{.samples = 4})).values() == std::vector<float>{-32768, 0, 5, 32767});
}

TEST_CASE("samples in columns are turned, and read in place where they are contiguous") {
  const float x[3][2] = {{1, 2}, {3, 4}, {5, 6}};
  const auto got = in(bind(tt::columns(x)), tt::features_of(3));
  CHECK(got.in.samples == 2);
  CHECK(got.in.copied);
  CHECK(got.values() == std::vector<float>{1, 3, 5, 2, 4, 6});
  grid g{3, 2, 4, std::make_unique<double[]>(8)};
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 2; ++c) g.at(r, c) = 10 * r + c;
  const auto in_place = in<double>(bind(tt::columns(g)), tt::features_of(3));
  CHECK(in_place.in.data == g.values.get());
  CHECK(in_place.in.stride == 4);
  CHECK(in_place.values() == std::vector<double>{0, 10, 20, 1, 11, 21});
  const auto as_rows = in<double>(bind(g), tt::features_of(2));
  CHECK(as_rows.in.copied);
  CHECK(as_rows.values() == std::vector<double>{0, 1, 10, 11, 20, 21});
}

TEST_CASE("a tall column-major matrix is packed in tiles, each element once") {
  grid g{53, 7, 60, std::make_unique<double[]>(420)};
  for (int r = 0; r < 53; ++r)
    for (int c = 0; c < 7; ++c) g.at(r, c) = 100 * r + c;
  const auto got = in<float>(bind(g), tt::features_of(7));
  const std::vector<float> values = got.values();
  bool same = values.size() == 371;
  for (int r = 0; r < 53; ++r)
    for (int c = 0; c < 7; ++c)
      same = same && values[static_cast<std::size_t>(7 * r + c)] == static_cast<float>(100 * r + c);
  CHECK(same);
  CHECK(got.copy.back() == -77);
}

TEST_CASE("channels on the last axis are brought to the front") {
  const std::vector<float> x = counted(12);  // one picture of 2 x 3 with 2 channels
  const std::vector<float> wanted = {0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11};
  const tt::shape first = tt::picture_of(2, 2, 3);
  CHECK(in(bind(tt::channels_last(tt::tensor(x, {1, 2, 3, 2}))), first).values() == wanted);
  tt::shape declared = first;
  declared.channels_last = true;
  CHECK(in(bind(tt::tensor(x, {1, 2, 3, 2})), declared).values() == wanted);
  CHECK(in(bind(tt::tensor(x, {1, 12})), declared).values() == wanted);
  tt::shape video = tt::make_shape(tt::kind::video, 4, 1, 2, 2, 3);
  video.channels_last = true;
  CHECK(in(bind(tt::tensor(x, {1, 1, 2, 3, 2})), video).values() == wanted);
  tt::shape grey = tt::picture_of(1, 4, 3);
  grey.channels_last = true;
  CHECK(in(bind(tt::tensor(x, {1, 4, 3})), grey).in.data == x.data());
}

TEST_CASE("padding is selected to zero, whatever lies in it") {
  std::vector<float> x = counted(12);
  x[4] = x[5] = x[8] = x[9] = x[10] = x[11] = nan_value;
  const std::vector<std::int64_t> lengths = {2, 1};
  const auto got = in(bind(tt::padded(tt::tensor(x, {2, 3, 2}), lengths)), padded_rows);
  CHECK(got.in.copied);
  CHECK(got.values() == std::vector<float>{0, 1, 2, 3, 0, 0, 6, 7, 0, 0, 0, 0});
  CHECK(std::vector<std::uint8_t>(got.mask.begin(), got.mask.end() - 1) == std::vector<std::uint8_t>{1, 1, 0, 1, 0, 0});
  CHECK(got.mask.back() == 99);

  const bool mask[2][3] = {{true, false, true}, {false, true, false}};
  const auto holes = in(bind(tt::masked(tt::tensor(x, {2, 3, 2}), mask)), padded_rows);
  CHECK(holes.in.mask[1] == 0);
  CHECK(holes.values()[2] == 0);
  const auto turned = std::array<std::array<unsigned char, 2>, 3>{{{1, 1}, {1, 0}, {0, 0}}};
  const auto by_columns =
      in(bind(tt::masked(tt::tensor(x, {2, 3, 2}), tt::columns(tt::tensor(&turned[0][0], {3, 2})))), padded_rows);
  CHECK(by_columns.values() == got.values());
}

TEST_CASE("a padded input without lengths is valid throughout, and read in place") {
  const std::vector<float> x = counted(12);
  const auto got = in(bind(tt::tensor(x, {2, 3, 2})), padded_rows);
  CHECK(got.in.data == x.data());
  CHECK(std::vector<std::uint8_t>(got.in.mask, got.in.mask + 6) == std::vector<std::uint8_t>(6, 1));
  const int full[2] = {3, 3};
  CHECK(in(bind(tt::padded(tt::tensor(x, {2, 3, 2}), full)), padded_rows).in.data == x.data());
}

TEST_CASE("a padded tensor may be shorter than declared") {
  const std::vector<float> x = counted(8);
  const int lengths[2] = {2, 1};
  const auto got = in(bind(tt::padded(tt::tensor(x, {2, 2, 2}), lengths)), padded_rows);
  CHECK(got.values() == std::vector<float>{0, 1, 2, 3, 0, 0, 4, 5, 0, 0, 0, 0});
  const auto all = in(bind(tt::tensor(x, {2, 2, 2})), padded_rows);
  CHECK(all.values() == std::vector<float>{0, 1, 2, 3, 0, 0, 4, 5, 6, 7, 0, 0});
  CHECK(std::vector<std::uint8_t>(all.in.mask, all.in.mask + 6) == std::vector<std::uint8_t>{1, 1, 0, 1, 1, 0});
  const std::int64_t ids[2][2] = {{7, 8}, {9, -5}};
  CHECK(in(bind(tt::padded(ids, lengths)), padded_tokens).id_values() ==
        std::vector<std::int32_t>{7, 8, 0, 0, 9, 0, 0, 0});
}

TEST_CASE("absent samples, and absent inputs, are zero") {
  const tt::shape sketch = tt::shape_of(tt::features{.width = 2, .optional = true});
  const float x[3][2] = {{1, 2}, {nan_value, nan_value}, {5, 6}};
  const std::vector<unsigned char> present = {1, 0, 4};
  const auto got = in(bind(tt::optional(x, present)), sketch);
  CHECK(got.values() == std::vector<float>{1, 2, 0, 0, 5, 6});
  CHECK(std::vector<std::uint8_t>(got.in.mask, got.in.mask + 3) == std::vector<std::uint8_t>{1, 0, 1});

  const auto none = in(bind(tt::absent), sketch, 2);
  CHECK(none.values() == std::vector<float>(4, 0.0f));
  CHECK(std::vector<std::uint8_t>(none.in.mask, none.in.mask + 2) == std::vector<std::uint8_t>{0, 0});

  tt::shape both = padded_tokens;
  both.optional = true;
  const int ids[2][4] = {{1, 2, 3, 4}, {-9, 99, 5, 6}};
  const int lengths[2] = {3, 4};
  const bool here[2] = {true, false};
  const auto tokens = in(bind(tt::optional(tt::padded(ids, lengths), here)), both);
  CHECK(tokens.id_values() == std::vector<std::int32_t>{1, 2, 3, 0, 0, 0, 0, 0});
  CHECK(std::vector<std::uint8_t>(tokens.in.mask, tokens.in.mask + 8) ==
        std::vector<std::uint8_t>{1, 1, 1, 0, 0, 0, 0, 0});
  CHECK(in(bind(tt::absent), both, 1).id_values() == std::vector<std::int32_t>(4, 0));
}

TEST_CASE("ids that fit are read in place, and padding is not checked") {
  const std::int32_t ids[2][4] = {{0, 9, 1, 2}, {3, 4, 5, 6}};
  CHECK(in(bind(ids), tt::shape_of(tt::tokens{.length = 4, .vocabulary = 10})).in.ids == &ids[0][0]);
  const std::int32_t rubbish[1][4] = {{1, 2, 70, -1}};
  const int two[1] = {2};
  CHECK(in(bind(tt::padded(rubbish, two)), padded_tokens).id_values() == std::vector<std::int32_t>{1, 2, 0, 0});
}

TEST_CASE("a lazy tensor is evaluated once, temporaries are moved in, lvalues referred to") {
  ramp::evaluations = 0;
  const auto lazy = bind(ramp{3, 2.0f});
  CHECK(in(lazy, tt::features_of(3)).values() == std::vector<float>{0, 2, 4});
  CHECK(in(lazy, tt::features_of(3)).values() == std::vector<float>{0, 2, 4});
  CHECK(ramp::evaluations == 1);
  const auto side = bind(tt::optional(ramp{3, 2.0f}, std::vector<int>{1, 0, 1}));
  CHECK(in(side, tt::shape_of(tt::features{.width = 1, .optional = true})).values() == std::vector<float>{0, 0, 4});
  CHECK(ramp::evaluations == 2);

  std::vector<float> x = counted(3);
  const float* const where = x.data();
  const auto moved = bind(std::move(x));
  CHECK(in(moved, tt::features_of(3)).in.data == where);
}

TEST_CASE("a binding knows at compile time what was said") {
  const std::vector<float> x(2);
  const int one[1] = {1};
  using plain = decltype(bind(x));
  using said = decltype(bind(tt::padded(x, one)));
  using gone = decltype(bind(tt::absent));
  CHECK_FALSE(plain::has_tokens);
  CHECK(said::has_tokens);
  CHECK_FALSE(said::has_presence);
  CHECK(decltype(bind(tt::optional(x, one)))::has_presence);
  CHECK(gone::is_absent);
  CHECK_FALSE(plain::is_absent);
  CHECK(tt::bindable<const std::vector<float>&>);
  CHECK_FALSE(tt::bindable<std::vector<std::string>>);
  CHECK_FALSE(tt::bindable<int>);
}

TEST_CASE("wrong extents name the input, what was expected and what came") {
  const std::vector<float> x(32 * 3 * 64 * 64);
  const tt::shape picture = tt::picture_of(3, 64, 64);
  CHECK(refuses(tt::tensor(x, {32, 64, 64, 3}), picture) ==
        "input \"image\": expected [batch, 3, 64, 64] (picture), got [32, 64, 64, 3]; is it channels last?");
  CHECK(refuses(tt::channels_last(tt::tensor(x, {32, 3, 64, 64})), picture) ==
        "input \"image\": expected [batch, 64, 64, 3] (picture), got [32, 3, 64, 64]; is it channels first?");
  CHECK(refuses(tt::tensor(x, {32, 3, 32, 128}), picture) ==
        "input \"image\": expected [batch, 3, 64, 64] (picture), got [32, 3, 32, 128]");
  CHECK(refuses(x, picture) ==
        "input \"image\": expected [batch, 3, 64, 64] (picture), got [393216]; give it extents "
        "with tensor(x, {batch, ...})");
  const float rows[3][5] = {};
  CHECK(refuses(rows, tt::features_of(3)) ==
        "input \"image\": expected [batch, 3] (features), got [3, 5]; are the "
        "samples columns? then say columns(x)");
  CHECK(refuses(tt::columns(rows), tt::features_of(5)) ==
        "input \"image\": expected [batch, 5] (features), got [5, 3] "
        "(samples first, from columns); are the samples rows?");
  CHECK(refuses(rows, tt::features_of(4)) == "input \"image\": expected [batch, 4] (features), got [3, 5]");
  CHECK(refuses(rows, tt::shape_of(tt::category{4})) == "input \"image\": expected [batch] (category), got [3, 5]");
  CHECK(refuses(tt::tensor(x, {1, 64, 6144}), padded_rows) ==
        "input \"image\": expected [batch, up to 3, 2] (sequence), got [1, 64, 6144]");
  CHECK(refuses(tt::tensor(x, {2, 5}), tt::features_of(5)) ==
        "reshape: expected a contiguous tensor of 10 elements for [2, 5], got [393216]");
}

TEST_CASE("wrong values and wrong company are refused before anything is done") {
  const std::int64_t ids[4][4] = {{1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 10, 4}};
  CHECK(refuses(ids, padded_tokens, "question") ==
        "input \"question\": id 10 at row 3, position 2 is out of range [0, 10)");
  const std::vector<unsigned long> labels = {0, 1, ~0ul};
  CHECK(refuses(labels, tt::shape_of(tt::category{5}), "label") ==
        "input \"label\": id 18446744073709551615 at row 2 is out of range [0, 5)");
  const int negative[1] = {-1};
  CHECK(refuses(negative, tt::shape_of(tt::category{5}), "label") ==
        "input \"label\": id -1 at row 0 is out of range [0, 5)");
  CHECK(refuses(std::vector<float>(3), tt::shape_of(tt::category{5}), "label") ==
        "input \"label\": expected integer ids, got float32");

  const int good[4] = {4, 0, 1, 2}, bad[4] = {4, 0, 1, 5}, three[3] = {1, 1, 1};
  const float fractions[4] = {1, 2, 3, 4};
  CHECK(refuses(tt::padded(ids, good), padded_tokens) == "no error");
  CHECK(refuses(tt::padded(ids, bad), padded_tokens) == "input \"image\": length 5 of row 3 is out of range [0, 4]");
  CHECK(refuses(tt::padded(ids, three), padded_tokens) == "input \"image\": expected lengths of [4], got [3]");
  CHECK(refuses(tt::padded(ids, fractions), padded_tokens) ==
        "input \"image\": expected lengths as integers, got float32");
  CHECK(refuses(tt::masked(ids, good), padded_tokens) == "input \"image\": expected a mask of [4, 4], got [4]");
  const float x[2][3] = {};
  const int two[2] = {1, 1};
  CHECK(refuses(tt::padded(x, two), tt::features_of(3)) ==
        "input \"image\": lengths or a mask were given, but the input is not declared padded");
  CHECK(refuses(tt::optional(x, two), tt::features_of(3)) ==
        "input \"image\": presence was given, but the input is not declared optional");
  CHECK(refuses(tt::absent, tt::features_of(3)) == "input \"image\": is absent, but it is not declared optional");
  const tt::shape optional = tt::shape_of(tt::features{.width = 3, .optional = true});
  CHECK(refuses(tt::optional(x, three), optional) == "input \"image\": expected presence of [2], got [3]");
  CHECK(refuses(x, tt::features_of(3), "image", 32) ==
        "input \"image\": expected a batch of 32 samples like the inputs before it, got 2");
  CHECK(bring::error_of([&] {
          tt::bring_in<float>(tt::absent_source(), optional, "image", -1, nullptr, nullptr, nullptr);
        }) == "input \"image\": is absent like all inputs before it, so the batch size is unknown");
}

TEST_CASE("a batch of no samples is taken") {
  const std::vector<float> none;
  CHECK(in(bind(tt::tensor(none, {0, 3})), tt::features_of(3)).in.samples == 0);
  const std::vector<double> no_doubles;
  CHECK(in(bind(tt::tensor(no_doubles, {0, 3, 2})), padded_rows).in.samples == 0);
}

TEST_CASE("the id that a target declares as ignored passes, and no other outside") {
  const std::vector<std::int64_t> labels{2, -100, 0}, other{2, -1, 0};
  const std::vector<std::uint64_t> wrapped{2, static_cast<std::uint64_t>(std::int64_t{-100}), 0};
  constexpr tt::shape ignoring = tt::shape_of(tt::category{.classes = 3, .ignore = -100});
  CHECK(in(bind(labels), ignoring).id_values() == std::vector<std::int32_t>{2, -100, 0});
  CHECK(refuses(labels, tt::shape_of(tt::category{3})) == "input \"image\": id -100 at row 1 is out of range [0, 3)");
  CHECK(refuses(other, ignoring) == "input \"image\": id -1 at row 1 is out of range [0, 3)");
  CHECK(refuses(wrapped, ignoring) == "input \"image\": id 18446744073709551516 at row 1 is out of range [0, 3)");
  const std::vector<int> words{1, -100, 3, 0}, beyond{1, -100, 4, 0};
  constexpr tt::shape ignoring_words = tt::shape_of(tt::tokens{.length = 2, .vocabulary = 4, .ignore = -100});
  CHECK(in(bind(tt::tensor(words, {2, 2})), ignoring_words).id_values() == words);
  CHECK(refuses(tt::tensor(beyond, {2, 2}), ignoring_words) ==
        "input \"image\": id 4 at row 1, position 0 is out of range [0, 4)");
}
