// Who runs the parts of a call beside one another: nobody, or an executor that the caller gives.
#pragma once

#include <concepts>
#include <tectum/tensor/view.hpp>

namespace tectum::inline TECTUM_ABI {

// Anything with
//   int concurrency() const     how many tasks it runs at a time, 1 or more
//   void run(int n, F task)     calls task(0) ... task(n - 1), in any order and thread, and returns when all are done
// such as tt::thread_pool (tectum/thread_pool.hpp), or the threads that a program already has. An executor refers to
// it; the default one is the calling thread. Tasks do not throw, and write nowhere in common.
class executor {
 public:
  constexpr executor() = default;
  template <class E>
    requires(!std::is_same_v<std::remove_cv_t<E>, executor>) && requires(E& e) {
      { e.concurrency() } -> std::convertible_to<int>;
    }
  executor(E& e) : self_(&e),
                   concurrency_(e.concurrency()),
                   run_(&run_of<E>) {}

  int concurrency() const TECTUM_NONBLOCKING { return concurrency_ < 1 ? 1 : concurrency_; }
  constexpr bool is_given() const TECTUM_NONBLOCKING { return run_ != nullptr; }

  // f(i) for i in [0, n). Only with an executor does this wait for anybody.
#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wfunction-effects"
#endif
  template <class F>
  void run(int n, const F& f) const noexcept TECTUM_NONBLOCKING {
    if (n == 1 || !run_) {
      for (int i = 0; i < n; ++i) f(i);
      return;
    }
    run_(self_, n, &call<F>, &f);
  }
#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic pop
#endif

 private:
  using task = void (*)(const void*, int);
  template <class F>
  static void call(const void* f, int i) {
    (*static_cast<const F*>(f))(i);
  }
  template <class E>
  static void run_of(void* self, int n, task t, const void* data) {
    static_cast<E*>(self)->run(n, [t, data](int i) { t(data, i); });
  }

  void* self_ = nullptr;
  int concurrency_ = 1;
  void (*run_)(void*, int, task, const void*) = nullptr;
};

// f(begin, count) for a stretch of n numbers for each thread; every stretch begins at a cache line.
template <class F>
void each_stretch(const executor& threads, index n, const F& f) noexcept TECTUM_NONBLOCKING {
  constexpr index line = 16, least = 1 << 14;
  const index most = (n + least - 1) / least;
  const int lanes = static_cast<int>(most < threads.concurrency() ? most : threads.concurrency());
  threads.run(lanes, [&](int lane) TECTUM_NONBLOCKING {
    const auto at = [&](index k) { return k == lanes ? n : n * k / lanes / line * line; };
    f(at(lane), at(lane + 1) - at(lane));
  });
}

}  // namespace tectum
