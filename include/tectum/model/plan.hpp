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
  // Of all samples, where the others are of one part of the batch; has a place of its own.
  bool whole = false, gradient_whole = false;
  place at{}, gradient_at{};
};

struct plan_step {
  int op = -1;      // operator of the graph
  int values = 0;   // its first result; of the epilogue, where one is folded in
  int folded = -1;  // the operator that is folded in as epilogue
  place saved{}, scratch{};
  bool backward = false;
  bool whole = false;              // takes all samples at once
  int clear = 0, clear_count = 0;  // gradients that begin to exist at this step of the backward walk
};

// How a batch is parted, in samples. 0: not at all.
struct batch_parts {
  bool keeps = false;  // every part keeps its memory until the end: backward will follow
  int near = 0;        // as many as the caches hold: the parts of a call on one thread
  int share = 0;       // as few as are worth a thread of their own; where gradients are added up, exactly so many

  // Samples that there must be memory for, of what belongs to parts, for batches of up to `capacity`.
  constexpr long long room(long long capacity, long long threads) const {
    const long long all = threads > 1 ? capacity + threads : capacity;  // parts of unequal size
    return keeps || near == 0 || near * threads > all ? all : near * threads;
  }
};

struct plan_view {
  range<plan_value> values;
  range<plan_step> steps;
  range<int> clears;
  extents arena{};                    // scalars, of what belongs to one part of the batch
  long long whole = 0;                // scalars a sample, of what belongs to all of it
  long long ids = 0, mask_bytes = 0;  // a sample
  batch_parts parts{};
};

// As a constant: room for every value and operator of the graph.
template <int Values, int Operators>
struct plan {
  plan_value values[Values + 1]{};
  plan_step steps[Operators + 1]{};
  int clears[Values + 1]{};
  int value_count = 0, step_count = 0, clear_count = 0;
  extents arena{};
  long long whole = 0, ids = 0, mask_bytes = 0;
  batch_parts parts{};
  constexpr plan_view view() const {
    return {{values, value_count}, {steps, step_count}, {clears, clear_count}, arena, whole, ids, mask_bytes, parts};
  }
};

}  // namespace tectum
