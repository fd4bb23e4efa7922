// Brings bound tensors in: `check` all of them first, then `bring_in` each, without a copy where the samples allow it.
#pragma once

#include <tectum/tensor/resolve.hpp>

namespace tectum::inline TECTUM_ABI {

// An input as operators read it. Where the shape holds ids they are in `ids`, else the values are in `data`; sample b
// begins at b * stride. `mask` has a byte a token (padded) or a sample (optional), or is null where the shape has none.
template <class T>
struct bound {
  const T* data = nullptr;
  const std::int32_t* ids = nullptr;
  index samples = 0, stride = 0;
  const std::uint8_t* mask = nullptr;
  bool copied = false;
};

namespace boundary {

// What of a source counts, by its lengths, mask and presence.
inline bool sample_present(const source& s, index b) noexcept {
  return !s.present || load_integer(s.present.type, s.present.data, b * s.present.stride[0]) != 0;
}
inline bool token_valid(const source& s, index b, index t) noexcept {
  if (!s.tokens) return true;
  if (s.lengths) return t < load_integer(s.tokens.type, s.tokens.data, b * s.tokens.stride[0]);
  return load_integer(s.tokens.type, s.tokens.data, b * s.tokens.stride[0] + t * s.tokens.stride[1]) != 0;
}

// Rows of floats that lie as they are wanted: the case that must cost nothing.
inline bool is_plain(const source& s, const shape& e) noexcept {
  return s.layout.rank == 2 && e.rank == 1 && !e.masked() && !e.holds_ids() && s.layout.extent[1] == e.extent[0] &&
         !s.tokens && !s.present;
}

inline void check_presence(const source& s, const shape& e, const placed& p, const char* name) {
  const side_tensor& given = s.present;
  if (!e.optional)
    fail(error_kind::binding, about(name).append("presence was given, but the input is not declared optional"));
  if (!is_integer(given.type))
    fail(error_kind::binding, about(name).append("expected presence as bool or integers, got ").append(name_of(given.type)));
  if (given.rank != 1 || given.extent[0] != p.samples)
    fail(error_kind::shape, about(name).append("expected presence of [").append(p.samples).append("], got ")
                                .append_extents(given.extent, given.rank < 2 ? given.rank : 2));
}

inline void check_tokens(const source& s, const shape& e, const placed& p, const char* name) {
  const side_tensor& given = s.tokens;
  if (!e.padded)
    fail(error_kind::binding, about(name).append("lengths or a mask were given, but the input is not declared padded"));
  if (!is_integer(given.type) || (s.lengths && given.type == scalar_type::boolean))
    fail(error_kind::binding, about(name).append(s.lengths ? "expected lengths as integers, got "
                                                           : "expected a mask of bool or integers, got ")
                                  .append(name_of(given.type)));
  const int rank = s.lengths ? 1 : 2;
  const index wanted[2] = {p.samples, p.tokens};
  if (given.rank != rank || given.extent[0] != wanted[0] || (rank == 2 && given.extent[1] != wanted[1]))
    fail(error_kind::shape, about(name).append(s.lengths ? "expected lengths of " : "expected a mask of ")
                                .append_extents(wanted, rank).append(", got ")
                                .append_extents(given.extent, given.rank < 2 ? given.rank : 2));
  if (!s.lengths) return;
  for (index b = 0; b < p.samples; ++b) {
    const std::int64_t length = load_integer(given.type, given.data, b * given.stride[0]);
    if (length >= 0 && length <= p.tokens) continue;
    fail(error_kind::range, about(name).append("length ").append(length).append(" of row ").append(b)
                                .append(" is out of range [0, ").append(p.tokens).append("]"));
  }
}

// The first place from `begin` on whose id is not in [0, limit), or n.
template <class From>
index first_outside(const void* data, index begin, index n, index offset, index stride, std::uint64_t limit) noexcept {
  for (index t = begin; t < n; ++t) {
    const auto id = load<From>(static_cast<const char*>(data), offset + t * stride);
    if (static_cast<std::uint64_t>(id) >= limit) return t;
  }
  return n;
}
inline index first_outside(scalar_type type, const void* data, index begin, index n, index offset, index stride,
                           std::uint64_t limit) noexcept {
  switch (type) {
    case scalar_type::boolean:
    case scalar_type::uint8: return first_outside<std::uint8_t>(data, begin, n, offset, stride, limit);
    case scalar_type::int16: return first_outside<std::int16_t>(data, begin, n, offset, stride, limit);
    case scalar_type::int32: return first_outside<std::int32_t>(data, begin, n, offset, stride, limit);
    case scalar_type::uint32: return first_outside<std::uint32_t>(data, begin, n, offset, stride, limit);
    case scalar_type::int64: return first_outside<std::int64_t>(data, begin, n, offset, stride, limit);
    case scalar_type::uint64: return first_outside<std::uint64_t>(data, begin, n, offset, stride, limit);
    default: return begin;
  }
}

inline void check_ids(const source& s, const shape& e, const placed& p, const char* name) {
  if (!is_integer(s.type))
    fail(error_kind::binding, about(name).append("expected integer ids, got ").append(name_of(s.type)));
  const std::uint64_t limit = e.limit > 0 ? static_cast<std::uint64_t>(e.limit) : std::uint64_t{1} << 31;
  for (index b = 0; b < p.samples; ++b) {
    const index row = b * p.stride[0];
    for (index t = 0;; ++t) {
      t = first_outside(s.type, s.layout.data, t, p.tokens, row, p.stride[1], limit);
      if (t == p.tokens) break;
      if (!sample_present(s, b) || !token_valid(s, b, t)) continue;
      message text = about(name);
      text.append("id ");
      if (s.type == scalar_type::uint64)
        text.append(load<std::uint64_t>(static_cast<const char*>(s.layout.data), row + t * p.stride[1]));
      else
        text.append(load_integer(s.type, s.layout.data, row + t * p.stride[1]));
      text.append(" at row ").append(b);
      if (e.rank > 0) text.append(", position ").append(t);
      fail(error_kind::range, text.append(" is out of range [0, ").append(limit).append(")"));
    }
  }
}

[[gnu::cold, gnu::noinline]] inline void fail_batch(const char* name, index expected, index given) {
  fail(error_kind::shape, about(name).append("expected a batch of ").append(expected)
                              .append(" samples like the inputs before it, got ").append(given));
}

[[gnu::noinline]] inline index check_general(const source& s, const shape& e, const char* name) {
  if (s.absent) {
    if (!e.optional) fail(error_kind::binding, about(name).append("is absent, but it is not declared optional"));
    return -1;
  }
  const placed p = resolve(s, e, name);
  if (s.present) check_presence(s, e, p, name);
  if (s.tokens) check_tokens(s, e, p, name);
  if (e.holds_ids()) check_ids(s, e, p, name);
  return p.samples;
}

// Writes the mask of a masked shape; says whether everything is valid.
inline bool write_mask(const source& s, const shape& e, const placed& p, std::uint8_t* mask) noexcept {
  const index length = e.padded ? e.length() : 1;
  bool all = true;
  for (index b = 0; b < p.samples; ++b) {
    const bool present = sample_present(s, b);
    const index valid = !present ? 0 : s.tokens && s.lengths ? load_integer(s.tokens.type, s.tokens.data, b * s.tokens.stride[0])
                                 : e.padded ? p.tokens : 1;
    for (index t = 0; t < length; ++t) {
      const bool here = t < valid && (s.lengths || token_valid(s, b, t));
      mask[b * length + t] = here;
      all = all && here;
    }
  }
  return all;
}

// Packs the valid places and sets the others to zero: what lies in padding is never read, be it NaN.
template <class To>
void pack(const source& s, const shape& e, const placed& p, const std::uint8_t* mask, To* to) noexcept {
  const char* const from = static_cast<const char*>(s.layout.data);
  const index size = e.size(), length = e.padded ? e.length() : 1, token = size / (length == 0 ? 1 : length);
  if (!mask) {
    block whole;
    index to_stride[5];
    index next = 1;
    for (int i = p.rank; i >= 0; --i) {
      to_stride[i] = next;
      next *= p.extent[i];
    }
    for (int i = 0; i <= p.rank; ++i) whole.axis(p.extent[i], p.stride[i], to_stride[i]);
    copy_block(s.type, whole, from, to);
    return;
  }
  for (index b = 0; b < p.samples; ++b) {
    for (index begin = 0, end; begin < length; begin = end) {
      const std::uint8_t* const row = mask + b * length;
      for (end = begin + 1; end < length && row[end] == row[begin];) ++end;
      To* const target = to + b * size + begin * token;
      if (!row[begin]) {
        std::memset(static_cast<void*>(target), 0, static_cast<std::size_t>((end - begin) * token) * sizeof(To));
        continue;
      }
      block run;
      index to_stride[5];
      index next = 1;
      for (int i = p.rank; i >= 1; --i) {
        to_stride[i] = next;
        next *= p.extent[i];
      }
      for (int i = 1; i <= p.rank; ++i) {
        run.axis(i == 1 && e.padded ? end - begin : p.extent[i], p.stride[i], to_stride[i]);
      }
      const index at = b * p.stride[0] + (e.padded ? begin * p.stride[1] : 0);
      copy_block(s.type, run, from + at * size_of(s.type), target);
    }
  }
}

// Whether the samples can be read where they are.
inline bool in_place(const source& s, const shape& e, const placed& p, scalar_type wanted) noexcept {
  if (s.type != wanted) return false;
  index next = 1;
  for (int i = p.rank; i >= 1; --i) {
    if (p.extent[i] != 1 && p.stride[i] != next) return false;
    next *= p.extent[i];
  }
  if (next != e.size()) return false;
  return p.samples <= 1 || p.stride[0] == next || (p.rank <= 1 && p.stride[0] > next);
}

template <class T>
[[gnu::noinline]] bound<T> bring_in_general(const source& s, const shape& e, const char* name, index batch, T* copy,
                                            std::int32_t* ids, std::uint8_t* mask) {
  const index size = e.size();
  bound<T> out{nullptr, nullptr, batch, size, e.masked() ? mask : nullptr, true};
  if (s.absent) {
    if (batch < 0)
      fail(error_kind::binding, about(name).append("is absent like all inputs before it, so the batch size is unknown"));
    const auto n = static_cast<std::size_t>(batch * size);
    if (mask) std::memset(mask, 0, static_cast<std::size_t>(batch * (e.padded ? e.length() : 1)));
    if (e.holds_ids())
      out.ids = static_cast<std::int32_t*>(std::memset(ids, 0, n * sizeof *ids));
    else
      out.data = static_cast<T*>(std::memset(static_cast<void*>(copy), 0, n * sizeof *copy));
    return out;
  }
  const placed p = resolve(s, e, name);
  if (batch >= 0 && batch != p.samples) fail_batch(name, batch, p.samples);
  out.samples = p.samples;
  const bool all = !e.masked() || write_mask(s, e, p, mask);
  const auto wanted = e.holds_ids() ? scalar_type::int32 : scalar_type_of<T>();
  out.copied = !all || !in_place(s, e, p, wanted);
  if (!out.copied) {
    if (p.samples > 1) out.stride = p.stride[0];
    if (e.holds_ids())
      out.ids = static_cast<const std::int32_t*>(s.layout.data);
    else
      out.data = static_cast<const T*>(s.layout.data);
  } else if (e.holds_ids()) {
    pack(s, e, p, all ? nullptr : mask, ids);
    out.ids = ids;
  } else {
    pack(s, e, p, all ? nullptr : mask, copy);
    out.data = copy;
  }
  return out;
}

}  // namespace boundary

// Whether s fits the input: extents, type, lengths, presence, ids. Returns its samples, or -1 if it is absent. To be
// called for every input before the first is brought in, with the batch of those before it, or -1.
inline index check(const source& s, const shape& expected, const char* name, index batch = -1) {
  const index samples = boundary::is_plain(s, expected) ? s.layout.extent[0] : boundary::check_general(s, expected, name);
  if (samples >= 0 && batch >= 0 && samples != batch) boundary::fail_batch(name, batch, samples);
  return samples;
}

// Brings in what `check` has passed; values and lengths are not looked at again. Each buffer may be null if unused:
// copy of batch * size, ids of batch * size where the shape holds ids (one a sample for a category), mask of
// batch * length where it is padded, of batch where it is only optional. Nothing is allocated. Padded and absent places
// are zero. A column-major matrix whose rows are samples, another scalar and channels last cost one packing copy.
template <class T>
bound<T> bring_in(const source& s, const shape& expected, const char* name, index batch, T* copy, std::int32_t* ids,
                  std::uint8_t* mask) {
  if (s.type == scalar_type_of<T>() && s.layout.stride[1] == 1 && s.layout.stride[0] >= s.layout.extent[1] &&
      boundary::is_plain(s, expected) && (batch < 0 || batch == s.layout.extent[0]))
    return {static_cast<const T*>(s.layout.data), nullptr, s.layout.extent[0], s.layout.stride[0], nullptr, false};
  return boundary::bring_in_general(s, expected, name, batch, copy, ids, mask);
}

}  // namespace tectum
