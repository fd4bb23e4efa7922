// An array that grows, for use during constant evaluation: the working memory of the compile-time passes.
#pragma once

#include <tectum/config.hpp>

namespace tectum::inline TECTUM_ABI {

template <class T>
class growing {
 public:
  constexpr growing() = default;
  constexpr explicit growing(int n, T value = T{}) {
    reserve(n);
    for (int i = 0; i < n; ++i) items_[i] = value;
    size_ = n;
  }
  growing(const growing&) = delete;
  growing& operator=(const growing&) = delete;
  constexpr growing(growing&& o) noexcept : items_(o.items_), size_(o.size_), capacity_(o.capacity_) {
    o.items_ = nullptr;
    o.size_ = o.capacity_ = 0;
  }
  constexpr ~growing() { delete[] items_; }

  constexpr int add(const T& value) {
    if (size_ == capacity_) reserve(capacity_ == 0 ? 16 : 2 * capacity_);
    items_[size_] = value;
    return size_++;
  }
  constexpr void shrink(int n) { size_ = n; }
  constexpr int size() const { return size_; }
  constexpr T& operator[](int i) { return items_[i]; }
  constexpr const T& operator[](int i) const { return items_[i]; }
  constexpr T& back() { return items_[size_ - 1]; }
  constexpr T* begin() { return items_; }
  constexpr T* end() { return items_ + size_; }
  constexpr const T* begin() const { return items_; }
  constexpr const T* end() const { return items_ + size_; }

 private:
  constexpr void reserve(int n) {
    if (n <= capacity_) return;
    T* more = new T[static_cast<unsigned>(n)]{};
    for (int i = 0; i < size_; ++i) more[i] = items_[i];
    delete[] items_;
    items_ = more;
    capacity_ = n;
  }
  T* items_ = nullptr;
  int size_ = 0, capacity_ = 0;
};

// A range of plain data that somebody else owns.
template <class T>
struct range {
  const T* items = nullptr;
  int count = 0;
  constexpr const T& operator[](int i) const { return items[i]; }
  constexpr int size() const { return count; }
  constexpr const T* begin() const { return items; }
  constexpr const T* end() const { return items + count; }
};

}  // namespace tectum
