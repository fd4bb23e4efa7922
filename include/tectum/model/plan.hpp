// The plan: which steps run for what is wanted, in what order, and where every value, gradient and piece of scratch
// memory lies in one arena. Worked out at compile time; not a template.
#pragma once

#include <tectum/architecture/graph.hpp>

namespace tectum::inline TECTUM_ABI {

// training: gradients of the parameters, from the wanted losses. backward: of the parameters and of every input, from
// gradients that the caller gives of whatever is wanted.
enum class mode : unsigned char { inference, training, backward };

// Units of a place: elements in the fixed part, elements a sample, elements a pair of samples.
struct place {
  long long fixed = 0, per_sample = 0, per_pair = 0;
};

struct plan_value {
  bool used = false;
  bool gradient = false;       // is wanted, or on the way to one that is
  int lies_in = -1;            // the value whose memory this one is a part of (itself, mostly)
  int column = 0, stride = 0;  // where in each of its samples
  int gradient_lies_in = -1, gradient_column = 0, gradient_stride = 0;
  bool whole = false;  // of all samples, where the others are of one part of the batch
  place at{}, gradient_at{};
};

struct plan_step {
  int op = -1;      // operator of the graph
  int values = 0;   // its first result; of the epilogue, where one is folded in
  int folded = -1;  // the operator that is folded in as epilogue
  place saved{}, scratch{};
  bool backward = false;
  int clear = 0, clear_count = 0;  // gradients that begin to exist at this step of the backward walk
};

struct plan_view {
  range<plan_value> values;
  range<plan_step> steps;
  range<int> clears;
  extents arena{};                    // scalars
  long long ids = 0, mask_bytes = 0;  // a sample
  int part = 0;                       // samples that go through all steps at a time, 0: all of them
};

// As a constant: room for every value and operator of the graph.
template <int Values, int Operators>
struct plan {
  plan_value values[Values + 1]{};
  plan_step steps[Operators + 1]{};
  int clears[Values + 1]{};
  int value_count = 0, step_count = 0, clear_count = 0;
  extents arena{};
  long long ids = 0, mask_bytes = 0;
  int part = 0;
  constexpr plan_view view() const {
    return {{values, value_count}, {steps, step_count}, {clears, clear_count}, arena, ids, mask_bytes, part};
  }
};

}  // namespace tectum
