// A width cut into chunks, as block-wise fusion does it.
#pragma once

#include <tectum/config.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// `chunks` chunks of ceil(width / chunks), the last one shorter; where that would be less than nothing, as many of the
// last ones as needed are one shorter. The last may be empty (4 in 3 chunks: 2, 2, 0).
struct chunking {
  int width, chunks;

  constexpr bool is_right() const { return chunks >= 1 && chunks <= width; }
  // Width of the first chunks and their number; what follows are `rest_count` chunks of `rest`.
  constexpr int size() const { return (width + chunks - 1) / chunks; }
  constexpr int rest_count() const { return missing() == 0 ? 0 : missing() <= size() ? 1 : missing(); }
  constexpr int rest() const { return missing() <= size() ? size() - missing() : size() - 1; }
  constexpr int count() const { return chunks - rest_count(); }
  constexpr int size_of(int c) const { return c < count() ? size() : rest(); }
  constexpr int begin_of(int c) const { return c <= count() ? c * size() : count() * size() + (c - count()) * rest(); }

 private:
  constexpr int missing() const { return chunks * size() - width; }
};

}  // namespace detail
}  // namespace tectum
