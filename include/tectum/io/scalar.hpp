// The scalars that files hold, and their checked conversion: a value that the target cannot hold is an error.
#pragma once

#include <cstring>
#include <limits>
#include <string>
#include <tectum/io/file.hpp>
#include <utility>
#include <vector>

namespace tectum::inline TECTUM_ABI {

enum class stored_type : unsigned char { f64, f32, f16, bf16, i64, i32, i16, i8, u64, u32, u16, u8, boolean };

constexpr std::size_t size_of(stored_type type) {
  constexpr std::size_t sizes[] = {8, 4, 2, 2, 8, 4, 2, 1, 8, 4, 2, 1, 1};
  return sizes[static_cast<int>(type)];
}

constexpr const char* name_of(stored_type type) {
  constexpr const char* names[] = {"float64", "float32", "float16", "bfloat16", "int64", "int32", "int16",
                                   "int8",    "uint64",  "uint32",  "uint16",   "uint8", "bool"};
  return names[static_cast<int>(type)];
}

constexpr bool is_floating(stored_type type) { return type <= stored_type::bf16; }

template <class T>
consteval stored_type stored_type_of() {
  static_assert(loadable<T> && !std::same_as<T, bool>, "a number of 1, 2, 4 or 8 bytes");
  if constexpr (std::floating_point<T>) return sizeof(T) == 8 ? stored_type::f64 : stored_type::f32;
  constexpr int place = sizeof(T) == 8 ? 0 : sizeof(T) == 4 ? 1 : sizeof(T) == 2 ? 2 : 3;
  return static_cast<stored_type>(static_cast<int>(std::is_signed_v<T> ? stored_type::i64 : stored_type::u64) + place);
}

// What a file of numbers holds: row-major elements and their extents; no extents: one number.
template <class T>
struct array_data {
  std::vector<T> data;
  std::vector<std::int64_t> extents;
};

namespace io_detail {

// IEEE binary16, exactly.
constexpr float from_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 31u, fraction = half & 0x3ffu;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
  return std::bit_cast<float>(sign | ((exponent + 112u) << 23) | (fraction << 13));
}

constexpr float from_bfloat(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

// On bits, because -ffast-math removes every test that is not.
constexpr bool finite(float x) { return (std::bit_cast<std::uint32_t>(x) & 0x7f800000u) != 0x7f800000u; }
constexpr bool finite(double x) {
  constexpr std::uint64_t exponent = 0x7ff0000000000000u;
  return (std::bit_cast<std::uint64_t>(x) & exponent) != exponent;
}

// Integers must fit; an integer into a float must be exact; a float into an integer must be whole; a finite double
// into a float may round but not overflow.
template <class T, class S>
constexpr bool convert(S from, T& to) {
  if constexpr (std::same_as<T, S>) {
    to = from;
  } else if constexpr (std::integral<S> && std::integral<T>) {
    if (!std::in_range<T>(from)) return false;
    to = static_cast<T>(from);
  } else if constexpr (std::integral<S>) {
    if constexpr (std::numeric_limits<S>::digits > std::numeric_limits<T>::digits) {
      constexpr S exact = S{1} << std::numeric_limits<T>::digits;
      if (from > exact) return false;
      if constexpr (std::is_signed_v<S>)
        if (from < -exact) return false;
    }
    to = static_cast<T>(from);
  } else if constexpr (std::integral<T>) {
    // 2^digits is a power of two, so it is exact in S.
    const S above = static_cast<S>(std::uint64_t{1} << (std::numeric_limits<T>::digits - 1)) * S{2};
    if (!finite(from) || from >= above || from < (std::is_signed_v<T> ? -above : S{0})) return false;
    to = static_cast<T>(from);
    if (static_cast<S>(to) != from) return false;
  } else {
    if constexpr (sizeof(S) > sizeof(T))
      if (finite(from) && (from > static_cast<S>(std::numeric_limits<T>::max()) ||
                           from < static_cast<S>(std::numeric_limits<T>::lowest())))
        return false;
    to = static_cast<T>(from);
  }
  return true;
}

template <class Stored, class T, class Decode>
bool convert_all(std::span<const std::byte> raw, std::endian order, std::span<T> out, std::size_t& bad, Decode decode) {
  if constexpr (std::same_as<decltype(decode(Stored{})), Stored> && std::same_as<Stored, T>) {
    if (order == std::endian::native) {
      if (!out.empty()) std::memcpy(out.data(), raw.data(), out.size_bytes());
      return true;
    }
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto bytes = raw.subspan(i * sizeof(Stored)).template first<sizeof(Stored)>();
    const Stored stored = order == std::endian::little ? load_little<Stored>(bytes) : load_big<Stored>(bytes);
    if (!convert(decode(stored), out[i])) {
      bad = i;
      return false;
    }
  }
  return true;
}

// out.size() elements of `type` from `raw`, which holds just as many; false: element `bad` does not fit T.
template <class T>
[[nodiscard]] bool convert_elements(std::span<const std::byte> raw, stored_type type, std::endian order,
                                    std::span<T> out, std::size_t& bad) {
  const auto as_is = [](auto x) { return x; };
  switch (type) {
    case stored_type::f64: return convert_all<double>(raw, order, out, bad, as_is);
    case stored_type::f32: return convert_all<float>(raw, order, out, bad, as_is);
    case stored_type::f16: return convert_all<std::uint16_t>(raw, order, out, bad, from_half);
    case stored_type::bf16: return convert_all<std::uint16_t>(raw, order, out, bad, from_bfloat);
    case stored_type::i64: return convert_all<std::int64_t>(raw, order, out, bad, as_is);
    case stored_type::i32: return convert_all<std::int32_t>(raw, order, out, bad, as_is);
    case stored_type::i16: return convert_all<std::int16_t>(raw, order, out, bad, as_is);
    case stored_type::i8: return convert_all<std::int8_t>(raw, order, out, bad, as_is);
    case stored_type::u64: return convert_all<std::uint64_t>(raw, order, out, bad, as_is);
    case stored_type::u32: return convert_all<std::uint32_t>(raw, order, out, bad, as_is);
    case stored_type::u16: return convert_all<std::uint16_t>(raw, order, out, bad, as_is);
    case stored_type::u8: return convert_all<std::uint8_t>(raw, order, out, bad, as_is);
    case stored_type::boolean: break;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (raw[i] > std::byte{1}) {
      bad = i;
      return false;
    }
    out[i] = static_cast<T>(raw[i]);
  }
  return true;
}

// Elements [0, out.size()) that lie at `offset` of the source, a block at a time.
template <class T>
void read_elements(const byte_source& source, std::uint64_t offset, stored_type type, std::endian order,
                   std::span<T> out, const std::string& item) {
  constexpr std::size_t block = 8192;
  std::vector<std::byte> raw(std::min(block, out.size()) * size_of(type));
  for (std::size_t first = 0; first < out.size(); first += block) {
    const std::size_t count = std::min(block, out.size() - first);
    const auto bytes = std::span(raw).first(count * size_of(type));
    source.read(offset, bytes, item.c_str());
    std::size_t bad = 0;
    if (!convert_elements(bytes, type, order, out.subspan(first, count), bad))
      fail(source.label(), item + ", element " + std::to_string(first + bad),
           std::string("a value that fits ") + name_of(stored_type_of<T>()),
           std::string(name_of(type)) + " that does not");
    offset += bytes.size();
  }
}

// Appends the elements in little-endian order.
template <class T>
void write_elements(atomic_file& file, std::span<const T> elements) {
  if constexpr (std::endian::native == std::endian::little) {
    file.write(std::as_bytes(elements));
  } else {
    using bits = std::conditional_t<sizeof(T) == 1, std::uint8_t,
                                    std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>;
    std::vector<std::byte> bytes(elements.size_bytes());
    for (std::size_t i = 0; i < elements.size(); ++i)
      store_little(std::bit_cast<bits>(elements[i]),
                   std::span(bytes).subspan(i * sizeof(T)).template first<sizeof(T)>());
    file.write(bytes);
  }
}

}  // namespace io_detail

}  // namespace tectum::inline TECTUM_ABI
