// A folder of features: its split into parts, and the comparison of strategies on it.
#pragma once

#include <string>
#include <tectum/training/comparison_table.hpp>
#include <vector>

#include "data.hpp"

namespace fusion_bench::views {

// What is compiled: views are padded with zeros to one of two widths, scores to so many classes.
inline constexpr int narrow = 128, wide = 1024, classes = 128;

struct part {
  std::vector<float> values[4];  // [samples, width] of each view
  std::vector<std::int32_t> labels;
};
struct split {
  part train, validation, test;
  std::string name;  // of a single view
  int views = 0, width = 0;
};
struct options {
  std::vector<std::string> strategies;  // none: all
  int epochs = 20, seeds = 1, threads = 2;
};

// One translation unit for each number of views.
using compared = std::vector<tectum::comparison_row>;
compared compare_one(const split&, const options&);
compared compare_two(const split&, const options&);
compared compare_three(const split&, const options&);
compared compare_four(const split&, const options&);

// Every view alone ("view0", "view1", ...), then all together. A tenth of what is not for testing, drawn at random, is
// for validation.
compared compare_folder(const folder_data&, const options&);

}  // namespace fusion_bench::views
