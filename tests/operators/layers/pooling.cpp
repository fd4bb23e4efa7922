// Pooling against values of PyTorch 1.13, and what it refuses.
#include <string>

#include "network.hpp"

using namespace one_layer;

namespace {

using numbers = std::vector<double>;

template <const auto& Network, class Tensor>
numbers through(const Tensor& input) {
  tt::model<Network, double> model{tt::seed{1}};
  const auto result = model(x = input);
  return {result.data(), result.data() + result.size()};
}
// (4 i mod m) - 2
numbers counted(int n, int m) {
  numbers v;
  for (int i = 0; i < n; ++i) v.push_back(i * 4 % m - 2);
  return v;
}
void close(const numbers& a, const numbers& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-12));
}

constexpr tt::picture small{.height = 4, .width = 5};
constexpr auto largest = of(small, tt::max_pool{.kernel = {2, 3}, .stride = {2, 1}, .padding = 1});
constexpr auto mean = of(small, tt::average_pool{.kernel = {2, 3}, .stride = {2, 1}, .padding = {1, 1}});
constexpr auto mean_inside =
    of(small, tt::average_pool{.kernel = {2, 3}, .stride = {2, 1}, .padding = 1, .count_padding = false});
constexpr auto largest_over_time =
    of(tt::waveform{.samples = 7, .channels = 2}, tt::max_pool{.kernel = 3, .stride = 2, .padding = 1});
constexpr auto mean_over_time =
    of(tt::waveform{.samples = 7, .channels = 2}, tt::average_pool{.kernel = 3, .stride = 2, .padding = 1});

constexpr tt::picture larger{.height = 5, .width = 7};
constexpr auto even_mean = of(larger, tt::adaptive_average_pool{{3, 2}});
constexpr auto even_largest = of(larger, tt::adaptive_max_pool{{3, 2}});
constexpr tt::waveform sound{.samples = 7, .channels = 2};
constexpr auto sound_mean = of(sound, tt::adaptive_average_pool{3});
constexpr auto sound_largest = of(sound, tt::adaptive_max_pool{3});
constexpr auto spread = of(tt::waveform{.samples = 2, .channels = 2}, tt::adaptive_average_pool{3});
constexpr tt::sequence words{.length = 7, .width = 2};
constexpr auto words_mean = of(words, tt::adaptive_average_pool{3});
constexpr auto words_largest = of(words, tt::adaptive_max_pool{3});

}  // namespace

TEST_CASE("windows with two sides") {
  const numbers in = counted(20, 11);
  const auto picture = tt::tensor(in, {1, 1, 4, 5});
  CHECK(through<largest>(picture) == numbers{2, 6, 6, 6, 3, 7, 7, 8, 8, 8, 7, 7, 7, 8, 8});
  close(through<mean>(picture),
        {0, 1, 7.0 / 6, 4.0 / 3, 1.0 / 3, 5.0 / 3, 8.0 / 3, 3, 10.0 / 3, 7.0 / 3, 5.0 / 3, 5.0 / 3, 11.0 / 6, 2, 2});
  close(through<mean_inside>(picture),
        {0, 2, 7.0 / 3, 8.0 / 3, 1, 2.5, 8.0 / 3, 3, 10.0 / 3, 3.5, 5, 10.0 / 3, 11.0 / 3, 4, 6});
  const numbers wave = counted(14, 13);
  CHECK(through<largest_over_time>(tt::tensor(wave, {1, 2, 7})) == numbers{2, 10, 10, 9, 4, 8, 7, 7});
  close(through<mean_over_time>(tt::tensor(wave, {1, 2, 7})),
        {0, 6, 16.0 / 3, 14.0 / 3, 4.0 / 3, 11.0 / 3, 3, 5.0 / 3});
}

TEST_CASE("adaptive windows overlap where the size does not divide") {
  const numbers in = counted(35, 13), wave = counted(14, 13);
  close(through<even_mean>(tt::tensor(in, {1, 1, 5, 7})), {3.375, 4, 11.0 / 3, 8.0 / 3, 4.5, 3.5});
  CHECK(through<even_largest>(tt::tensor(in, {1, 1, 5, 7})) == numbers{10, 10, 10, 9, 10, 9});
  close(through<sound_mean>(tt::tensor(wave, {1, 2, 7})), {2, 17.0 / 3, 5, 4, 10.0 / 3, 8.0 / 3});
  CHECK(through<sound_largest>(tt::tensor(wave, {1, 2, 7})) == numbers{6, 10, 9, 8, 8, 7});
  close(through<words_mean>(tt::tensor(wave, {1, 7, 2})), {5.0 / 3, 17.0 / 3, 14.0 / 3, 13.0 / 3, 10.0 / 3, 3});
  CHECK(through<words_largest>(tt::tensor(wave, {1, 7, 2})) == numbers{6, 10, 9, 8, 7, 8});
  const numbers two{-2, 2, 0, 4};  // fewer places than windows
  CHECK(through<spread>(tt::tensor(two, {1, 2, 2})) == numbers{-2, 0, 2, 0, 2, 4});
}

TEST_CASE("NaN wins a maximum") {
  numbers in = counted(35, 13);
  in[9] = std::nan("");
  const numbers found = through<even_largest>(tt::tensor(in, {1, 1, 5, 7}));
  CHECK(tt::math::is_nan(found[0]));  // on bits: -ffast-math knows no NaN
  CHECK(found[1] == 10);
}

namespace {

template <class Op>
std::string refusal(const Op& op, const tt::shape& of_input) {
  const tt::shape s = op.infer(of_input);
  return s.fault ? s.fault.sentence : "";
}

}  // namespace

TEST_CASE("pooling to a size refuses") {
  const tt::shape row = tt::features_of(4), tokens = tt::sequence_of(6, 4), picture = tt::picture_of(1, 4, 4);
  CHECK(refusal(tt::adaptive_average_pool{2}, row) ==
        "adaptive_average_pool: the input must be a picture, a sequence or a waveform");
  CHECK(refusal(tt::adaptive_max_pool{{2, 0}}, picture) == "adaptive_max_pool: size must be 1 or more");
  CHECK(refusal(tt::adaptive_max_pool{{2, 1}}, tokens) ==
        "adaptive_max_pool: over time there is one axis: size is one number");
  CHECK(refusal(tt::adaptive_average_pool{{2, 1}}, picture) == "");
  CHECK(refusal(tt::max_pool{.kernel = {2, 3}}, tokens) ==
        "max_pool: over time there is one axis: kernel, stride and padding are one number each");
  CHECK(refusal(tt::average_pool{.kernel = {2, 4}, .padding = {1, 3}}, picture) ==
        "average_pool: padding must be 0 to half of the kernel");
}
