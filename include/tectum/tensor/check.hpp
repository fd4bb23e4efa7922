// Checks a bound tensor against the declaration of its input: extents, lengths, mask, presence, ids, batch.
#pragma once

#include <tectum/tensor/resolve.hpp>

namespace tectum::inline TECTUM_ABI {

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
    fail(error_kind::binding,
         about(name).append("expected presence as bool or integers, got ").append(name_of(given.type)));
  if (given.rank != 1 || given.extent[0] != p.samples)
    fail(error_kind::shape, about(name)
                                .append("expected presence of [")
                                .append(p.samples)
                                .append("], got ")
                                .append_extents(given.extent, given.rank < 2 ? given.rank : 2));
}

inline void check_tokens(const source& s, const shape& e, const placed& p, const char* name) {
  const side_tensor& given = s.tokens;
  if (!e.padded)
    fail(error_kind::binding, about(name).append("lengths or a mask were given, but the input is not declared padded"));
  if (!is_integer(given.type) || (s.lengths && given.type == scalar_type::boolean))
    fail(error_kind::binding,
         about(name)
             .append(s.lengths ? "expected lengths as integers, got " : "expected a mask of bool or integers, got ")
             .append(name_of(given.type)));
  const int rank = s.lengths ? 1 : 2;
  const index wanted[2] = {p.samples, p.tokens};
  if (given.rank != rank || given.extent[0] != wanted[0] || (rank == 2 && given.extent[1] != wanted[1]))
    fail(error_kind::shape, about(name)
                                .append(s.lengths ? "expected lengths of " : "expected a mask of ")
                                .append_extents(wanted, rank)
                                .append(", got ")
                                .append_extents(given.extent, given.rank < 2 ? given.rank : 2));
  if (!s.lengths) return;
  for (index b = 0; b < p.samples; ++b) {
    const std::int64_t length = load_integer(given.type, given.data, b * given.stride[0]);
    if (length >= 0 && length <= p.tokens) continue;
    fail(error_kind::range, about(name)
                                .append("length ")
                                .append(length)
                                .append(" of row ")
                                .append(b)
                                .append(" is out of range [0, ")
                                .append(p.tokens)
                                .append("]"));
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
      if (e.ignored < 0 && e.ignored != no_id && s.type != scalar_type::uint64 &&
          load_integer(s.type, s.layout.data, row + t * p.stride[1]) == e.ignored)
        continue;
      message text = about(name);
      text.append("id ");
      if (s.type == scalar_type::uint64)
        text.append(load<std::uint64_t>(static_cast<const char*>(s.layout.data), row + t * p.stride[1]));
      else text.append(load_integer(s.type, s.layout.data, row + t * p.stride[1]));
      text.append(" at row ").append(b);
      if (e.rank > 0) text.append(", position ").append(t);
      fail(error_kind::range, text.append(" is out of range [0, ").append(limit).append(")"));
    }
  }
}

[[gnu::cold, gnu::noinline]] inline void fail_batch(const char* name, index expected, index given) {
  fail(error_kind::shape, about(name)
                              .append("expected a batch of ")
                              .append(expected)
                              .append(" samples like the inputs before it, got ")
                              .append(given));
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

}  // namespace boundary

// Whether s fits the input: extents, type, lengths, presence, ids. Returns its samples, or -1 if it is absent. To be
// called for every input before the first is brought in, with the batch of those before it, or -1.
inline index check(const source& s, const shape& expected, const char* name, index batch = -1) {
  const index samples =
      boundary::is_plain(s, expected) ? s.layout.extent[0] : boundary::check_general(s, expected, name);
  if (samples >= 0 && batch >= 0 && samples != batch) boundary::fail_batch(name, batch, samples);
  return samples;
}

}  // namespace tectum
