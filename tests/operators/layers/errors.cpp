// What the layers refuse, and the sentence that says so.
#include <doctest/doctest.h>

#include <string>
#include <tectum/operators/layers.hpp>

namespace tt = tectum;

namespace {

template <class Op>
std::string refusal(const Op& op, const tt::shape& x) {
  const auto found = tt::shapes(op.infer(x));
  return found.items[0].fault ? found.items[0].fault.sentence : "";
}
constexpr tt::shape picture = tt::picture_of(4, 6, 6), words = tt::sequence_of(6, 4), row = tt::features_of(12);
constexpr tt::shape padded = shape_of(tt::sequence{.length = 6, .width = 4, .padded = true});
constexpr tt::shape ids = shape_of(tt::tokens{.length = 6, .vocabulary = 10});

}  // namespace

TEST_CASE("convolutions refuse") {
  CHECK(refusal(tt::conv2d{.channels = 4, .kernel = 3}, words) == "conv2d: the input must be a picture");
  CHECK(refusal(tt::conv2d{.channels = 4, .kernel = 0}, picture) == "conv2d: channels and kernel must be 1 or more");
  CHECK(refusal(tt::conv2d{.channels = 4, .kernel = 3, .stride = 0}, picture) ==
        "conv2d: stride and dilation must be 1 or more");
  CHECK(refusal(tt::conv2d{.channels = 4, .kernel = 3, .padding = -1}, picture) ==
        "conv2d: padding must be 0 or more, or tt::same");
  CHECK(refusal(tt::conv2d{.channels = 4, .kernel = 3, .stride = {1, 2}, .padding = tt::same}, picture) ==
        "conv2d: padding tt::same needs stride 1");
  CHECK(refusal(tt::conv1d{.channels = 4, .kernel = 3, .stride = 2, .padding = tt::same}, words) ==
        "conv1d: padding tt::same needs stride 1");
  CHECK(refusal(tt::conv1d{.channels = 4, .kernel = 3, .groups = 3}, words) ==
        "conv1d: groups must divide the channels of input and result");
  CHECK(refusal(tt::conv2d{.channels = 4, .kernel = 3, .groups = 3}, picture) ==
        "conv2d: groups must divide the channels of input and result");
  CHECK(refusal(tt::conv2d{.channels = 4, .kernel = 4, .dilation = 2}, picture) ==
        "conv2d: the kernel is larger than the padded picture");
  CHECK(refusal(tt::conv2d{.channels = 4, .kernel = 3, .dilation = 2, .groups = 2}, picture) == "");
  CHECK(refusal(tt::conv1d{.channels = 4, .kernel = 3}, picture) ==
        "conv1d: the input must be a sequence or a waveform");
  CHECK(refusal(tt::conv1d{.channels = 4, .kernel = 8}, words) == "conv1d: the kernel is longer than the padded input");
  CHECK(refusal(tt::conv1d{.channels = 4, .kernel = 3}, padded) ==
        "conv1d: a padded sequence must keep its length: stride 1 and padding tt::same");
  CHECK(refusal(tt::conv1d{.channels = 4, .kernel = 3}, words) == "");
}

TEST_CASE("pooling refuses") {
  CHECK(refusal(tt::max_pool{.kernel = 2}, row) == "max_pool: the input must be a picture, a sequence or a waveform");
  CHECK(refusal(tt::max_pool{.kernel = 2, .padding = 2}, picture) ==
        "max_pool: padding must be 0 to half of the kernel");
  CHECK(refusal(tt::max_pool{.kernel = 7}, picture) == "max_pool: the kernel is larger than the input");
  CHECK(refusal(tt::average_pool{.kernel = 0}, picture) == "average_pool: kernel and stride must be 1 or more");
  CHECK(refusal(tt::average_pool{.kernel = 9}, words) == "average_pool: the kernel is larger than the input");
  CHECK(refusal(tt::global_average_pool, words) == "global_average_pool: the input must be a picture or a waveform");
  CHECK(refusal(tt::mean_pool, picture) == "mean_pool: the input must be a sequence");
  CHECK(refusal(tt::time_max_pool, row) == "time_max_pool: the input must be a sequence");
  CHECK(refusal(tt::last_token, row) == "last_token: the input must be a sequence");
  CHECK(refusal(tt::first_token, ids) == "first_token: the input must be a sequence");
}

TEST_CASE("layers of sequences refuse") {
  CHECK(refusal(tt::embedding{.vocabulary = 9, .dim = 4}, ids) ==
        "embedding: the input's ids go beyond the vocabulary");
  CHECK(refusal(tt::embedding{.vocabulary = 10, .dim = 4}, ids) == "");
  CHECK(refusal(tt::embedding{.vocabulary = 10, .dim = 4}, words) ==
        "embedding: the input must be tokens or a category");
  CHECK(refusal(tt::embedding{.vocabulary = 10, .dim = 0}, ids) == "embedding: vocabulary and dim must be 1 or more");
  CHECK(refusal(tt::gru{.hidden = 4}, row) == "gru: the input must be a sequence");
  CHECK(refusal(tt::gru{.hidden = 0}, words) == "gru: hidden must be 1 or more");
  CHECK(refusal(tt::learned_positions{}, row) == "learned_positions: the input must be a sequence");
  CHECK(refusal(tt::sinusoidal_positions, ids) == "sinusoidal_positions: the input must be a sequence");
}

TEST_CASE("other layers refuse") {
  CHECK(refusal(tt::dropout{1.0f}, row) == "dropout: p must be in [0, 1)");
  CHECK(refusal(tt::dropout{-0.1f}, row) == "dropout: p must be in [0, 1)");
  CHECK(refusal(tt::layer_norm{.epsilon = 0}, row) == "layer_norm: epsilon must be greater than 0");
  CHECK(refusal(tt::layer_norm{}, tt::scalar_shape()) == "layer_norm: a loss has nothing to normalise");
  CHECK(refusal(tt::softmax, ids) == "softmax: ids are not numbers to compute with; put an embedding before it");
  CHECK(refusal(tt::flatten, ids) == "flatten: ids are not numbers to compute with; put an embedding before it");
  CHECK(refusal(tt::as_sequence{5}, row) == "as_sequence: length must divide the width of the input");
  CHECK(refusal(tt::as_sequence{2}, words) == "as_sequence: the input must be features");
  CHECK(refusal(tt::patches_of{.patch = 4}, picture) == "patches: patch must divide height and width of the picture");
  CHECK(refusal(tt::patches, words) == "patches: the input must be a picture or a waveform");
  CHECK(refusal(tt::split{12}, row) == "split: at must lie inside the last axis");
  CHECK(refusal(tt::split{1}, picture) == "split: the input must be features or a sequence");
}
