// Every operator of the library with options and inputs drawn at random: what the tests that must cover all operators
// walk over, and where docs/operators.md takes its figures from. An operator without an entry fails the test
// `catalogue.complete`.
#pragma once

#include <initializer_list>
#include <tectum/check/report.hpp>
#include <tectum/kernels/random.hpp>
#include <tectum/operators/operator.hpp>
#include <vector>

namespace catalogue {

namespace tt = tectum;

// One draw: an operator, the shapes of its inputs, and what its check must know.
template <class Op>
struct drawn {
  Op op;
  std::vector<tt::shape> inputs;
  tt::check_options options{};

  drawn(const Op& o, std::vector<tt::shape> in, const tt::check_options& c = {})
      : op(o),
        inputs(std::move(in)),
        options(c) {}
};

// Which masks the shapes of a draw may have.
enum class may_be { whole, absent, padded, both };

// Throws numbers and shapes; the same seed, the same throws. Or, for the benchmarks, gives what is typical, of the
// width given: the largest of a few, the first of several, nothing masked, no option that is off by default.
class dice {
 public:
  explicit dice(unsigned long long seed) : seed_(seed) {}
  static dice typical(int width) {
    dice d(0);
    d.typical_ = width;
    return d;
  }

  // In [low, high].
  int between(int low, int high) {
    if (typical_ > 0) return high;
    const auto n = static_cast<std::uint32_t>(high - low + 1);
    return low + static_cast<int>(tt::random::whole(seed_, 77, counter_++, n));
  }
  // In [low, high]; of something large where nothing is drawn.
  int size(int low, int high, int large) { return typical_ > 0 ? large : between(low, high); }
  bool coin() { return typical_ == 0 && between(0, 1) == 1; }
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return choices.begin()[typical_ > 0 ? 0 : between(0, static_cast<int>(choices.size()) - 1)];
  }
  // A width: mostly small, now and then at the edge of a panel or a vector.
  int width() {
    return typical_ > 0 ? typical_ : between(0, 4) == 0 ? one_of({1, 15, 16, 17, 31, 32, 33, 40}) : between(1, 12);
  }

  // Shapes; a size that is not given is drawn.
  tt::shape features(may_be masks = may_be::whole, int w = 0) {
    return masked(tt::features_of(w > 0 ? w : width()), masks);
  }
  tt::shape sequence(may_be masks = may_be::whole, int length = 0, int w = 0) {
    return masked(tt::sequence_of(length > 0 ? length : size(1, 6, 32), w > 0 ? w : width()), masks);
  }
  tt::shape picture(may_be masks = may_be::whole, int channels = 0) {
    return masked(tt::picture_of(channels > 0 ? channels : size(1, 5, 16), size(4, 9, 16), size(4, 9, 16)), masks);
  }
  tt::shape waveform(may_be masks = may_be::whole, int channels = 0) {
    return masked(tt::make_shape(tt::kind::waveform, 2, channels > 0 ? channels : size(1, 4, 16), size(8, 24, 128)),
                  masks);
  }
  // Whatever an operator takes that looks at the last axis or at single elements only.
  tt::shape anything(may_be masks = may_be::both) {
    switch (typical_ > 0 ? 4 : between(0, 4)) {
      case 0: return picture(masks);
      case 1: return waveform(masks);
      case 2: return features(masks);
      default: return sequence(masks);
    }
  }
  // The same shape with masks drawn: padding for sequences only.
  tt::shape masked(tt::shape s, may_be masks) {
    const bool sequences = s.kind == tt::kind::sequence || s.kind == tt::kind::tokens;
    if (typical_ > 0) return s.unmasked();
    s.padded = sequences && (masks == may_be::padded || masks == may_be::both) && coin();
    s.optional = (masks == may_be::absent || masks == may_be::both) && between(0, 2) == 0;
    return s;
  }
  // One to four values of this shape; each may be absent, but either all sequences are padded or none is.
  std::vector<tt::shape> alike(tt::shape first, may_be masks) {
    std::vector<tt::shape> all{first};
    for (int n = between(0, 3); n > 0; --n) {
      tt::shape s = masked(first.unmasked(), masks);
      s.padded = first.padded;
      all.push_back(s);
    }
    return all;
  }

 private:
  unsigned long long seed_, counter_ = 0;
  int typical_ = 0;
};

}  // namespace catalogue
