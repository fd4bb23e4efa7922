// Every layer against the contract: gradients, masks, engines, strides.
#include <doctest/doctest.h>

#include <tectum/check.hpp>
#include <tectum/operators/layers.hpp>

namespace tt = tectum;

namespace {

constexpr tt::shape features(int n, bool optional = false) { return shape_of(tt::features{n, optional}); }
constexpr tt::shape words(int length, int width) { return tt::sequence_of(length, width); }
constexpr tt::shape padded(int length, int width, bool optional = false) {
  return shape_of(tt::sequence{length, width, true, optional});
}
constexpr tt::shape maybe_words(int length, int width) { return shape_of(tt::sequence{length, width, false, true}); }
constexpr tt::shape maybe_picture(int c, int h, int w) {
  return shape_of(tt::picture{.channels = c, .height = h, .width = w, .optional = true});
}
constexpr tt::shape sound(int channels, int samples, bool optional = false) {
  return shape_of(tt::waveform{.samples = samples, .channels = channels, .optional = optional});
}

template <class Op>
void holds(const Op& op, std::initializer_list<tt::shape> inputs, const tt::check_options& options = {}) {
  const tt::check_report report = tt::check_operator(op, inputs, options);
  INFO(report.text());
  CHECK(report.passed);
}

}  // namespace

TEST_CASE("linear") {
  holds(tt::linear{5}, {features(7)}, {.thorough = true});
  holds(tt::linear{.features = 3, .bias = false}, {words(4, 6)});
  holds(tt::linear{3}, {features(4, true)});
}

TEST_CASE("activations") {
  holds(tt::relu, {features(9)});
  holds(tt::tanh, {words(3, 5)});
  holds(tt::sigmoid, {features(9)});
  holds(tt::gelu, {features(9)});
  holds(tt::gelu_tanh, {features(9)});
  holds(tt::silu, {features(9)});
}

TEST_CASE("embedding") {
  const auto ids = [](bool padded, bool optional) {
    return shape_of(tt::tokens{.length = 6, .padded = padded, .optional = optional, .vocabulary = 7});
  };
  holds(tt::embedding{.vocabulary = 9, .dim = 5}, {ids(false, false)}, {.thorough = true});
  holds(tt::embedding{.vocabulary = 7, .dim = 3}, {ids(true, false)});
  holds(tt::embedding{.vocabulary = 7, .dim = 3}, {ids(true, true)});
  holds(tt::embedding{.vocabulary = 4, .dim = 3}, {shape_of(tt::category{4})});
}

TEST_CASE("positions") {
  holds(tt::learned_positions{}, {words(5, 3)});
  holds(tt::learned_positions{}, {padded(5, 3)});
  holds(tt::sinusoidal_positions, {words(5, 7)});
  holds(tt::sinusoidal_positions, {padded(5, 4, true)});
}

TEST_CASE("conv2d") {
  holds(tt::conv2d{.channels = 4, .kernel = 3}, {tt::picture_of(3, 6, 5)});
  holds(tt::conv2d{.channels = 6, .kernel = 3, .stride = 2, .padding = 1, .groups = 2}, {tt::picture_of(4, 7, 8)});
  holds(tt::conv2d{.channels = 2, .kernel = 2, .stride = 2, .dilation = 2, .bias = false}, {tt::picture_of(2, 7, 7)});
  holds(tt::conv2d{.channels = 3, .kernel = {1, 4}}, {maybe_picture(2, 3, 6)});
  holds(tt::conv2d{.channels = 34, .kernel = 3, .padding = 1}, {tt::picture_of(3, 6, 7)}, {.thorough = false});
}

TEST_CASE("conv1d") {
  holds(tt::conv1d{.channels = 4, .kernel = 3}, {words(7, 5)}, {.thorough = true});
  holds(tt::conv1d{.channels = 35, .kernel = 3, .padding = 1}, {words(6, 5)});
  holds(tt::conv1d{.channels = 4, .kernel = 3, .stride = 2, .padding = 2, .dilation = 2, .bias = false}, {words(9, 3)});
  holds(tt::conv1d{.channels = 4, .kernel = 5, .stride = 3, .padding = 4}, {maybe_words(2, 3)});
  holds(tt::conv1d{.channels = 4, .kernel = 3, .padding = 1}, {padded(7, 3)});
  holds(tt::conv1d{.channels = 4, .kernel = 3, .padding = 2, .dilation = 2}, {padded(5, 3, true)});
  holds(tt::conv1d{.channels = 4, .kernel = 5, .stride = 2, .padding = 2}, {sound(2, 17)});
  holds(tt::conv1d{.channels = 3, .kernel = 3}, {sound(1, 9, true)});
}

