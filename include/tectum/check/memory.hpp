// Memory of a trial: places one behind the other, either watched element by element or each between two pages that may
// not be touched.
#pragma once

#include <cstring>
#include <string>
#include <tectum/architecture/growing.hpp>
#include <tectum/model/parameters.hpp>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#define TECTUM_HAS_PAGES 1
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#else
#define TECTUM_HAS_PAGES 0
#endif

namespace tectum::inline TECTUM_ABI {
namespace detail {

// Where places lie: apart, with a watched gap between them; each ending where a page without access begins; each
// beginning behind such a page.
enum class placing : unsigned char { watched, before_page, behind_page };
inline constexpr bool has_pages = TECTUM_HAS_PAGES;

#if TECTUM_HAS_PAGES
struct page_fault {
  static inline thread_local sigjmp_buf* back = nullptr;
  static inline thread_local const void* address = nullptr;
  static void caught(int number, siginfo_t* info, void*) {
    if (back == nullptr) {
      signal(number, SIG_DFL);
      return;
    }
    address = info->si_addr;
    siglongjmp(*back, 1);
  }
};

// Runs f; false if it touched memory that it may not, then `where` says which. Nothing of f's frame is destroyed then.
template <class F>
bool runs_through(F f, const void*& where) {
  struct sigaction mine{}, segmentation{}, bus{};
  mine.sa_sigaction = &page_fault::caught;
  mine.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &mine, &segmentation);
  sigaction(SIGBUS, &mine, &bus);
  sigjmp_buf here;
  page_fault::back = &here;
  volatile bool through = false;
  if (sigsetjmp(here, 1) == 0) {
    f();
    through = true;
  }
  page_fault::back = nullptr;
  sigaction(SIGSEGV, &segmentation, nullptr);
  sigaction(SIGBUS, &bus, nullptr);
  where = page_fault::address;
  return through;
}
#endif

template <class T>
class area {
 public:
  // Gaps hold `pattern` in every byte.
  area(placing how, unsigned char pattern) : how_(how), pattern_(pattern) {}
  area(const area&) = delete;
  ~area() {
#if TECTUM_HAS_PAGES
    if (map_) munmap(map_, bytes());
#endif
  }

  // A place for n elements, `shift` elements behind a cache line where places are watched: where it begins.
  long long take(const std::string& name, long long n, int shift = 0) {
    long long at;
    if (how_ == placing::watched) {
      at = end_ + line + shift;
      end_ = (at + n + line - 1) / line * line;
    } else {
      const long long body = (n + page() - 1) / page() * page();
      at = end_ + page() + (how_ == placing::before_page ? body - n : 0);
      end_ += page() + body;
    }
    places_.push_back({name, at, n});
    return at;
  }
  T* make() {
    end_ += how_ == placing::watched ? line : page();
    if (how_ == placing::watched) {
      memory_.resize(static_cast<index>(end_));
      data_ = memory_.data();
      std::memset(static_cast<void*>(data_), pattern_, bytes());
      return data_;
    }
#if TECTUM_HAS_PAGES
    map_ = mmap(nullptr, bytes(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map_ == MAP_FAILED) map_ = nullptr;
    data_ = static_cast<T*>(map_);
    for (const place_taken& p : places_) {
      if (p.size == 0) continue;
      const long long from = p.at / page() * page(), to = (p.at + p.size + page() - 1) / page() * page();
      const std::size_t n = static_cast<std::size_t>(to - from) * sizeof(T);
      mprotect(data_ + from, n, PROT_READ | PROT_WRITE);
      std::memset(static_cast<void*>(data_ + from), pattern_, n);
    }
#endif
    return data_;
  }
  T* data() const { return data_; }

  // From here on only what is allowed may change.
  void watch() {
    if (how_ != placing::watched) return;
    may_.assign(static_cast<std::size_t>(end_), 0);
    expected_.assign(data_, data_ + end_);
  }
  void allow(long long at, long long n) {
    if (may_.empty()) return;
    for (long long i = at; i < at + n; ++i) may_[static_cast<std::size_t>(i)] = 1;
  }
  // Where something has changed that was not allowed to: "gradient of x0 + 12". Empty if nowhere.
  std::string damage() const {
    for (std::size_t i = 0; i < may_.size(); ++i) {
      if (i % line == 0)  // mostly all is as it was
        while (i + line <= may_.size() && std::memcmp(&expected_[i], data_ + i, line * sizeof(T)) == 0) i += line;
      if (i == may_.size()) break;
      if (!may_[i] && std::memcmp(&expected_[i], data_ + i, sizeof(T)) != 0) {
        const place_taken* before = nullptr;
        for (const place_taken& p : places_)
          if (p.at <= static_cast<long long>(i)) before = &p;
        return before ? before->name + " + " + std::to_string(static_cast<long long>(i) - before->at)
                      : "before " + places_.front().name;
      }
    }
    return {};
  }
  // What a forbidden address lies behind or before; empty if it does not belong to this memory.
  std::string neighbour(const void* address) const {
    const char* const byte = static_cast<const char*>(address);
    if (byte < reinterpret_cast<const char*>(data_) || byte >= reinterpret_cast<const char*>(data_ + end_)) return {};
    const long long at = (byte - reinterpret_cast<const char*>(data_)) / static_cast<long long>(sizeof(T));
    for (const place_taken& p : places_)
      if (how_ == placing::before_page ? at >= p.at + p.size && at < p.at + p.size + page()
                                       : at < p.at && at >= p.at - page())
        return (how_ == placing::before_page ? "behind the end of " : "before the beginning of ") + p.name;
    return "between its tensors";
  }

 private:
  static constexpr long long line = 16;  // elements: a cache line or more
  struct place_taken {
    std::string name;
    long long at, size;
  };
  std::size_t bytes() const { return static_cast<std::size_t>(end_) * sizeof(T); }
  static long long page() {
#if TECTUM_HAS_PAGES
    return static_cast<long long>(sysconf(_SC_PAGESIZE)) / static_cast<long long>(sizeof(T));
#else
    return 4096;
#endif
  }

  const placing how_;
  const unsigned char pattern_;
  std::vector<place_taken> places_;
  long long end_ = 0;
  memory<T> memory_;
  void* map_ = nullptr;
  T* data_ = nullptr;
  std::vector<std::uint8_t> may_;
  std::vector<T> expected_;
};

}  // namespace detail
}  // namespace tectum
