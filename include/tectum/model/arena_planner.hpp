// Places in one stretch of memory, for tenants that come and go along a walk; worked out at compile time.
#pragma once

#include <tectum/architecture/growing.hpp>

namespace tectum::inline TECTUM_ABI {

// Memory handed out along a walk: first fit among what has been given back.
class arena_planner {
 public:
  constexpr long long take(long long size) {
    size = rounded(size);
    if (size == 0) return 0;
    for (int i = 0; i < holes_.size(); ++i) {
      hole& h = holes_[i];
      if (h.size < size) continue;
      const long long at = h.begin;
      h.begin += size;
      h.size -= size;
      if (h.size == 0) remove(i);
      return at;
    }
    // The last hole may reach the end: grow from there.
    if (holes_.size() > 0 && holes_.back().begin + holes_.back().size == end_) {
      const long long at = holes_.back().begin;
      holes_.shrink(holes_.size() - 1);
      end_ = at + size;
      return at;
    }
    const long long at = end_;
    end_ += size;
    return at;
  }
  constexpr void give_back(long long at, long long size) {
    size = rounded(size);
    if (size == 0) return;
    int i = 0;
    while (i < holes_.size() && holes_[i].begin < at) ++i;
    holes_.add({});
    for (int k = holes_.size() - 1; k > i; --k) holes_[k] = holes_[k - 1];
    holes_[i] = {at, size};
    if (i + 1 < holes_.size() && at + size == holes_[i + 1].begin) {
      holes_[i].size += holes_[i + 1].size;
      remove(i + 1);
    }
    if (i > 0 && holes_[i - 1].begin + holes_[i - 1].size == at) {
      holes_[i - 1].size += holes_[i].size;
      remove(i);
    }
  }
  constexpr long long end() const { return end_; }
  // Offsets are multiplied by the batch: 16 elements keep every place aligned to a cache line.
  static constexpr long long rounded(long long n) { return (n + 15) / 16 * 16; }

 private:
  struct hole {
    long long begin = 0, size = 0;
  };
  constexpr void remove(int i) {
    for (int k = i; k + 1 < holes_.size(); ++k) holes_[k] = holes_[k + 1];
    holes_.shrink(holes_.size() - 1);
  }
  growing<hole> holes_;
  long long end_ = 0;
};

}  // namespace tectum
