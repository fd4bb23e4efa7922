// The io test program's operator new: counts the bytes that are live, and their peak.
#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace io_test {

std::size_t live_bytes();
std::size_t peak_bytes();
void reset_peak();

namespace {

std::atomic<std::size_t> live{0}, peak{0};

void* counted(std::size_t size) noexcept {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory != nullptr) {
    const std::size_t now = live += malloc_usable_size(memory);
    if (now > peak) peak = now;
  }
  return memory;
}

void released(void* memory) noexcept {
  if (memory != nullptr) live -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

std::size_t live_bytes() { return live; }
std::size_t peak_bytes() { return peak; }
void reset_peak() { peak = live.load(); }

}  // namespace io_test

void* operator new(std::size_t size) {
  if (void* memory = io_test::counted(size)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return io_test::counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return io_test::counted(size); }
void operator delete(void* memory) noexcept { io_test::released(memory); }
void operator delete[](void* memory) noexcept { io_test::released(memory); }
void operator delete(void* memory, std::size_t) noexcept { io_test::released(memory); }
void operator delete[](void* memory, std::size_t) noexcept { io_test::released(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { io_test::released(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { io_test::released(memory); }
