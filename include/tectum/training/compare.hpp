// Comparing strategies: the same data and seeds, one architecture each; accuracy, size and time in one table.
#pragma once

#include <atomic>
#include <exception>
#include <string>
#include <tectum/training/comparison_table.hpp>
#include <tectum/training/trainer.hpp>
#include <thread>

namespace tectum::inline TECTUM_ABI {

struct comparison_options {
  int seeds = 1;  // runs of every strategy; seed k gives parameters, order and dropout of run k
  std::uint64_t first_seed = 1;
  int threads = 2;  // trainings at a time; times are measured alone, when they are over
  index batch = 64;
  int epochs = 5;
  double clip_norm = 0;
  int patience = 0;
  progress_options progress{};
};

namespace detail {

// Data as an architecture sees it: what is no input of it is left out.
template <const auto& Architecture, class Data>
class fitting_data {
 public:
  explicit fitting_data(const Data& data) : data_(data) {}
  index size() const { return data_.size(); }
  auto batch(std::span<const index> rows) {
    return std::apply([](auto&... all) { return std::tuple_cat(pick(all)...); }, held_ = data_.batch(rows));
  }

 private:
  template <class Binding>
  static auto pick(Binding& b) {
    if constexpr (find_input(compiled<Architecture>::view(), Binding::name::entry()) >= 0)
      return std::tuple<Binding>(b);
    else return std::tuple<>();
  }
  Data data_;
  std::remove_cvref_t<decltype(std::declval<Data&>().batch(std::span<const index>()))> held_{};
};

// Microseconds of f, the median of repetitions over about `seconds`.
template <class F>
double median_microseconds(double seconds, F f) {
  using clock = std::chrono::steady_clock;
  std::vector<double> times;
  f();
  f();
  const auto start = clock::now();
  do {
    const auto before = clock::now();
    f();
    times.push_back(std::chrono::duration<double, std::micro>(clock::now() - before).count());
  } while (times.size() < 3 ||
           (std::chrono::duration<double>(clock::now() - start).count() < seconds && times.size() < 100000));
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

// Calls f(i, thread) for i in [0, n) on some threads; thread 0 is the caller's. The first exception comes back.
template <class F>
void in_parallel(int n, int threads, F f) {
  std::atomic<int> next{0};
  const auto work = [&](int thread) {
    for (int i; (i = next++) < n;) f(i, thread);
  };
#if TECTUM_EXCEPTIONS
  std::exception_ptr problem;
  std::atomic_flag taken = ATOMIC_FLAG_INIT;
  const auto guarded = [&](int thread) {
    try {
      work(thread);
    } catch (...) {
      if (!taken.test_and_set()) problem = std::current_exception();
      next = n;
    }
  };
#else
  const auto guarded = work;
#endif
  {
    std::vector<std::jthread> all;
    for (int t = 1; t < threads && t < n; ++t) all.emplace_back(guarded, t);
    guarded(0);
  }
#if TECTUM_EXCEPTIONS
  if (problem) std::rethrow_exception(problem);
#endif
}

}  // namespace detail

// Trains architectures on the same data with the same seeds, and keeps what came out.
//   tt::comparison comparison{train, validation, test, loss, tt::accuracy{answer, label}, {.seeds = 3, .epochs = 10}};
//   comparison.add<early>("early");                                       // a constexpr architecture, or
//   comparison.add_of<with(tt::mlb{.rank = 64, .features = 10})>("mlb");  // what your function makes of a strategy
//   comparison.run();
//   comparison.print();
// Every training ends with its best epoch on the validation data; accuracy is that on the test data. Inputs that an
// architecture does not have are left out. An optimiser (tt::adamw) and a schedule (tt::cosine) may follow the options.
template <class Train, class Validation, class Test, class Loss, class Metric, class Optimizer = adamw,
          class Schedule = cosine>
class comparison {
 public:
  comparison(const Train& train, const Validation& validation, const Test& test, Loss loss, Metric metric,
             comparison_options options = {}, Optimizer optimizer = {}, Schedule schedule = {})
      : train_(train),
        validation_(validation),
        test_(test),
        loss_(loss),
        metric_(metric),
        options_(options),
        optimizer_(optimizer),
        schedule_(schedule) {
    if (options.seeds < 1)
      fail(error_kind::state, message("comparison: seeds must be 1 or more, got ").append(options.seeds));
  }

  // One more strategy to be run.
  template <const auto& Architecture>
  void add(const char* strategy) {
    comparison_row row;
    row.strategy = strategy;
    row.parameters = parameter_count(Architecture);
    row.multiply_adds = multiply_adds(Architecture);
    row.accuracies.resize(static_cast<std::size_t>(options_.seeds));
    row.validation_accuracies = row.accuracies;
    rows_.push_back(row);
    waiting_.push_back({&comparison::train<Architecture>, &comparison::measure_times<Architecture>});
  }
  template <auto Architecture>
  void add_of(const char* strategy) {
    add<held<Architecture>>(strategy);
  }

