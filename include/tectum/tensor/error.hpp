// Run-time errors: a sentence in a fixed buffer, thrown, or given to a handler where exceptions are off.
#pragma once

#include <new>
#include <tectum/tensor/view.hpp>

namespace tectum::inline TECTUM_ABI {

// What went wrong: extents, a value, how inputs were bound, the order of calls, a file.
enum class error_kind : unsigned char { shape, range, binding, state, file };

// A text built without allocation; what does not fit into 767 characters is cut off.
struct message {
  char text[768];
  int length = 0;

  message() { text[0] = '\0'; }
  message(const char* begin) : message() { append(begin); }
  message(const message& other) { *this = other; }
  message& operator=(const message& other) {
    length = other.length;
    for (int i = 0; i <= length; ++i) text[i] = other.text[i];
    return *this;
  }

  message& append(const char* more) {
    while (*more != '\0' && length < int{sizeof text} - 1) text[length++] = *more++;
    text[length] = '\0';
    return *this;
  }
  template <class I>
    requires std::is_integral_v<I>
  message& append(I value) {
    char digits[24];
    int at = int{sizeof digits} - 1;
    digits[at] = '\0';
    const bool negative = value < I{0};
    auto rest = static_cast<unsigned long long>(value);
    if (negative) rest = 0 - rest;
    do digits[--at] = static_cast<char>('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (negative) digits[--at] = '-';
    return append(digits + at);
  }
  // "[32, 3, 64, 64]"
  message& append_extents(const index* extents, int rank) {
    append("[");
    for (int i = 0; i < rank; ++i) append(i == 0 ? "" : ", ").append(extents[i]);
    return append("]");
  }
};

// What the library throws; what() is one sentence that names the input, tensor or file, what was expected and what
// came.
class error : public std::exception {
 public:
  error(error_kind kind, const message& text) noexcept : text_(text), kind_(kind) {}
  const char* what() const noexcept override { return text_.text; }
  error_kind kind() const noexcept { return kind_; }

 private:
  message text_;
  error_kind kind_;
};

using error_handler = void (*)(const char*);

namespace boundary {
inline error_handler& current_error_handler() noexcept {
  static constinit error_handler handler = nullptr;
  return handler;
}
}  // namespace boundary

// Sets what is called with the sentence where exceptions are off, and returns the one before; if the handler returns,
// the program is aborted. Without effect on code compiled with exceptions.
inline error_handler set_error_handler(error_handler handler) noexcept {
  const error_handler before = boundary::current_error_handler();
  boundary::current_error_handler() = handler;
  return before;
}

// A failing call may throw and allocate: by then nothing is left that should not block.
#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wfunction-effects"
#pragma clang diagnostic ignored "-Wperf-constraint-implies-noexcept"
#endif
[[noreturn, gnu::cold, gnu::noinline]] inline void fail([[maybe_unused]] error_kind kind,
                                                        const message& text) TECTUM_NONBLOCKING {
#if TECTUM_EXCEPTIONS
  throw error(kind, text);
#else
  if (const error_handler handler = boundary::current_error_handler()) handler(text.text);
  __builtin_abort();
#endif
}
#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic pop
#endif

}  // namespace tectum
