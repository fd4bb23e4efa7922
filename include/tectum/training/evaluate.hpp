// Evaluation: a loss or a metric over all samples of some data.
#pragma once

#include <tectum/model/model.hpp>
#include <tectum/training/dataset.hpp>

namespace tectum::inline TECTUM_ABI {

// What a metric is: `output`, the name of what it looks at; `higher_is_better`; and add(result, bindings...), which
// gives the sum over the samples of a batch of what it measures. Its mean over all samples is the metric.
template <class M>
concept metric_value = requires(const M& m) {
  m.output;
  { M::higher_is_better } -> std::convertible_to<bool>;
};

// Stands for "no metric": the loss decides.
struct no_metric {};

// The share of samples whose largest score is that of their class, 0 to 1.
//   scores [classes] and the category that they are compared with
template <name_object Scores, name_object Label>
struct accuracy {
  Scores output;
  Label label;
  static constexpr bool higher_is_better = true;

  accuracy(Scores, Label) {}

  template <class T, class... Bindings>
  double add(const result<T>& scores, const Bindings&... bindings) const {
    double right = 0;
    const auto look = [&](const auto& binding) {
      if constexpr (std::is_same_v<typename std::remove_cvref_t<decltype(binding)>::name, Label>)
        right = count(scores, binding.source());
    };
    (look(bindings), ...);
    return right;
  }

 private:
  template <class T>
  static double count(const result<T>& scores, const source& label) {
    double right = 0;
    for (index b = 0; b < scores.samples(); ++b) {
      const T* const row = scores.data() + b * scores.stride(0);
      index best = 0;
      for (index k = 1; k < scores.width(); ++k)
        if (row[k] > row[best]) best = k;
      right += boundary::load_integer(label.type, label.layout.data, b * label.layout.stride[0]) == best ? 1 : 0;
    }
    return right;
  }
};

namespace detail {

// Calls f(samples, bindings...) for batches of all rows in their order.
template <class Data, class F>
void each_batch(Data& data, const row_order& order, index capacity, F f) {
  for (index first = 0; first < order.size(); first += capacity) {
    const std::span<const index> rows = order.from(first, capacity);
    auto batch = data.batch(rows);
    std::apply([&](const auto&... bindings) { f(static_cast<double>(rows.size()), bindings...); }, batch);
  }
}

// The mean of a loss, or of a metric, or of both in one pass, over all of `order`.
struct means_of_data {
  double loss = 0, metric = 0;
};
template <class Model, class Data, class Loss, class Metric>
means_of_data measure(const Model& model, typename Model::workspace_type& w, Data& data, const row_order& order,
                      Loss loss, const Metric& metric) {
  means_of_data sum;
  each_batch(data, order, w.capacity(), [&](double n, const auto&... bindings) {
    if constexpr (std::is_same_v<Metric, no_metric>) {
      sum.loss += n * static_cast<double>(model(w, loss, bindings...).value());
    } else if constexpr (!name_object<Loss>) {
      sum.metric += metric.add(model(w, metric.output, bindings...), bindings...);
    } else {
      const auto [l, scores] = model(w, loss, metric.output, bindings...);
      sum.loss += n * static_cast<double>(l.value());
      sum.metric += metric.add(scores, bindings...);
    }
  });
  const auto n = static_cast<double>(order.size() > 0 ? order.size() : 1);
  return {sum.loss / n, sum.metric / n};
}

}  // namespace detail

// The mean of a loss (given by its name) or of a metric over all samples; batches as large as the workspace's capacity.
template <class Model, batch_source Data, name_object Loss>
double evaluate(const Model& model, typename Model::workspace_type& w, Data& data, Loss loss) {
  return detail::measure(model, w, data, detail::row_order(data.size()), loss, no_metric{}).loss;
}
template <class Model, batch_source Data, metric_value Metric>
double evaluate(const Model& model, typename Model::workspace_type& w, Data& data, const Metric& metric) {
  return detail::measure(model, w, data, detail::row_order(data.size()), no_metric{}, metric).metric;
}

}  // namespace tectum
