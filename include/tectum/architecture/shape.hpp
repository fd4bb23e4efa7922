// What one sample of a value looks like: its kind, its extents, and whether it may be padded or absent.
#pragma once

#include <tectum/config.hpp>

namespace tectum::inline TECTUM_ABI {

enum class kind : unsigned char { features, sequence, tokens, picture, waveform, video, category, scalar, none };

constexpr const char* name_of(kind k) {
  constexpr const char* names[] = {"features", "sequence", "tokens", "picture", "waveform",
                                   "video",    "category", "scalar", "none"};
  return names[static_cast<int>(k)];
}

// One sentence about what is wrong, with up to two numbers; an empty sentence means that all is well.
struct fault {
  const char* sentence = nullptr;
  long long first = -1, second = -1;
  constexpr explicit operator bool() const { return sentence != nullptr; }
};

// Of a shape that ignores no id.
inline constexpr int no_id = -2147483647 - 1;

// The shape of one sample. `rank` extents, the last one contiguous; a picture is channels, height, width.
struct shape {
  tectum::kind kind = tectum::kind::none;
  int rank = 0;
  int extent[4] = {1, 1, 1, 1};
  bool padded = false;         // a validity byte for each of the `length()` tokens of a sample
  bool optional = false;       // the sample may be absent
  int mask = -1;               // in a graph: which mask; values of one mask are valid and absent together
  bool channels_last = false;  // of an input picture or video: how the caller's tensor holds it
  int limit = 0;               // tokens: the vocabulary; category: the classes; ids are below it (0: not checked here)
  int ignored = no_id;         // the one id that counts in no loss, and may be negative
  tectum::fault fault{};

  constexpr int size() const { return extent[0] * extent[1] * extent[2] * extent[3]; }
  // The last axis: features of a token, or of the whole sample.
  constexpr int width() const { return rank == 0 ? 1 : extent[rank - 1]; }
  // Rows of `width()` in one sample.
  constexpr int rows() const { return width() == 0 ? 0 : size() / width(); }
  // Tokens of a sequence, frames of a video; 1 for everything that has no time axis.
  constexpr int length() const {
    return kind == tectum::kind::sequence || kind == tectum::kind::tokens || kind == tectum::kind::video ? extent[0]
                                                                                                         : 1;
  }
  constexpr int channels() const { return rank >= 3 ? extent[rank - 3] : 1; }
  constexpr int height() const { return rank >= 3 ? extent[rank - 2] : 1; }
  constexpr bool masked() const { return padded || optional; }
  constexpr bool holds_ids() const { return kind == tectum::kind::tokens || kind == tectum::kind::category; }

  // The same shape with another last axis.
  constexpr shape with_width(int width) const {
    shape s = *this;
    s.extent[rank == 0 ? 0 : rank - 1] = width;
    return s;
  }
  constexpr shape unmasked() const {
    shape s = *this;
    s.padded = s.optional = false;
    s.mask = -1;
    return s;
  }
  constexpr bool same_extents(const shape& other) const {
    return rank == other.rank && extent[0] == other.extent[0] && extent[1] == other.extent[1] &&
           extent[2] == other.extent[2] && extent[3] == other.extent[3];
  }
  constexpr bool operator==(const shape& o) const {
    return kind == o.kind && same_extents(o) && padded == o.padded && optional == o.optional && limit == o.limit &&
           ignored == o.ignored;
  }
};

constexpr shape make_shape(kind k, int rank, int a = 1, int b = 1, int c = 1, int d = 1) {
  return shape{.kind = k, .rank = rank, .extent = {a, b, c, d}};
}
constexpr shape features_of(int width) { return make_shape(kind::features, 1, width); }
constexpr shape sequence_of(int length, int width) { return make_shape(kind::sequence, 2, length, width); }
constexpr shape picture_of(int channels, int height, int width) {
  return make_shape(kind::picture, 3, channels, height, width);
}
// A value that exists once a batch, not once a sample: a loss.
constexpr shape scalar_shape() { return make_shape(kind::scalar, 0); }

// What `infer` returns when its inputs do not fit: the sentence becomes the one compile error. The two numbers, if
// given, are printed behind it.
constexpr shape wrong(const char* sentence, long long first = -1, long long second = -1) {
  shape s;
  s.fault = {sentence, first, second};
  return s;
}

// Modalities: what an input declares. Sizes in elements of one sample.
struct features {
  int width;
  bool optional = false;
};
struct sequence {
  int length, width;
  bool padded = false, optional = false;
};
struct tokens {
  int length;
  bool padded = false, optional = false;
  int vocabulary = 0;  // ids are checked against it when given; an embedding gives it otherwise
  int ignore = no_id;  // as targets: the id that counts in no loss, a negative one or one of the vocabulary
};
struct picture {
  int channels = 1, height, width;
  bool optional = false, channels_last = false;
};
struct waveform {
  int samples;
  int channels = 1;
  bool optional = false;
};
struct video {
  int frames, channels = 3, height, width;
  bool padded = false, optional = false, channels_last = false;
};
// A class index a sample: what cross-entropy compares with.
struct category {
  int classes;
  int ignore = no_id;  // the index that counts in no loss, a negative one or one of the classes
};

constexpr shape shape_of(shape s) { return s; }
constexpr shape shape_of(features m) {
  shape s = features_of(m.width);
  s.optional = m.optional;
  return s;
}
constexpr shape shape_of(sequence m) {
  shape s = sequence_of(m.length, m.width);
  s.padded = m.padded;
  s.optional = m.optional;
  return s;
}
constexpr shape shape_of(tokens m) {
  shape s = make_shape(kind::tokens, 1, m.length);
  s.padded = m.padded;
  s.optional = m.optional;
  s.limit = m.vocabulary;
  s.ignored = m.ignore;
  return s;
}
constexpr shape shape_of(picture m) {
  shape s = picture_of(m.channels, m.height, m.width);
  s.optional = m.optional;
  s.channels_last = m.channels_last;
  return s;
}
constexpr shape shape_of(waveform m) {
  shape s = make_shape(kind::waveform, 2, m.channels, m.samples);
  s.optional = m.optional;
  return s;
}
constexpr shape shape_of(video m) {
  shape s = make_shape(kind::video, 4, m.frames, m.channels, m.height, m.width);
  s.padded = m.padded;
  s.optional = m.optional;
  s.channels_last = m.channels_last;
  return s;
}
constexpr shape shape_of(category m) {
  shape s = make_shape(kind::category, 0);
  s.limit = m.classes;
  s.ignored = m.ignore;
  return s;
}

}  // namespace tectum