  // Trains what was added since the last time, once for each seed, `threads` trainings at a time; then measures times.
  void run() {
    const auto first = rows_.size() - waiting_.size();
    const int trainings = static_cast<int>(waiting_.size()) * options_.seeds;
    std::atomic<int> done{0};
    detail::in_parallel(trainings, options_.threads, [&](int i, int thread) {
      const auto strategy = static_cast<std::size_t>(i / options_.seeds);
      comparison_row& row = rows_[first + strategy];
      const int seed = i % options_.seeds;
      const std::string label = row.strategy + " (" + std::to_string(i + 1) + "/" + std::to_string(trainings) + ")";
      // One live line can show one training: that of the first thread.
      (this->*waiting_[strategy].train)(row, seed, label.c_str(), thread == 0);
      say(row, seed, ++done, trainings);
    });
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      rows_[first + i].summarise();
      (this->*waiting_[i].measure)(rows_[first + i]);
    }
    waiting_.clear();
  }

  // In the order in which they were added; and the one chosen by its accuracy on the validation data.
  const std::vector<comparison_row>& rows() const { return rows_; }
  const comparison_row* chosen() const { return chosen_of(rows_); }
  // A table, the most accurate first; and the rows as a JSON array. Both as in comparison_table.hpp.
  void print(std::FILE* to = stdout) const { print_table(rows_, to); }
  bool write_json(const char* path) const { return tectum::write_json(rows_, path); }

 private:
  struct strategy_functions {
    void (comparison::*train)(comparison_row&, int, const char*, bool) const;
    void (comparison::*measure)(comparison_row&) const;
  };

  template <const auto& Architecture>
  void train(comparison_row& row, int run, const char* label, bool shown) const {
    using model_type = model<Architecture>;
    const auto start = std::chrono::steady_clock::now();
    const tectum::seed s{options_.first_seed + static_cast<std::uint64_t>(run)};
    trainer_options o{.batch = options_.batch,
                      .epochs = options_.epochs,
                      .clip_norm = options_.clip_norm,
                      .seed = s,
                      .patience = options_.patience,
                      .progress = options_.progress};
    o.progress.label = label;
    o.progress.epoch_lines = false;
    if (!shown) o.progress.style = progress_style::quiet;
    detail::fitting_data<Architecture, Train> train(train_);
    detail::fitting_data<Architecture, Validation> validation(validation_);
    detail::fitting_data<Architecture, Test> test(test_);
    model_type m(s);
    tectum::trainer<model_type, Optimizer, Schedule> t(m, optimizer_, o, schedule_);
    const fit_report report = t.fit(train, loss_, validation, metric_);
    const auto at = static_cast<std::size_t>(run);
    if (report.best_epoch >= 0)
      row.validation_accuracies[at] = report.epochs[static_cast<std::size_t>(report.best_epoch)].metric;
    row.accuracies[at] = t.evaluate(metric_, test);
    std::atomic_ref(row.seconds) += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  template <const auto& Architecture>
  void measure_times(comparison_row& row) const {
    using model_type = model<Architecture>;
    using inference =
        detail::call<Architecture, mode::inference, detail::names<std::remove_cvref_t<decltype(metric_.output)>>>;
    detail::fitting_data<Architecture, Train> data(train_);
    const detail::row_order order(data.size());
    model_type m;
    trainer_options o;
    o.batch = options_.batch;
    tectum::trainer<model_type, Optimizer, Schedule> t(m, optimizer_, o, schedule_);
    std::apply(
        [&](const auto&... b) { row.train_step_us = detail::median_microseconds(0.3, [&] { t.step(loss_, b...); }); },
        data.batch(order.from(0, options_.batch)));
    typename model_type::workspace_type w(1);
    std::apply(
        [&](const auto&... b) {
          row.inference_us = detail::median_microseconds(0.2, [&] { m(w, metric_.output, b...); });
        },
        data.batch(order.from(0, 1)));
    arena<typename model_type::scalar> only(1, model_type::graph().bound);
    only.make_room(inference::plan());
    row.workspace_bytes = only.bytes();
  }

  void say(const comparison_row& row, int run, int done, int trainings) const {
    if (options_.progress.style == progress_style::quiet) return;
    std::FILE* const sink = options_.progress.sink ? options_.progress.sink : stderr;
    const bool live = progress(options_.progress).live();
    const auto at = static_cast<std::size_t>(run);
    std::fprintf(sink, "%s%s, seed %llu: validation %.2f %%, test %.2f %%  (%d of %d done)\n", live ? "\r\033[K" : "",
                 row.strategy.c_str(),
                 static_cast<unsigned long long>(options_.first_seed) + static_cast<unsigned long long>(run),
                 100 * row.validation_accuracies[at], 100 * row.accuracies[at], done, trainings);
    std::fflush(sink);
  }

  Train train_;
  Validation validation_;
  Test test_;
  Loss loss_;
  Metric metric_;
  comparison_options options_;
  Optimizer optimizer_;
  Schedule schedule_;
  std::vector<comparison_row> rows_;
  std::vector<strategy_functions> waiting_;
};

template <class Train, class Validation, class Test, class Loss, class Metric>
comparison(const Train&, const Validation&, const Test&, Loss, Metric, comparison_options = {})
    -> comparison<Train, Validation, Test, Loss, Metric>;
template <class Train, class Validation, class Test, class Loss, class Metric, class Optimizer>
comparison(const Train&, const Validation&, const Test&, Loss, Metric, comparison_options, Optimizer)
    -> comparison<Train, Validation, Test, Loss, Metric, Optimizer>;
template <class Train, class Validation, class Test, class Loss, class Metric, class Optimizer, class Schedule>
comparison(const Train&, const Validation&, const Test&, Loss, Metric, comparison_options, Optimizer, Schedule)
    -> comparison<Train, Validation, Test, Loss, Metric, Optimizer, Schedule>;

}  // namespace tectum
