// Fits the extents of a source to the declared shape of an input, or says in one sentence why they do not fit.
#pragma once

#include <tectum/tensor/copy.hpp>
#include <tectum/tensor/source.hpp>

namespace tectum::inline TECTUM_ABI::boundary {

// Extents and strides in the order of the shape (a picture: channels, height, width), samples first.
struct placed {
  index samples = 0;
  index tokens = 1;  // as given; a padded input may have fewer than declared
  int rank = 0;      // without the sample axis
  index extent[5] = {1, 1, 1, 1, 1};
  index stride[5] = {};
};

inline bool is_frames(kind k) noexcept { return k == kind::picture || k == kind::video; }
inline bool is_token_axis(kind k) noexcept { return k == kind::sequence || k == kind::tokens || k == kind::video; }

// The declared extents in the order the caller's tensor should have them.
inline void declared_extents(const shape& e, bool channels_last, index* extent) noexcept {
  for (int i = 0; i < e.rank; ++i) extent[i] = e.extent[i];
  if (!channels_last || !is_frames(e.kind) || e.rank < 3) return;
  const int c = e.rank - 3;
  extent[c] = e.extent[c + 1];
  extent[c + 1] = e.extent[c + 2];
  extent[c + 2] = e.extent[c];
}

inline bool fits(const shape& e, const index* declared, const index* given) noexcept {
  for (int i = 0; i < e.rank; ++i) {
    const bool shorter = i == 0 && e.padded && is_token_axis(e.kind) && given[i] < declared[i];
    if (given[i] != declared[i] && !shorter) return false;
  }
  return true;
}

inline message about(const char* name) {
  message text("input \"");
  text.append(name).append("\": ");
  return text;
}

[[noreturn, gnu::cold, gnu::noinline]] inline void fail_shape(const source& s, const shape& e, const char* name) {
  const bool last = s.channels_last || e.channels_last;
  index declared[4];
  declared_extents(e, last, declared);
  message text = about(name);
  text.append("expected [batch");
  for (int i = 0; i < e.rank; ++i) {
    text.append(i == 0 && e.padded && is_token_axis(e.kind) ? ", up to " : ", ").append(declared[i]);
  }
  text.append("] (").append(name_of(e.kind)).append("), got ").append_extents(s.layout.extent, s.layout.rank);
  if (s.columns) text.append(" (samples first, from columns)");

  index other[4];
  declared_extents(e, !last, other);
  tensor_layout<const void> turned = s.layout;
  samples_first(turned);
  index size = 1;
  for (int i = 0; i < e.rank; ++i) size *= e.extent[i];
  const int rank = s.layout.rank;
  if (is_frames(e.kind) && rank == e.rank + 1 && fits(e, other, s.layout.extent + 1))
    text.append(last ? "; is it channels first?" : "; is it channels last?");
  else if (rank > 1 && rank == e.rank + 1 && fits(e, declared, turned.extent + 1))
    text.append(s.columns ? "; are the samples rows?" : "; are the samples columns? then say columns(x)");
  else if (rank == 1 && size > 0 && s.layout.extent[0] % size == 0)
    text.append("; give it extents with tensor(x, {batch, ...})");
  fail(error_kind::shape, text);
}

// Throws where rank or extents differ. Besides the declared extents it takes what can be read in one way only: one
// sample without its batch axis if flat, samples flattened to [batch, size], pictures and waveforms of one channel
// without that axis, and one value a sample without a trailing axis of 1, or with it.
inline placed resolve(const source& s, const shape& e, const char* name) {
  tensor_layout<const void> l = s.layout;
  const int rank = e.rank;
  const bool last = s.channels_last || e.channels_last;
  index declared[4];
  declared_extents(e, last, declared);
  index size = 1;
  for (int i = 0; i < rank; ++i) size *= declared[i];

  if (l.rank == 1 && rank >= 1) {
    const bool one_sample = l.extent[0] == size || (rank == 1 && fits(e, declared, l.extent));
    if (!one_sample && size != 1) fail_shape(s, e, name);
    const int axis = one_sample ? 1 : 0;
    l.rank = 2;
    l.extent[axis] = l.extent[0];
    l.stride[axis] = l.stride[0];
    l.extent[1 - axis] = 1;
    l.stride[1 - axis] = s.layout.extent[0] * s.layout.stride[0];
  }
  if (l.rank == 2 && rank == 0 && l.extent[1] == 1) l.rank = 1;
  if (l.rank == 2 && rank > 1 && l.extent[1] == size) {
    index stride = l.stride[1];
    for (int i = rank; i > 0; --i) {
      l.extent[i] = declared[i - 1];
      l.stride[i] = stride;
      stride *= l.extent[i];
    }
    l.rank = rank + 1;
  }
  const int channel_axis = e.kind == kind::video ? 1 : 0;
  if (l.rank == rank && (is_frames(e.kind) || e.kind == kind::waveform) && e.extent[channel_axis] == 1) {
    const int at = 1 + (last && is_frames(e.kind) ? rank - 1 : channel_axis);
    for (int i = rank; i > at; --i) {
      l.extent[i] = l.extent[i - 1];
      l.stride[i] = l.stride[i - 1];
    }
    l.extent[at] = 1;
    l.stride[at] = 1;
    ++l.rank;
  }
  if (l.rank != rank + 1 || !fits(e, declared, l.extent + 1)) fail_shape(s, e, name);

  placed p;
  p.samples = l.extent[0];
  p.rank = rank;
  for (int i = 0; i <= rank; ++i) {
    p.extent[i] = l.extent[i];
    p.stride[i] = l.stride[i];
  }
  if (last && is_frames(e.kind)) {
    const int c = rank - 2;
    const index extent = p.extent[rank], stride = p.stride[rank];
    for (int i = rank; i > c; --i) {
      p.extent[i] = p.extent[i - 1];
      p.stride[i] = p.stride[i - 1];
    }
    p.extent[c] = extent;
    p.stride[c] = stride;
  }
  if (is_token_axis(e.kind)) p.tokens = p.extent[1];
  return p;
}

}  // namespace tectum
