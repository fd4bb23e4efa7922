// Checks of where an operator reads and writes, and of what its results must not depend on: where memory lies, what it
// held, and other threads.
#pragma once

#include <atomic>
#include <tectum/check/gradient_checks.hpp>
#include <thread>

namespace tectum::inline TECTUM_ABI {
namespace detail {

class memory_checks : protected gradient_checks {
 public:
  using gradient_checks::gradient_checks;

 protected:
  void check_writes_all() {
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    for (const on engine : every_engine) {
      const trial_outcome a = run(engine, d), b = run(engine, d, {.unwritten = 777});
      compare_bits(entry("writes all"), a, b, when_on(engine) + "memory that held something else: ");
      for (std::size_t r = 0; r < a.y.size(); ++r)
        for (std::size_t i = 0; i < a.y[r].size(); ++i)
          if (is_valid_result(d, r, i) && is_nan(a.y[r][i]))
            count(entry("writes all"), 1e300, 0, numbered("y", r) + " holds NaN at " + std::to_string(i));
      compare_bits(entry("repeats"), a, run(engine, d), when_on(engine) + "second run: ");
    }
  }

  void check_strides() {
    bool any = false;
    for (const shape& s : inputs_) any = any || (s.rank == 1 && !s.holds_ids());
    if (!any) return;
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    for (const on engine : every_engine) {
      const bool single_precision = engine == on::reference_float || engine == on::native_float;
      compare(entry("strides"), valid_only(d, run(engine, d, {}, {.strided = true})), valid_only(d, run(engine, d)),
              single_precision ? 1e-5 : 1e-12, when_on(engine));
    }
  }

  // The caller's tensors begin at any element.
  void check_alignments() {
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    for (const on engine : {on::native_double, on::native_float}) {
      const trial_outcome aligned = valid_only(d, run(engine, d));
      for (int shift = 1; shift < 16; ++shift)
        compare_bits(entry("alignments"), valid_only(d, run(engine, d, {}, {.shift = shift})), aligned,
                     when_on(engine) + std::to_string(shift) + " elements from a cache line: ");
    }
  }

  void check_guard_pages() {
    if (!has_pages || !options_.guard_pages) return;
    for (const index batch : {0, 1, 3, 33}) {
      const trial_data d = draw_.data(single_, batch, masks_drawn::some);
      for (const on engine : every_engine)
        for (const placing where : {placing::before_page, placing::behind_page}) {
          run(engine, d, {}, {.where = where});
          if (batch != 3) continue;
          run(engine, d, {}, {.strided = true, .where = where});
          run(engine, d, {.backward = false, .training = false}, {.where = where});
        }
    }
  }

  // Runs at once, with one set of parameters; buffers are then only read.
  void check_threads() {
    if (options_.threads < 2) return;
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    const bool training = !has_buffers();
    for (const on engine : {on::native_double, on::native_float}) {
      const trial_outcome alone = run(engine, d, {.training = training});
      std::vector<trial_outcome> found(static_cast<std::size_t>(options_.threads));
      with_steps(engine, [&]<class T>(const step_functions<T>& f) {
        trial<T> owner(single_, f, d.batch);
        owner(d, {.training = training});
        std::atomic<int> waiting{options_.threads};
        std::vector<std::thread> all;
        for (trial_outcome& out : found)
          all.emplace_back([&] {
            trial<T> own(single_, f, d.batch);
            const trial_settings s{.training = training, .shared_parameters = owner.parameters()};
            --waiting;
            while (waiting.load() > 0) std::this_thread::yield();
            for (int i = 0; i < 3; ++i) out = own(d, s);
          });
        for (std::thread& t : all) t.join();
        return 0;
      });
      for (std::size_t t = 0; t < found.size(); ++t)
        compare_bits(entry("threads"), found[t], alone, when_on(engine) + "thread " + std::to_string(t) + ": ");
    }
  }
};

}  // namespace detail
}  // namespace tectum
