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
  int seeds = 1;               // runs of every strategy; seed k gives parameters, order and dropout of run k
  std::uint64_t first_seed = 1;
  int threads = 2;             // runs at a time; times are measured alone, when they are over
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
    if constexpr (find_input(compiled<Architecture>::view(), Binding::name::entry()) >= 0) return std::tuple<Binding>(b);
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
  } while (times.size() < 3 || (std::chrono::duration<double>(clock::now() - start).count() < seconds && times.size() < 100000));
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

// Calls f(i) for i in [0, n) on some threads; the first exception comes back.
template <class F>
void in_parallel(int n, int threads, F f) {
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int i; (i = next++) < n;) f(i);
  };
#if TECTUM_EXCEPTIONS
  std::exception_ptr problem;
  std::atomic_flag taken = ATOMIC_FLAG_INIT;
  const auto guarded = [&] {
    try {
      work();
    } catch (...) {
      if (!taken.test_and_set()) problem = std::current_exception();
    }
  };
#else
  const auto guarded = work;
#endif
  {
    std::vector<std::jthread> all;
    for (int t = 1; t < threads && t < n; ++t) all.emplace_back(guarded);
    guarded();
  }
#if TECTUM_EXCEPTIONS
  if (problem) std::rethrow_exception(problem);
#endif
}

}  // namespace detail

// Trains one architecture after the other on the same data with the same seeds, and keeps what came out.
//   tt::comparison comparison{train, validation, test, loss, tt::accuracy{answer, label}, {.seeds = 3, .epochs = 10}};
//   comparison.run<early>("early");                              // a constexpr architecture, or
//   comparison.run_of<with(tt::mlb{.rank = 64, .features = 10})>("mlb");   // what a function of yours makes of a strategy
//   comparison.print();
// Every run ends with its best epoch on the validation data; accuracy is that on the test data. Inputs that an
// architecture does not have are left out. An optimiser and a schedule may follow the options.
template <class Train, class Validation, class Test, class Loss, class Metric, class Optimizer = adamw,
          class Schedule = cosine>
class comparison {
 public:
  comparison(const Train& train, const Validation& validation, const Test& test, Loss loss, Metric metric,
             comparison_options options = {}, Optimizer optimizer = {}, Schedule schedule = {})
      : train_(train), validation_(validation), test_(test), loss_(loss), metric_(metric), options_(options),
        optimizer_(optimizer), schedule_(schedule) {
    if (options.seeds < 1) fail(error_kind::state, message("comparison: seeds must be 1 or more, got ").append(options.seeds));
  }

  // Trains it once for each seed; the row stays valid until the next run.
  template <const auto& Architecture>
  const comparison_row& run(const char* strategy) {
    using model_type = model<Architecture>;
    comparison_row row;
    row.strategy = strategy;
    row.parameters = parameter_count(Architecture);
    row.multiply_adds = multiply_adds(Architecture);
    const auto runs = static_cast<std::size_t>(options_.seeds);
    row.accuracies.resize(runs);
    std::vector<double> validations(runs);
    const auto start = std::chrono::steady_clock::now();
    detail::in_parallel(options_.seeds, options_.threads, [&](int i) {
      const tectum::seed s{options_.first_seed + static_cast<std::uint64_t>(i)};
      detail::fitting_data<Architecture, Train> train(train_);
      detail::fitting_data<Architecture, Validation> validation(validation_);
      detail::fitting_data<Architecture, Test> test(test_);
      model_type m(s);
      tectum::trainer<model_type, Optimizer, Schedule> t(m, optimizer_, training_options(s, strategy, i), schedule_);
      const fit_report report = t.fit(train, loss_, validation, metric_);
      const auto at = static_cast<std::size_t>(i);
      if (report.best_epoch >= 0) validations[at] = report.epochs[static_cast<std::size_t>(report.best_epoch)].metric;
      row.accuracies[at] = t.evaluate(metric_, test);
    });
    row.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    row.validation_accuracy = mean_of(validations);
    row.summarise();
    measure_times<Architecture>(row);
    rows_.push_back(row);
    if (options_.progress.style != progress_style::quiet) {
      std::FILE* const sink = options_.progress.sink ? options_.progress.sink : stderr;
      std::fprintf(sink, "%s: accuracy %.2f %%, %.1f s\n", strategy, 100 * row.accuracy, row.seconds);
      std::fflush(sink);
    }
    return rows_.back();
  }
  template <auto Architecture>
  const comparison_row& run_of(const char* strategy) {
    return run<held<Architecture>>(strategy);
  }

  // In the order of the runs; and the one chosen by its accuracy on the validation data.
  const std::vector<comparison_row>& rows() const { return rows_; }
  const comparison_row* chosen() const { return chosen_of(rows_); }
  // A table, the most accurate first; and the rows as a JSON array. Both as in comparison_table.hpp.
  void print(std::FILE* to = stdout) const { print_table(rows_, to); }
  bool write_json(const char* path) const { return tectum::write_json(rows_, path); }

 private:
  trainer_options training_options(tectum::seed s, const char* strategy, int run) const {
    trainer_options o{.batch = options_.batch, .epochs = options_.epochs, .clip_norm = options_.clip_norm, .seed = s,
                      .patience = options_.patience, .progress = options_.progress};
    if (run > 0) o.progress.style = progress_style::quiet;  // one line can show one run
    o.progress.label = strategy;
    o.progress.epoch_lines = false;
    return o;
  }
  static double mean_of(const std::vector<double>& x) {
    double sum = 0;
    for (const double v : x) sum += v;
    return sum / static_cast<double>(x.size());
  }

  template <const auto& Architecture>
  void measure_times(comparison_row& row) const {
    using model_type = model<Architecture>;
    using inference = detail::call<Architecture, mode::inference, detail::names<std::remove_cvref_t<decltype(metric_.output)>>>;
    detail::fitting_data<Architecture, Train> data(train_);
    const detail::row_order order(data.size());
    model_type m;
    trainer_options o;
    o.batch = options_.batch;
    tectum::trainer<model_type, Optimizer, Schedule> t(m, optimizer_, o, schedule_);
    std::apply([&](const auto&... b) { row.train_step_us = detail::median_microseconds(0.3, [&] { t.step(loss_, b...); }); },
               data.batch(order.from(0, options_.batch)));
    typename model_type::workspace_type w(1);
    std::apply(
        [&](const auto&... b) { row.inference_us = detail::median_microseconds(0.2, [&] { m(w, metric_.output, b...); }); },
        data.batch(order.from(0, 1)));
    arena<typename model_type::scalar> only(1, model_type::graph().bound);
    only.make_room(inference::plan());
    row.workspace_bytes = only.bytes();
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
