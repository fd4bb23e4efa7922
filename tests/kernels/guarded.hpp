// Arrays that end where a page without access begins, with a canary before them; and what the kernel tests share.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <tectum/kernels/native.hpp>
#include <tectum/kernels/reference.hpp>
#include <vector>

namespace kernel_tests {

using namespace tectum;
using tectum::index;  // <strings.h> has a function of that name

inline std::uint64_t& state() {
  static std::uint64_t s = 1;
  return s;
}
// Uniform in [-1, 1).
template <class T>
T draw() {
  return static_cast<T>(tectum::random::uniform(7, 3, state()++) * 2 - 1);
}

template <class T>
class guarded {
 public:
  explicit guarded(index n) : size_(n) {
    const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = static_cast<std::size_t>(n) * sizeof(T);
    body_ = (bytes + 64 + page - 1) / page * page;
    map_ = static_cast<char*>(mmap(nullptr, body_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(map_ + body_, page, PROT_NONE);
    total_ = body_ + page;
    std::memset(map_, 0x5a, body_ - bytes);
    data_ = reinterpret_cast<T*>(map_ + body_ - bytes);
    for (index i = 0; i < n; ++i) data_[i] = draw<T>();
  }
  guarded(const guarded&) = delete;
  ~guarded() { munmap(map_, total_); }
  T* data() { return data_; }
  index size() const { return size_; }
  T& operator[](index i) { return data_[i]; }
  void fill(T x) {
    for (index i = 0; i < size_; ++i) data_[i] = x;
  }
  bool canary_alive() const {
    for (const char* p = map_; p < reinterpret_cast<const char*>(data_); ++p)
      if (*p != 0x5a) return false;
    return true;
  }

 private:
  char* map_;
  std::size_t body_, total_;
  T* data_;
  index size_;
};

// A matrix with a stride, ending at the guard page right behind its last element; gaps between rows hold a canary.
template <class T>
struct guarded_matrix : tectum::matrix<T> {
  guarded<T> memory;
  guarded_matrix(index high, index wide, index gap = 0) : memory(high == 0 ? 0 : (high - 1) * (wide + gap) + wide) {
    this->data = memory.data();
    this->rows = high;
    this->columns = wide;
    this->stride = wide + gap;
    for (index r = 0; r + 1 < high; ++r)
      for (index c = wide; c < wide + gap; ++c) this->data[r * this->stride + c] = T(77);
  }
  tectum::matrix<T>& view() { return *this; }
  bool intact() const {
    for (index r = 0; r + 1 < this->rows; ++r)
      for (index c = this->columns; c < this->stride; ++c)
        if (this->data[r * this->stride + c] != T(77)) return false;
    return memory.canary_alive();
  }
};

// Packed weights [out, in] with zeros in the places beyond `out`.
template <class T>
struct guarded_weights : packed<T> {
  guarded<T> memory;
  guarded_weights(index outputs, index inputs) : memory(packed_size(outputs, inputs)) {
    this->data = memory.data();
    this->out = outputs;
    this->in = inputs;
    for (index o = outputs; o < panels_of(outputs) * panel_width; ++o)
      for (index i = 0; i < inputs; ++i) (*this)(o, i) = T(0);
  }
  packed<T>& view() { return *this; }
};

template <class T>
std::vector<T> values(guarded<T>& g) {
  return std::vector<T>(g.data(), g.data() + g.size());
}

// The largest difference over 1 + |b|; 1e30 where only one is NaN.
template <class T>
double difference(const T* a, const T* b, index n) {
  double worst = 0;
  for (index i = 0; i < n; ++i) {
    if (math::is_nan(a[i]) != math::is_nan(b[i])) return 1e30;
    if (math::is_nan(a[i]) || a[i] == b[i]) continue;
    worst = std::fmax(worst, std::fabs(static_cast<double>(a[i] - b[i])) / (1 + std::fabs(static_cast<double>(b[i]))));
  }
  return worst;
}
template <class T>
double difference(guarded<T>& a, const std::vector<T>& b) {
  return difference(a.data(), b.data(), a.size());
}

// With -ffast-math divisions are approximate, sums are taken in any order and subnormal numbers are zero.
#if defined(__FAST_MATH__)
inline constexpr bool fast_math = true;
#else
inline constexpr bool fast_math = false;
#endif

template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 2e-5 : 1e-13;

}  // namespace kernel_tests
