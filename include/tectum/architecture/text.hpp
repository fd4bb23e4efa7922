// Text at compile time: names as template arguments, and sentences put together from pieces.
#pragma once

#include <tectum/config.hpp>

namespace tectum::inline TECTUM_ABI {

constexpr int text_length(const char* s) {
  int n = 0;
  while (s[n]) ++n;
  return n;
}
constexpr bool same_text(const char* a, const char* b) {
  int i = 0;
  for (; a[i] && a[i] == b[i]; ++i) {
  }
  return a[i] == b[i];
}

// Characters that can be a template argument; g++ prints them in its errors.
template <int N>
struct text {
  char characters[N]{};
  consteval text(const char (&s)[N]) {
    for (int i = 0; i < N; ++i) characters[i] = s[i];
  }
  // The zeros behind are written too: clang prints as text only what has been written to its end.
  constexpr text(const char* s, int length) {
    for (int i = 0; i < N; ++i) characters[i] = i < length ? s[i] : '\0';
  }
  constexpr const char* data() const { return characters; }
  constexpr int size() const { return N - 1; }
};

// A sentence under construction; what does not fit is cut off.
template <int Capacity = 512>
struct sentence {
  char characters[Capacity]{};
  int length = 0;

  constexpr sentence& operator<<(const char* s) {
    for (; *s && length < Capacity - 1; ++s) characters[length++] = *s;
    return *this;
  }
  constexpr sentence& operator<<(long long number) {
    char digits[24]{};
    int n = 0;
    const bool negative = number < 0;
    unsigned long long rest =
        negative ? 0ULL - static_cast<unsigned long long>(number) : static_cast<unsigned long long>(number);
    do digits[n++] = static_cast<char>('0' + rest % 10);
    while (rest /= 10);
    if (negative) digits[n++] = '-';
    while (n > 0 && length < Capacity - 1) characters[length++] = digits[--n];
    return *this;
  }
  constexpr sentence& operator<<(int number) { return *this << static_cast<long long>(number); }
  constexpr const char* data() const { return characters; }
  constexpr int size() const { return length; }
};

}  // namespace tectum
