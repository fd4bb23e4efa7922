// What goes into one run of one operator, and what comes out.
#pragma once

#include <tectum/check/memory.hpp>
#include <tectum/check/single.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// All numbers are floats, so that every scalar computes with the same ones.
struct trial_data {
  index batch = 0;
  std::vector<std::vector<double>> x;            // an operand; empty where it holds ids
  std::vector<std::vector<std::int32_t>> ids;    // likewise
  std::vector<std::vector<std::uint8_t>> masks;  // of the graph
  std::vector<double> parameters;                // as stored
  std::vector<std::vector<double>> dy;           // a result; zero where it is not valid
};

// How a trial's memory is laid out.
struct trial_layout {
  bool strided = false;  // rows of features with gaps
  placing where = placing::watched;
  int shift = 0;  // elements of values and gradients from a cache line
};

struct trial_settings {
  bool backward = true, training = true, parameter_gradients = true;
  bool watched = true;                   // false: what is written where is not looked at
  unsigned unwanted = 0;                 // bit k: no gradient of operand k
  unsigned unwanted_results = 0;         // bit r: nobody wants the gradient of result r
  double before = 0;                     // what gradients hold beforehand, in a pattern
  double unwritten = __builtin_nan("");  // what outputs, saved and scratch memory hold beforehand
  bool fill_invalid = false;             // puts `invalid` into the places of the operands that are masked away
  double invalid = 0;
  int act = 0;  // activation folded in
  std::size_t (*allocations)() = nullptr;
  const void* shared_parameters = nullptr;  // those of another trial of the same layout
};

struct trial_outcome {
  std::vector<std::vector<double>> y, dx;  // packed, a result and an operand
  std::vector<double> gradients;           // of the parameters, as stored
  std::vector<double> buffers;             // what forward left in the buffers
  std::string damage;                      // where something was written or touched that should not have been
  std::size_t allocations = 0;             // made by forward and backward
};

// What a gradient holds beforehand at place i.
inline double held_before(double scale, index i) { return scale * (0.25 + static_cast<double>(i % 7)); }

// A byte of a mask of the graph.
inline bool is_valid_token(const single_operator& o, const trial_data& d, int mask, index sample, index token) {
  const graph_mask& m = o.mask(mask);
  if (m.part_of >= 0) return is_valid_token(o, d, m.part_of, sample, m.begin + token);
  if (m.any_of >= 0) {
    bool any = false;
    for (index t = 0; t < o.mask(m.any_of).length; ++t) any = any || is_valid_token(o, d, m.any_of, sample, t);
    return any;
  }
  if (m.joins < 0) return d.masks[static_cast<std::size_t>(mask)][static_cast<std::size_t>(sample * m.length + token)];
  const graph_view g = o.graph();
  const graph_operator& joined = g.operators[m.joins];
  for (int k = 0; k < joined.input_count; ++k) {
    const graph_value& v = g.values[g.inputs[joined.inputs + k]];
    const index tokens = m.one_each ? 1 : v.shape.length();
    if (token < tokens) return v.mask < 0 || is_valid_token(o, d, v.mask, sample, v.shape.padded ? token : 0);
    token -= tokens;
  }
  return false;
}

// Whether element i of a sample is valid.
inline bool is_valid(const single_operator& o, const trial_data& d, int value, index sample, index i) {
  const int m = o.mask_of_value(value);
  const shape& s = o.shape_of_value(value);
  if (m < 0 || s.kind == kind::scalar) return true;
  return is_valid_token(o, d, m, sample, s.padded ? i / (s.size() / s.length()) : 0);
}

}  // namespace detail
}  // namespace tectum
