#include "counting.hpp"

#include <cstdlib>
#include <new>

std::atomic<std::size_t> allocations = 0;

// The thread sanitizer brings its own operators: nothing is counted there.
#if defined(__SANITIZE_THREAD__)
#define TECTUM_TEST_COUNTS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TECTUM_TEST_COUNTS 0
#endif
#endif
#ifndef TECTUM_TEST_COUNTS

namespace {

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  if (void* const p = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded)) return p;
  std::abort();
}
}  // namespace

void* operator new(std::size_t size) { return counted(size, 16); }
void* operator new(std::size_t size, std::align_val_t a) { return counted(size, static_cast<std::size_t>(a)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
#endif
