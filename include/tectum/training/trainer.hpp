// The trainer: shuffled batches, forward, backward, clipping, optimiser; a thin loop over public steps.
#pragma once

#include <limits>
#include <tectum/training/evaluate.hpp>
#include <tectum/training/optimizers.hpp>
#include <tectum/training/progress.hpp>
#include <tectum/training/schedules.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

struct trainer_options {
  index batch = 32;  // samples a step; the last step of an epoch takes what is left
  int epochs = 10;
  double clip_norm = 0;       // largest Euclidean norm of all gradients together; 0: no limit
  tectum::seed seed{};        // of the order of the samples and of dropout
  int patience = 0;           // epochs without a better validation before `fit` stops; 0: never
  bool keep_best = true;      // with validation data: `fit` ends with the parameters of the best epoch
  long long total_steps = 0;  // what a schedule is told where steps are taken by hand; `fit` knows it itself
  executor threads{};         // who shares the work of a step, such as tt::thread_pool; must outlive the trainer
  progress_options progress{};
};

struct epoch_report {
  double loss = 0;             // mean over the epoch's samples, while they were trained on
  double validation_loss = 0;  // NaN without validation data
  double metric = 0;           // of the validation data; NaN without a metric
  double seconds = 0;          // training and validation
};

struct fit_report {
  std::vector<epoch_report> epochs;
  int best_epoch = -1;  // by the metric, else the validation loss, else the training loss
  bool stopped_early = false;
  double seconds = 0;
};

// Trains a model, which must outlive it. Holds the optimiser's state and a workspace; after the first step nothing is
// allocated in a step. With the same seed, on the same machine, a run gives the same bits.
//   tt::trainer trainer{model, tt::adam{.learning_rate = 1e-3}, {.batch = 64, .epochs = 10, .clip_norm = 1.0}};
// A schedule may follow: tt::cosine{}, tt::step_decay{...}, tt::warm_up{100, tt::cosine{}}.
template <class Model, class Optimizer, class Schedule = constant>
class trainer {
 public:
  using scalar = typename Model::scalar;
  using engine = typename Model::engine;
  using workspace_type = typename Model::workspace_type;

  explicit trainer(Model& model, Optimizer optimizer = {}, trainer_options options = {}, Schedule schedule = {})
      : model_(model),
        optimizer_(optimizer),
        options_(checked(options)),
        schedule_(schedule),
        workspace_(options.batch, options.threads),
        total_(options.total_steps) {
    for (memory<scalar>& state : states_)
      if (&state - states_ < Optimizer::states) state.resize(model.size());
    find_spans();
  }

  // One step by hand: forward, backward and the optimiser's update on one batch of at most `batch` samples. Give the
  // loss's name (or several) and name = tensor for each input; gives the loss before the step, of several their sum.
  template <class... Arguments>
  scalar step(const Arguments&... arguments) {
    ++steps_;
    scalar loss{};
    try_gradients([&] { loss = sum_of(model_.add_gradients(random_of(steps_), workspace_, arguments...)); });
    apply_gradients();
    return loss;
  }

  // Trains for `epochs` epochs on shuffled batches. With validation data, measures its loss (and metric) behind every
  // epoch, and keeps the best epoch; see trainer_options.
  template <batch_source Data, name_object Loss>
  fit_report fit(Data&& data, Loss loss) {
    none nothing;
    return fit_all(data, loss, nothing, no_metric{});
  }
  template <batch_source Data, name_object Loss, batch_source Validation>
  fit_report fit(Data&& data, Loss loss, Validation&& validation) {
    return fit_all(data, loss, validation, no_metric{});
  }
  template <batch_source Data, name_object Loss, batch_source Validation, metric_value Metric>
  fit_report fit(Data&& data, Loss loss, Validation&& validation, const Metric& metric) {
    return fit_all(data, loss, validation, metric);
  }

  // The mean of a loss (by its name) or of a metric (tt::accuracy(answer, label)) over all samples, without training.
  template <batch_source Data, class What>
  double evaluate(const What& what, Data&& data) {
    return tectum::evaluate(model_, workspace_, data, what);
  }

  // Steps taken, and the norm of the gradients of the last one before clipping (only where clip_norm is set).
  long long steps() const { return steps_; }
  double gradient_norm() const { return norm_; }
  // Of the next step.
  double learning_rate() const { return optimizer_.learning_rate * schedule_.at(steps_ - first_, total_); }
  workspace_type& workspace() { return workspace_; }

 private:
  struct none {};
  struct span {
    index begin = 0, size = 0;
    bool decays = false;
  };

  static const trainer_options& checked(const trainer_options& o) {
    if (o.batch < 1) fail(error_kind::state, message("trainer: batch must be 1 or more, got ").append(o.batch));
    if (o.epochs < 0) fail(error_kind::state, message("trainer: epochs must be 0 or more, got ").append(o.epochs));
    return o;
  }
  // Neighbours that are treated alike are one pass, padding between them included.
  void find_spans() {
    const graph_view g = Model::graph();
    bool open = false;
    for (const graph_parameter& p : g.parameters) {
      const bool trained = p.what.role != role::buffer && !g.groups[p.group].frozen;
      const bool decays = p.what.role == role::weight;
      const auto begin = static_cast<index>(p.offset), end = begin + static_cast<index>(p.what.stored_size());
      if (!trained) {
        open = false;
        continue;
      }
      if (!open || spans_.back().decays != decays) spans_.push_back({begin, 0, decays});
      spans_.back().size = end - spans_.back().begin;
      open = true;
    }
  }
  random_stream random_of(long long step) const { return {options_.seed.value, static_cast<std::uint64_t>(step)}; }

