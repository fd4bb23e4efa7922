// Brings bound tensors in: `check` all of them first, then `bring_in` each, without a copy where the samples allow it.
#pragma once

#include <tectum/tensor/check.hpp>

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

// Writes the mask of a masked shape; says whether everything is valid.
inline bool write_mask(const source& s, const shape& e, const placed& p, std::uint8_t* mask) noexcept {
  const index length = e.padded ? e.length() : 1;
  bool all = true;
  for (index b = 0; b < p.samples; ++b) {
    const bool present = sample_present(s, b);
    const index valid = !present                ? 0
                        : s.tokens && s.lengths ? load_integer(s.tokens.type, s.tokens.data, b * s.tokens.stride[0])
                        : e.padded              ? p.tokens
                                                : 1;
    for (index t = 0; t < length; ++t) {
      const bool here = t < valid && (s.lengths || token_valid(s, b, t));
      mask[b * length + t] = here;
      all = all && here;
    }
  }
  return all;
}

// Packs the valid places and sets the others to zero: what lies in padding is never read, be it NaN.
inline void pack(const source& s, const shape& e, const placed& p, const std::uint8_t* mask, const conversion& c,
                 void* into) noexcept {
  char* const to = static_cast<char*>(into);
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
    copy_block(c, whole, from, to);
    return;
  }
  for (index b = 0; b < p.samples; ++b) {
    for (index begin = 0, end; begin < length; begin = end) {
      const std::uint8_t* const row = mask + b * length;
      for (end = begin + 1; end < length && row[end] == row[begin];) ++end;
      char* const target = to + (b * size + begin * token) * c.to_size;
      if (!row[begin]) {
        std::memset(target, 0, static_cast<std::size_t>((end - begin) * token * c.to_size));
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
      copy_block(c, run, from + at * c.from_size, target);
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
      fail(error_kind::binding,
           about(name).append("is absent like all inputs before it, so the batch size is unknown"));
    const auto n = static_cast<std::size_t>(batch * size);
    if (mask) std::memset(mask, 0, static_cast<std::size_t>(batch * (e.padded ? e.length() : 1)));
    if (e.holds_ids()) out.ids = static_cast<std::int32_t*>(std::memset(ids, 0, n * sizeof *ids));
    else out.data = static_cast<T*>(std::memset(static_cast<void*>(copy), 0, n * sizeof *copy));
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
    if (e.holds_ids()) out.ids = static_cast<const std::int32_t*>(s.layout.data);
    else out.data = static_cast<const T*>(s.layout.data);
  } else if (e.holds_ids()) {
    pack(s, e, p, all ? nullptr : mask, conversion_to<std::int32_t>(s.type), ids);
    out.ids = ids;
  } else {
    pack(s, e, p, all ? nullptr : mask, conversion_to<T>(s.type), copy);
    out.data = copy;
  }
  return out;
}

}  // namespace boundary

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