TEST_CASE("pooling") {
  holds(tt::max_pool{.kernel = 2}, {tt::picture_of(2, 6, 5)});
  holds(tt::max_pool{.kernel = 3, .stride = 2, .padding = 1}, {maybe_picture(2, 5, 6)});
  holds(tt::max_pool{.kernel = 2}, {words(7, 3)});
  holds(tt::max_pool{.kernel = 4, .stride = 2}, {sound(2, 13)});
  holds(tt::average_pool{.kernel = 2}, {tt::picture_of(2, 6, 5)});
  holds(tt::average_pool{.kernel = 3, .stride = 2, .padding = 1, .count_padding = false}, {maybe_picture(2, 5, 6)});
  holds(tt::average_pool{.kernel = 3, .stride = 1, .padding = 1}, {words(7, 3)});
  holds(tt::average_pool{.kernel = 4}, {sound(2, 13)});
  holds(tt::global_average_pool, {tt::picture_of(3, 4, 5)});
  holds(tt::global_average_pool, {maybe_picture(3, 4, 5)});
  holds(tt::global_average_pool, {sound(2, 13)});
}

TEST_CASE("other shapes of the same numbers") {
  holds(tt::flatten, {tt::picture_of(2, 3, 4)});
  holds(tt::as_sequence{3}, {features(12)});
  holds(tt::as_sequence{3}, {features(12, true)});
  holds(tt::patches, {tt::picture_of(3, 4, 5)});
  holds(tt::patches_of{.patch = 2}, {maybe_picture(3, 4, 6)});
  holds(tt::patches_of{.patch = 3}, {sound(2, 12)});
  holds(tt::split{2}, {features(5)});
  holds(tt::split{2}, {features(5, true)});
  holds(tt::split{3}, {padded(4, 5)});
}

TEST_CASE("layer_norm") {
  holds(tt::layer_norm{}, {features(9)}, {.thorough = true});
  holds(tt::layer_norm{.epsilon = 1e-3f, .affine = false}, {words(3, 5)});
  holds(tt::layer_norm{}, {padded(3, 5)});
  holds(tt::layer_norm{}, {features(5, true)});
  holds(tt::layer_norm{}, {maybe_picture(2, 3, 5)});
}

TEST_CASE("dropout") {
  holds(tt::dropout{}, {features(9)});
  holds(tt::dropout{0.0f}, {words(3, 5)});
  holds(tt::dropout{0.2f}, {padded(4, 3)});
}

TEST_CASE("softmax") {
  holds(tt::softmax, {features(9)});
  holds(tt::softmax, {padded(3, 5)});
}

TEST_CASE("a sequence in one row") {
  holds(tt::mean_pool, {words(5, 3)});
  holds(tt::mean_pool, {padded(5, 3)});
  holds(tt::mean_pool, {padded(5, 3, true)});
  holds(tt::mean_pool, {maybe_words(5, 3)});
  holds(tt::time_max_pool, {words(5, 3)});
  holds(tt::time_max_pool, {padded(5, 17)});
  holds(tt::time_max_pool, {padded(5, 3, true)});
  holds(tt::first_token, {words(5, 3)});
  holds(tt::first_token, {padded(5, 3)});
  holds(tt::last_token, {padded(5, 3)});
  holds(tt::last_token, {padded(5, 3, true)});
  holds(tt::last_token, {maybe_words(5, 3)});
}

TEST_CASE("gru") {
  holds(tt::gru{.hidden = 4}, {words(5, 3)}, {.thorough = true});
  holds(tt::gru{.hidden = 5, .bidirectional = true}, {words(4, 3)});
  holds(tt::gru{.hidden = 4, .bias = false}, {padded(5, 3)});
  holds(tt::gru{.hidden = 3, .bidirectional = true}, {padded(5, 3, true)});
  holds(tt::gru{.hidden = 3}, {maybe_words(2, 3)});
}