  // A call that throws (a wrong shape) has changed nothing.
  template <class F>
  void try_gradients(F f) {
#if TECTUM_EXCEPTIONS
    try {
      f();
    } catch (...) {
      --steps_;
      throw;
    }
#else
    f();
#endif
  }
  static scalar sum_of(const result<scalar>& loss) { return loss.value(); }
  template <int N>
  static scalar sum_of(const result_list<scalar, N>& losses) {
    scalar sum{};
    for (const result<scalar>& loss : losses.items) sum += loss.value();
    return sum;
  }

  void apply_gradients() {
    scalar* const gradients = workspace_.gradients(model_.size());
    update_step step{steps_, optimizer_.learning_rate * schedule_.at(steps_ - 1 - first_, total_), 1};
    if (options_.clip_norm > 0) {
      double square = 0;
      for (const span& s : spans_)
        square += static_cast<double>(engine::dot(s.size, gradients + s.begin, gradients + s.begin));
      norm_ = std::sqrt(square);
      const double scale = options_.clip_norm / (norm_ + 1e-6);
      if (scale < 1) step.gradient_scale = scale;
    }
    for (const span& s : spans_) {
      each_stretch(options_.threads, s.size, [&](index begin, index count) {
        const index at = s.begin + begin;
        update_span<scalar> u{model_.data() + at, gradients + at, {}, count, s.decays};
        for (int i = 0; i < Optimizer::states; ++i) u.states[i] = states_[i].data() + at;
        optimizer_.template update<engine>(u, step);
      });
    }
  }

  template <class Data, class Loss>
  double train_epoch(Data& data, Loss loss, const detail::row_order& order, int epoch, progress& shown) {
    double sum = 0, seen = 0;
    detail::each_batch(data, order, options_.batch, [&](double n, const auto&... bindings) {
      sum += n * static_cast<double>(step(loss, bindings...));
      seen += n;
      shown.advance(epoch, static_cast<long long>(n), sum / seen);
    });
    return seen > 0 ? sum / seen : 0;
  }

  template <class Data, class Loss, class Validation, class Metric>
  fit_report fit_all(Data& data, Loss loss, [[maybe_unused]] Validation& validation,
                     [[maybe_unused]] const Metric& metric) {
    constexpr bool validates = !std::is_same_v<Validation, none>, measures = !std::is_same_v<Metric, no_metric>;
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    using clock = std::chrono::steady_clock;
    const auto since = [](clock::time_point t) { return std::chrono::duration<double>(clock::now() - t).count(); };
    const auto start = clock::now();
    detail::row_order order(data.size());
    index validation_size = 0;
    if constexpr (validates) validation_size = validation.size();
    const detail::row_order validation_order(validation_size);
    first_ = steps_;
    total_ = options_.epochs * ((data.size() + options_.batch - 1) / options_.batch);
    progress shown(options_.progress);
    shown.begin(options_.epochs, static_cast<long long>(data.size()) * options_.epochs);
    fit_report report;
    double best = 0;
    for (int epoch = 0; epoch < options_.epochs; ++epoch) {
      const auto began = clock::now();
      order.shuffle(options_.seed.value, static_cast<std::uint64_t>(epochs_++));
      epoch_report e{train_epoch(data, loss, order, epoch, shown), nan, nan, 0};
      if constexpr (validates) {
        const detail::means_of_data m = detail::measure(model_, workspace_, validation, validation_order, loss, metric);
        e.validation_loss = m.loss;
        if constexpr (measures) e.metric = m.metric;
      }
      e.seconds = since(began);
      const double score = score_of<Metric, validates>(e);
      // A NaN never is the best, unless nothing else came.
      const bool better = report.best_epoch < 0 || (math::is_nan(best) ? !math::is_nan(score) : score > best);
      if (better) {
        best = score;
        report.best_epoch = epoch;
        if (validates && options_.keep_best) keep();
      }
      report.epochs.push_back(e);
      shown.epoch(epoch, e.loss, e.validation_loss, e.metric, better && validates);
      if (validates && options_.patience > 0 && epoch - report.best_epoch >= options_.patience) {
        report.stopped_early = epoch + 1 < options_.epochs;
        break;
      }
    }
    if (validates && options_.keep_best && report.best_epoch >= 0) restore();
    report.seconds = since(start);
    return report;
  }
  template <class Metric, bool Validates>
  static double score_of(const epoch_report& e) {
    if constexpr (!std::is_same_v<Metric, no_metric>) return Metric::higher_is_better ? e.metric : -e.metric;
    else return Validates ? -e.validation_loss : -e.loss;
  }
  void keep() {
    if (best_.size() != model_.size()) best_.resize(model_.size());
    std::memcpy(best_.data(), model_.data(), static_cast<std::size_t>(model_.size()) * sizeof(scalar));
  }
  void restore() { std::memcpy(model_.data(), best_.data(), static_cast<std::size_t>(model_.size()) * sizeof(scalar)); }

  Model& model_;
  Optimizer optimizer_;
  trainer_options options_;
  Schedule schedule_;
  workspace_type workspace_;
  memory<scalar> states_[2], best_;
  std::vector<span> spans_;
  long long steps_ = 0, first_ = 0, total_ = 0;
  int epochs_ = 0;
  double norm_ = 0;
};

template <class Model>
trainer(Model&) -> trainer<Model, adam>;
template <class Model, class Optimizer>
trainer(Model&, Optimizer, trainer_options = {}) -> trainer<Model, Optimizer>;
template <class Model, class Optimizer, class Schedule>
trainer(Model&, Optimizer, trainer_options, Schedule) -> trainer<Model, Optimizer, Schedule>;

}  // namespace tectum
