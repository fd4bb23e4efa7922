// Data of the fusion bench: pictures and sounds of the same digits, drawn and spoken here or read from files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fusion_bench {

inline constexpr int picture_side = 28, mels = 32, frames = 32, sample_rate = 8000;

// n pictures [1, 28, 28], log-mel spectrograms [1, mels, frames] and digits.
struct pairs {
  std::vector<float> pictures, sounds;
  std::vector<std::int32_t> digits;
};

struct digit_data {
  pairs train, validation, test;
};

// The digits that this program draws (strokes under a random affine map, with noise) and speaks (tones that move like
// formants, with noise). The same seed gives the same data.
digit_data drawn_digits(int train, int validation, int test, std::uint64_t seed);

// MNIST pictures with recordings of spoken digits; the first `train` training pairs. hard: pictures without their
// strongest components, sounds under babble. Throws std::runtime_error.
digit_data recorded_digits(const std::string& folder, int train, bool hard);

// One view of a folder of features: [samples, width].
struct view_data {
  std::vector<float> values;
  int width = 0;
};
struct folder_data {
  std::vector<view_data> views;
  std::vector<std::int32_t> labels;
  std::vector<std::uint8_t> is_test;
  int classes = 0;
};
// view0.npy, view1.npy, ... up to view3.npy, label.npy (integers from 0) and is_test.npy. Throws.
folder_data read_folder(const std::string& folder);

// Calls f(begin, end) for the halves of [0, n) on two threads.
void in_halves(int n, void (*f)(void*, int, int), void* with);

// Log-mel spectrograms of signals of one second.
class speech_features {
 public:
  // out: mels rows of `frames` values.
  static void compute(const float* second, float* out);
};

// Shifts and scales all three parts alike, so that the training part has mean 0 and deviation 1: pictures as a whole,
// sounds for each mel band.
void standardise(digit_data& data);

}  // namespace fusion_bench
