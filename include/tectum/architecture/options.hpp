// Operators as plain data: an operator's options, read out of the aggregate as numbers and put back again. It is what
// lets an architecture hold any operator without carrying its type.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <tectum/config.hpp>
#include <type_traits>
#include <utility>

namespace tectum::inline TECTUM_ABI {

using slot = std::uint64_t;

// Height and width, as an option: one number stands for both.
struct extent2 {
  int height = 0, width = 0;
  constexpr extent2() = default;
  constexpr extent2(int both) : height(both), width(both) {}
  constexpr extent2(int high, int wide) : height(high), width(wide) {}

  constexpr bool square() const { return height == width; }
  constexpr int smaller() const { return height < width ? height : width; }
  constexpr int larger() const { return height < width ? width : height; }
  constexpr slot packed() const {
    return static_cast<slot>(static_cast<std::uint32_t>(height)) << 32 | static_cast<std::uint32_t>(width);
  }
  static constexpr extent2 unpacked(slot s) {
    return {static_cast<int>(static_cast<std::uint32_t>(s >> 32)), static_cast<int>(static_cast<std::uint32_t>(s))};
  }
};

namespace detail {

struct anything {
  template <class T>
  constexpr operator T() const;
};

template <int>
using anything_at = anything;

template <class T, class... Any>
concept takes = requires { T{Any{}...}; };

// Members of an aggregate: the longest list of initialisers that it takes.
template <class T, class... Any>
consteval int member_count() {
  if constexpr (sizeof...(Any) > 16) return 17;
  else if constexpr (takes<T, Any..., anything>) return member_count<T, Any..., anything>();
  else return static_cast<int>(sizeof...(Any));
}

// A class that says itself how it is a number, and so may have constructors.
template <class T>
concept is_packed = requires(const T& t, slot s) {
  { t.packed() } -> std::same_as<slot>;
  { T::unpacked(s) } -> std::same_as<T>;
};
template <class T>
inline constexpr bool is_number = std::is_arithmetic_v<T> || std::is_enum_v<T> || is_packed<T>;

// Calls f with every member of an aggregate.
template <class T, class F>
constexpr auto with_members(const T& t, F f) {
  constexpr int n = std::is_empty_v<T> ? 0 : member_count<T>();
  static_assert(n <= 16, "tectum: an operator has at most 16 options; group some of them in a struct of their own");
#define TECTUM_MEMBERS(count, ...) \
  else if constexpr (n == count) { \
    const auto& [__VA_ARGS__] = t; \
    return f(__VA_ARGS__);         \
  }
  if constexpr (n == 0) return f();
  TECTUM_MEMBERS(1, a)
  TECTUM_MEMBERS(2, a, b)
  TECTUM_MEMBERS(3, a, b, c)
  TECTUM_MEMBERS(4, a, b, c, d)
  TECTUM_MEMBERS(5, a, b, c, d, e)
  TECTUM_MEMBERS(6, a, b, c, d, e, g)
  TECTUM_MEMBERS(7, a, b, c, d, e, g, h)
  TECTUM_MEMBERS(8, a, b, c, d, e, g, h, i)
  TECTUM_MEMBERS(9, a, b, c, d, e, g, h, i, j)
  TECTUM_MEMBERS(10, a, b, c, d, e, g, h, i, j, k)
  TECTUM_MEMBERS(11, a, b, c, d, e, g, h, i, j, k, l)
  TECTUM_MEMBERS(12, a, b, c, d, e, g, h, i, j, k, l, m)
  TECTUM_MEMBERS(13, a, b, c, d, e, g, h, i, j, k, l, m, o)
  TECTUM_MEMBERS(14, a, b, c, d, e, g, h, i, j, k, l, m, o, p)
  TECTUM_MEMBERS(15, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q)
  TECTUM_MEMBERS(16, a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r)
#undef TECTUM_MEMBERS
}

template <class T>
constexpr slot to_slot(T value) {
  if constexpr (is_packed<T>) return value.packed();
  else if constexpr (std::is_enum_v<T>) return static_cast<slot>(static_cast<long long>(value));
  else if constexpr (std::is_same_v<T, float>) return std::bit_cast<std::uint32_t>(value);
  else if constexpr (std::is_same_v<T, double>) return std::bit_cast<std::uint64_t>(value);
  else return static_cast<slot>(value);
}
template <class T>
constexpr T from_slot(slot s) {
  if constexpr (is_packed<T>) return T::unpacked(s);
  else if constexpr (std::is_enum_v<T>) return static_cast<T>(static_cast<long long>(s));
  else if constexpr (std::is_same_v<T, float>) return std::bit_cast<float>(static_cast<std::uint32_t>(s));
  else if constexpr (std::is_same_v<T, double>) return std::bit_cast<double>(s);
  else return static_cast<T>(s);
}

template <class T>
consteval int slot_count();

template <class... Members>
consteval int slot_count_of(void (*)(Members...)) {
  return (0 + ... + slot_count<std::remove_cvref_t<Members>>());
}
struct member_types {
  template <class... Members>
  constexpr auto operator()(const Members&...) const -> void (*)(Members...) {
    return nullptr;
  }
};
template <class T>
using members_of = decltype(with_members(std::declval<const T&>(), member_types{}));

template <class T>
consteval int slot_count() {
  if constexpr (is_number<T>) {
    return 1;
  } else {
    static_assert(
        std::is_aggregate_v<T>,
        "tectum: an operator's options are public members (numbers, bools, enums, other operators) and it has "
        "no constructor");
    return slot_count_of(members_of<T>{});
  }
}

struct slot_writer {
  slot* to;
  template <class... Members>
  constexpr void operator()(const Members&... members) {
    (write(members), ...);
  }
  template <class M>
  constexpr void write(const M& member) {
    if constexpr (is_number<M>) {
      *to++ = to_slot(member);
    } else {
      slot_writer inner{to};
      with_members(member, [&](const auto&... m) { inner(m...); });
      to = inner.to;
    }
  }
};

struct slot_reader {
  const slot* from;
  template <class T>
  constexpr T read() {
    if constexpr (is_number<T>) return from_slot<T>(*from++);
    else return read_members<T>(members_of<T>{});
  }
  template <class T, class... Members>
  constexpr T read_members(void (*)(Members...)) {
    return T{read<std::remove_cvref_t<Members>>()...};  // braces: left to right
  }
};

}  // namespace detail

// How many numbers an operator's options come to.
template <class Operator>
inline constexpr int option_count = detail::slot_count<Operator>();

template <class Operator>
constexpr void store_options(const Operator& op, slot* to) {
  detail::slot_writer{to}.write(op);
}
template <class Operator>
constexpr Operator restore_options(const slot* from) {
  return detail::slot_reader{from}.template read<Operator>();
}

}  // namespace tectum
