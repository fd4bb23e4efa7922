// Threads that share the work of a call. opt-in: not part of tectum.hpp, needs the platform's threads.
#pragma once

#include <atomic>
#include <cstdlib>
#include <tectum/model/executor.hpp>
#include <tectum/tensor/error.hpp>
#include <thread>
#include <vector>

namespace tectum::inline TECTUM_ABI {

// How many threads the environment asks for: TECTUM_THREADS, a number from 1 to 1024; one for each core if it is not
// set. Errors: TECTUM_THREADS is anything else.
inline int threads_of_environment() {
  const char* const set = std::getenv("TECTUM_THREADS");
  if (!set || !*set) {
    const unsigned cores = std::thread::hardware_concurrency();
    return cores > 0 ? static_cast<int>(cores) : 1;
  }
  char* end = nullptr;
  const long n = std::strtol(set, &end, 10);
  if (*end || n < 1 || n > 1024)
    fail(error_kind::state, message("TECTUM_THREADS must be a number from 1 to 1024, got \"").append(set).append("\""));
  return static_cast<int>(n);
}

// An executor of its own threads, the calling one among them. They wait awake for some microseconds between two tasks,
// then asleep. One pool may serve many workspaces; while it is busy with one call, others run on their own threads.
//   tt::thread_pool pool;                         // of TECTUM_THREADS threads, or one for each core
//   tt::workspace<network> w{256, pool};
//   threads (threads_of_environment()): the calling thread and threads - 1 others, 1 or more
class thread_pool {
 public:
  explicit thread_pool(int threads = threads_of_environment()) : concurrency_(threads) {
    if (threads < 1) fail(error_kind::state, message("thread_pool: threads must be 1 or more, got ").append(threads));
    for (int i = 1; i < threads; ++i) others_.emplace_back([this] { serve(); });
  }
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;
  ~thread_pool() {
    job_.store(closing);
    job_.notify_all();
    for (std::thread& t : others_) t.join();
  }

  int concurrency() const { return concurrency_; }

  // task(i) for i in [0, n); returns when all are done. A task may call `run` itself, and then is alone with it.
  template <class F>
  void run(int n, const F& task) {
    if (n > most_tasks || others_.empty() || busy_.exchange(true, std::memory_order_acquire)) {
      for (int i = 0; i < n; ++i) task(i);
      return;
    }
    task_ = [](const void* f, int i) { (*static_cast<const F*>(f))(i); };
    data_ = &task;
    left_.store(n, std::memory_order_relaxed);
    const std::uint64_t number = (job_.load(std::memory_order_relaxed) >> 32) + 1;
    job_.store((number & 0x7fffffff) << 32 | static_cast<std::uint64_t>(n) << 16, std::memory_order_release);
    job_.notify_all();
    take_tasks();
    for (int turn = 0; left_.load(std::memory_order_acquire) > 0; ++turn) pause(turn);
    busy_.store(false, std::memory_order_release);
  }

 private:
  // A job in one word: its number, how many tasks it has, the next one that nobody has taken.
  static constexpr std::uint64_t closing = std::uint64_t{1} << 63;
  static constexpr int most_tasks = 0xffff;
  static constexpr int awake = 4000;  // turns

  // What a task refers to stays as it is while the task is not done, so it is read only behind a successful exchange.
  void take_tasks() {
    std::uint64_t job = job_.load(std::memory_order_acquire);
    while (has_task(job)) {
      if (!job_.compare_exchange_weak(job, job + 1, std::memory_order_acq_rel)) continue;
      task_(data_, static_cast<int>(job & 0xffff));
      left_.fetch_sub(1, std::memory_order_release);
      job = job_.load(std::memory_order_acquire);
    }
  }
  static bool has_task(std::uint64_t job) { return (job & 0xffff) < (job >> 16 & 0xffff); }

  void serve() {
    for (int turn = 0;; ++turn) {
      const std::uint64_t job = job_.load(std::memory_order_acquire);
      if (job == closing) return;
      if (has_task(job)) {
        take_tasks();
        turn = 0;
      } else if (turn < awake) {
        pause(0);
      } else {
        job_.wait(job, std::memory_order_acquire);
        turn = 0;
      }
    }
  }
  static void pause(int turn) {
    if (turn > awake) std::this_thread::yield();
#if defined(__x86_64__) || defined(__i386__)
    else __builtin_ia32_pause();
#endif
  }

  const int concurrency_;
  std::atomic<bool> busy_{false};
  std::atomic<std::uint64_t> job_{0};
  std::atomic<int> left_{0};
  void (*task_)(const void*, int) = nullptr;
  const void* data_ = nullptr;
  std::vector<std::thread> others_;
};

}  // namespace tectum
