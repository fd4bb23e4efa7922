// The bounded reader that every parser of io/ stands on, and the one overflow-checked product.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <tectum/config.hpp>
#include <tectum/io/error.hpp>
#include <type_traits>

namespace tectum::inline TECTUM_ABI {

// extents[0] * extents[1] * ... * unit; nothing when an extent is negative or when the product of those that are not
// zero passes 2^63 - 1. A zero does not hide an overflow: [0, 2^62, 2^62] has no product.
constexpr std::optional<std::uint64_t> checked_product(std::span<const std::int64_t> extents, std::uint64_t unit = 1) {
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t product = 1;
  bool zero = unit == 0;
  const auto times = [&](std::uint64_t factor) {
    return !__builtin_mul_overflow(product, factor, &product) && product <= limit;
  };
  if (!zero && !times(unit)) return std::nullopt;
  for (const std::int64_t extent : extents) {
    if (extent < 0) return std::nullopt;
    if (extent == 0) zero = true;
    else if (!times(static_cast<std::uint64_t>(extent))) return std::nullopt;
  }
  return zero ? 0 : product;
}

// The same for a few factors. Factors above 2^63 - 1 have no product.
constexpr std::optional<std::uint64_t> checked_product(std::initializer_list<std::uint64_t> factors) {
  std::uint64_t product = 1;
  for (const std::uint64_t factor : factors) {
    if (factor > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    const auto extent = static_cast<std::int64_t>(factor);
    const auto next = checked_product(std::span<const std::int64_t>{&extent, 1}, product);
    if (!next) return std::nullopt;
    product = *next;
  }
  return product;
}

template <class T>
concept loadable = std::integral<T> || std::floating_point<T>;

namespace io_detail {

template <loadable T, std::endian Order>
constexpr T load_scalar(std::span<const std::byte, sizeof(T)> bytes) {
  using bits = std::conditional_t<sizeof(T) == 1, std::uint8_t,
                                  std::conditional_t<sizeof(T) == 2, std::uint16_t,
                                                     std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;
  bits value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    const std::size_t place = Order == std::endian::little ? i : sizeof(T) - 1 - i;
    value = static_cast<bits>(value | static_cast<bits>(static_cast<bits>(bytes[i]) << (8 * place)));
  }
  return std::bit_cast<T>(value);
}

}  // namespace io_detail

// The scalar that the bytes hold, in little- or in big-endian order.
template <loadable T>
constexpr T load_little(std::span<const std::byte, sizeof(T)> bytes) {
  return io_detail::load_scalar<T, std::endian::little>(bytes);
}

template <loadable T>
constexpr T load_big(std::span<const std::byte, sizeof(T)> bytes) {
  return io_detail::load_scalar<T, std::endian::big>(bytes);
}

template <std::integral T>
constexpr void store_little(T value, std::span<std::byte, sizeof(T)> bytes) {
  const auto bits = static_cast<std::uint64_t>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<std::byte>((bits >> (8 * i)) & 0xff);
}

// Walks over bytes that it does not own and never leaves them: every operation says whether it was possible, and one
// that was not moves nothing and writes nothing.
class reader {
 public:
  constexpr explicit reader(std::span<const std::byte> bytes) noexcept : left_(bytes), size_(bytes.size()) {}

  constexpr std::size_t left() const noexcept { return left_.size(); }
  constexpr std::size_t position() const noexcept { return size_ - left_.size(); }
  constexpr bool at_end() const noexcept { return left_.empty(); }

  [[nodiscard]] constexpr bool bytes(std::uint64_t count, std::span<const std::byte>& out) noexcept {
    if (count > left_.size()) return false;
    out = left_.first(static_cast<std::size_t>(count));
    left_ = left_.subspan(static_cast<std::size_t>(count));
    return true;
  }
  [[nodiscard]] constexpr bool skip(std::uint64_t count) noexcept {
    std::span<const std::byte> ignored;
    return bytes(count, ignored);
  }
  template <loadable T>
  [[nodiscard]] constexpr bool little(T& out) noexcept {
    return scalar<T, std::endian::little>(out);
  }
  template <loadable T>
  [[nodiscard]] constexpr bool big(T& out) noexcept {
    return scalar<T, std::endian::big>(out);
  }
  // The next byte as a character, without taking it; -1 at the end.
  constexpr int peek() const noexcept { return left_.empty() ? -1 : static_cast<int>(left_.front()); }

 private:
  template <class T, std::endian Order>
  constexpr bool scalar(T& out) noexcept {
    std::span<const std::byte> taken;
    if (!bytes(sizeof(T), taken)) return false;
    out = io_detail::load_scalar<T, Order>(taken.first<sizeof(T)>());
    return true;
  }

  std::span<const std::byte> left_;
  std::size_t size_ = 0;
};

}  // namespace tectum::inline TECTUM_ABI
