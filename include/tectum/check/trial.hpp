// One run of one operator, forward and backward, in memory of which every element that it may not write is watched.
#pragma once

#include <cstring>
#include <tectum/check/single.hpp>
#include <tectum/model/parameters.hpp>
#include <tectum/model/run.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// What goes into a run. All numbers are floats, so that every scalar computes with the same ones.
struct trial_data {
  index batch = 0;
  std::vector<std::vector<double>> x;            // an operand; empty where it holds ids
  std::vector<std::vector<std::int32_t>> ids;    // likewise
  std::vector<std::vector<std::uint8_t>> masks;  // of the graph
  std::vector<double> parameters;                // as stored
  std::vector<std::vector<double>> dy;           // a result; zero where it is not valid
};

struct trial_settings {
  bool backward = true, training = true, strided = false, parameter_gradients = true;
  unsigned unwanted = 0;                 // bit k: no gradient of operand k
  double before = 0;                     // what gradients hold beforehand, in a pattern
  double unwritten = __builtin_nan("");  // what outputs, saved and scratch memory hold beforehand
  bool fill_invalid = false;             // puts `invalid` into the places of the operands that are masked away
  double invalid = 0;
  int act = 0;  // activation folded in
};

struct trial_outcome {
  std::vector<std::vector<double>> y, dx;  // packed, a result and an operand
  std::vector<double> gradients;           // of the parameters, as stored
  std::string damage;                      // where something was written that should not have been
};

// What a gradient holds beforehand at place i.
inline double held_before(double scale, index i) { return scale * (0.25 + static_cast<double>(i % 7)); }

// Whether element i of a sample is valid.
inline bool is_valid(const single_operator& o, const trial_data& d, int value, index sample, index i) {
  const int m = o.mask_of_value(value);
  const shape& s = o.shape_of_value(value);
  if (m < 0 || s.kind == kind::scalar) return true;
  const int from = o.mask(m).any_of >= 0 ? o.mask(m).any_of : m;
  const index length = o.mask(from).length;
  const std::uint8_t* const bytes = d.masks[static_cast<std::size_t>(from)].data() + sample * length;
  if (from == m) return bytes[s.padded ? i / (s.size() / s.length()) : 0] != 0;
  bool any = false;
  for (index t = 0; t < length; ++t) any = any || bytes[t] != 0;
  return any;
}

// Memory with a pattern in it, and a list of what the next call may write.
template <class T>
class watched {
 public:
  long long take(long long units) {
    const long long at = end_;
    end_ += arena_planner::rounded(units) + 16;
    return at;
  }
  T* make(index unit) {
    data_.resize(static_cast<index>(end_) * unit);
    std::memset(static_cast<void*>(data_.data()), 0xA5, bytes());
    return data_.data();
  }
  void begin(std::vector<std::uint8_t>& may_write) {
    may_write.assign(static_cast<std::size_t>(data_.size()), 0);
    expected_.assign(data_.data(), data_.data() + data_.size());
  }
  // The first element that was written without leave, or -1.
  index damaged(const std::vector<std::uint8_t>& may_write) const {
    for (std::size_t i = 0; i < may_write.size(); ++i)
      if (!may_write[i] && std::memcmp(&expected_[i], data_.data() + i, sizeof(T)) != 0) return static_cast<index>(i);
    return -1;
  }

 private:
  std::size_t bytes() const { return static_cast<std::size_t>(data_.size()) * sizeof(T); }
  memory<T> data_;
  std::vector<T> expected_;
  long long end_ = 0;
};

template <class T>
class trial {
 public:
  trial(const single_operator& o, const step_functions<T>& functions, index batch, bool strided = false)
      : o_(o),
        functions_(functions),
        batch_(batch),
        capacity_(batch + 1) {
    graph_ = o.graph();
    const graph_operator& op = o.applied();
    operators_.assign(graph_.operators.begin(), graph_.operators.end());
    folded_ = *op.op;
    operators_.push_back({.op = &folded_});
    graph_.operators = {operators_.data(), static_cast<int>(operators_.size())};
    values_.resize(static_cast<std::size_t>(graph_.values.size()));
    bounds_.resize(static_cast<std::size_t>(graph_.bound));
    copies_.resize(static_cast<std::size_t>(graph_.bound));
    for (int v = 0; v < graph_.values.size(); ++v) {
      const shape& s = graph_.values[v].shape;
      const bool result = v >= op.values;
      const bool spread = strided && s.rank == 1 && !s.holds_ids() && (!result || op.op->strided_output);
      const int stride = s.size() + (spread ? 5 : 0);
      plan_value& p = value(v);
      p = {.used = true,
           .gradient = !s.holds_ids(),
           .lies_in = v,
           .stride = stride,
           .gradient_lies_in = v,
           .gradient_stride = stride};
      if (s.holds_ids()) continue;
      const bool once = s.kind == kind::scalar;
      p.at = {once ? fixed_.take(1) : 0, once ? 0 : per_sample_.take(stride), 0};
      p.gradient_at = {once ? fixed_.take(1) : 0, once ? 0 : per_sample_.take(stride), 0};
    }
    std::vector<shape> in;
    for (int k = 0; k < o.operands(); ++k) in.push_back(o.shape_of_value(o.operand(k)));
    const range<shape> shapes{in.data(), static_cast<int>(in.size())};
    saved_ = op.op->saved(graph_.slots + op.slots, shapes);
    scratch_ = op.op->scratch(graph_.slots + op.slots, shapes);
    step_ = {.op = o.step(), .values = op.values, .backward = true};
    step_.saved = {fixed_.take(saved_.fixed), per_sample_.take(saved_.per_sample), per_pair_.take(saved_.per_pair)};
    step_.scratch = {fixed_.take(scratch_.fixed), per_sample_.take(scratch_.per_sample), 0};
    plan_.values = {values_.data(), static_cast<int>(values_.size())};
    plan_.steps = {&step_, 1};
    run_ = {.graph = graph_, .plan = plan_};
    run_.fixed = fixed_.make(1);
    run_.per_sample = per_sample_.make(capacity_);
    run_.per_pair = per_pair_.make(capacity_ * capacity_);
    run_.batch = batch;
    run_.capacity = capacity_;
    long long mask_bytes = 64;
    for (const graph_mask& m : graph_.masks) mask_bytes += (m.length + 63) / 64 * 64;
    masks_.resize(static_cast<std::size_t>(mask_bytes * capacity_));
    run_.masks = masks_.data();
    run_.inputs = bounds_.data();
    parameters_.resize(static_cast<index>(graph_.parameter_elements) + 64);
    gradients_.resize(static_cast<index>(graph_.parameter_elements) + 64);
    for (const graph_parameter& p : graph_.parameters)
      each_element(p.what, [&](index, index at) { canonical_.push_back(p.offset + at); });
  }

  trial_outcome operator()(const trial_data& d, const trial_settings& s = {}) {
    trial_outcome out;
    bring(d, s);
    for (int v = 0; v < graph_.values.size(); ++v)
      if (graph_.values[v].producer >= 0 || !graph_.values[v].shape.holds_ids()) value(v).gradient = s.backward;
    for (int k = 0; k < o_.operands(); ++k)
      if (s.unwanted >> k & 1) value(o_.operand(k)).gradient = false;
    folded_.epilogue = s.act;
    step_.folded = s.act > 0 ? o_.step() + 1 : -1;
    run_.training = s.training;
    run_.recording = s.training || s.backward;
    run_.random = {3, 5};
    run_.parameters = parameters_.data();
    run_.buffers = s.training ? parameters_.data() : nullptr;
    run_.gradients = nullptr;
    derive_masks(run_);

    watch();
    for (int r = 0; r < o_.results(); ++r) release(run_.value(o_.result(r)), [&](index) { return s.unwritten; });
    release_memory(step_.saved, saved_, s.unwritten);
    release_memory(step_.scratch, scratch_, s.unwritten);
    functions_.forward(run_, step_);
    inspect("forward", out);
    for (int r = 0; r < o_.results(); ++r) out.y.push_back(packed_values(run_.value(o_.result(r))));
    if (!s.backward) return out;

    for (int r = 0; r < o_.results(); ++r) {
      const view<T> g = run_.gradient(o_.result(r));
      const std::vector<double>& dy = d.dy[static_cast<std::size_t>(r)];
      each(g, [&](index i, T& to) { to = static_cast<T>(dy[static_cast<std::size_t>(i)]); });
    }
    if (s.parameter_gradients) run_.gradients = gradients_.data();
    std::memset(static_cast<void*>(gradients_.data()), 0xA5, static_cast<std::size_t>(gradients_.size()) * sizeof(T));
    for (const graph_parameter& p : graph_.parameters)
      for (long long i = 0; i < p.what.stored_size(); ++i) gradients_.data()[p.offset + i] = T(0);
    for (std::size_t i = 0; i < canonical_.size(); ++i)
      gradients_.data()[canonical_[i]] = static_cast<T>(held_before(s.before, static_cast<index>(i)));
    const std::vector<T> gradients(gradients_.data(), gradients_.data() + gradients_.size());
    watch();
    for (int k = 0; k < o_.operands(); ++k) {
      const view<T> g = run_.gradient(o_.operand(k));
      if (g) release(g, [&](index i) { return held_before(s.before, i); });
    }
    release_memory(step_.saved, saved_);
    release_memory(step_.scratch, scratch_, s.unwritten);
    functions_.backward(run_, step_);
    inspect("backward", out);
    for (int k = 0; k < o_.operands(); ++k) {
      const view<T> g = run_.gradient(o_.operand(k));
      out.dx.push_back(g ? packed_values(g) : std::vector<double>());
    }
    out.gradients.assign(gradients_.data(), gradients_.data() + graph_.parameter_elements);
    inspect_gradients(gradients, s, out);
    return out;
  }

 private:
  plan_value& value(int v) { return values_[static_cast<std::size_t>(v)]; }

  template <class V, class F>
  static void each(const V& v, F f) {
    for (index b = 0, i = 0; b < v.samples; ++b)
      for (index k = 0; k < v.size(); ++k, ++i) f(i, v.sample(b)[k]);
  }
  static std::vector<double> packed_values(const view<T>& v) {
    std::vector<double> all;
    each(v, [&](index, T& a) { all.push_back(static_cast<double>(a)); });
    return all;
  }

  void bring(const trial_data& d, const trial_settings& s) {
    for (std::size_t i = 0; i < d.parameters.size(); ++i) parameters_.data()[i] = static_cast<T>(d.parameters[i]);
    for (int m = 0; m < o_.masks(); ++m)
      if (o_.mask(m).any_of < 0 && batch_ > 0)
        std::memcpy(run_.mask(m), d.masks[static_cast<std::size_t>(m)].data(),
                    static_cast<std::size_t>(batch_ * o_.mask(m).length));
    for (int k = 0; k < o_.operands(); ++k) {
      const int v = o_.operand(k);
      const graph_value& g = graph_.values[v];
      const std::size_t at = static_cast<std::size_t>(k);
      if (g.shape.holds_ids()) {
        bounds_[static_cast<std::size_t>(g.result)] = {nullptr,        d.ids[at].data(), batch_,
                                                       g.shape.size(), nullptr,          false};
        continue;
      }
      T* to = run_.value(v).data;
      const index stride = value(v).stride;
      if (g.producer < 0) {  // as a caller's tensor, with NaN between and behind the samples
        memory<T>& copy = copies_[static_cast<std::size_t>(g.result)];
        copy.resize(capacity_ * stride + 64);
        for (index i = 0; i < copy.size(); ++i) copy.data()[i] = static_cast<T>(__builtin_nan(""));
        to = copy.data();
        bounds_[static_cast<std::size_t>(g.result)] = {to, nullptr, batch_, stride, nullptr, false};
      }
      each(view<T>{to, batch_, stride, &g.shape, nullptr}, [&](index i, T& a) {
        const index size = g.shape.size();
        const bool out = s.fill_invalid && !is_valid(o_, d, v, i / size, i % size);
        a = static_cast<T>(out ? s.invalid : d.x[at][static_cast<std::size_t>(i)]);
      });
    }
  }

  void watch() {
    fixed_.begin(may_fixed_);
    per_sample_.begin(may_sample_);
    per_pair_.begin(may_pair_);
    kept_parameters_.assign(parameters_.data(), parameters_.data() + parameters_.size());
  }
  // Lets the call write the elements of a view, which hold before(i).
  template <class F>
  void release(const view<T>& v, F before) {
    const bool once = v.shape().kind == kind::scalar;
    each(v, [&](index i, T& a) {
      a = static_cast<T>(before(i));
      (once ? may_fixed_[static_cast<std::size_t>(&a - run_.fixed)]
            : may_sample_[static_cast<std::size_t>(&a - run_.per_sample)]) = 1;
    });
  }
  void release_memory(const place& p, const extents& e) {
    release_range(may_fixed_, p.fixed, e.fixed);
    release_range(may_sample_, p.per_sample * capacity_, e.per_sample * batch_);
    release_range(may_pair_, p.per_pair * capacity_ * capacity_, e.per_pair * batch_ * batch_);
  }
  void release_memory(const place& p, const extents& e, double before) {
    release_memory(p, e);
    const auto fill = [&](T* at, long long n) {
      for (long long i = 0; i < n; ++i) at[i] = static_cast<T>(before);
    };
    fill(run_.fixed + p.fixed, e.fixed);
    fill(run_.per_sample + p.per_sample * capacity_, e.per_sample * batch_);
    fill(run_.per_pair + p.per_pair * capacity_ * capacity_, e.per_pair * batch_ * batch_);
  }
  static void release_range(std::vector<std::uint8_t>& may, long long at, long long n) {
    for (long long i = 0; i < n; ++i) may[static_cast<std::size_t>(at + i)] = 1;
  }

  void inspect(const char* when, trial_outcome& out) const {
    const auto look = [&](const watched<T>& area, const std::vector<std::uint8_t>& may, const char* what, index unit) {
      const index at = area.damaged(may);
      if (at < 0 || !out.damage.empty()) return;
      out.damage = std::string(when) + " wrote where it may not: batch " + std::to_string(batch_) + ", " + what +
                   owner(at, unit, what);
    };
    look(fixed_, may_fixed_, "fixed memory", 1);
    look(per_sample_, may_sample_, "samples' memory", capacity_);
    look(per_pair_, may_pair_, "pairs' memory", capacity_ * capacity_);
    for (const graph_parameter& p : graph_.parameters) {
      if (p.what.role == role::buffer && run_.training) continue;
      const std::size_t at = static_cast<std::size_t>(p.offset), n = static_cast<std::size_t>(p.what.stored_size());
      if (std::memcmp(&kept_parameters_[at], parameters_.data() + at, n * sizeof(T)) != 0 && out.damage.empty())
        out.damage = std::string(when) + " wrote its parameter " + p.what.name;
    }
  }
  // Behind what the damaged place lies.
  std::string owner(index at, index unit, const std::string& what) const {
    std::string s = " at element " + std::to_string(at);
    if (what[0] != 's') return s;
    long long nearest = -1;
    const auto consider = [&](long long begin, const std::string& name) {
      if (begin * unit > at || begin < nearest) return;
      nearest = begin;
      s = ", " + name + " + " + std::to_string(at - begin * unit);
    };
    for (int k = 0; k < o_.operands(); ++k) {
      const plan_value& p = values_[static_cast<std::size_t>(o_.operand(k))];
      consider(p.at.per_sample, "x" + std::to_string(k));
      consider(p.gradient_at.per_sample, "gradient of x" + std::to_string(k));
    }
    for (int r = 0; r < o_.results(); ++r) {
      const plan_value& p = values_[static_cast<std::size_t>(o_.result(r))];
      consider(p.at.per_sample, "y" + std::to_string(r));
      consider(p.gradient_at.per_sample, "gradient of y" + std::to_string(r));
    }
    consider(step_.saved.per_sample, "saved");
    consider(step_.scratch.per_sample, "scratch");
    return s;
  }
  void inspect_gradients(const std::vector<T>& before, const trial_settings& s, trial_outcome& out) const {
    std::vector<std::uint8_t> may(before.size(), 0);
    if (s.parameter_gradients)
      for (const long long i : canonical_) may[static_cast<std::size_t>(i)] = 1;
    for (std::size_t i = 0; i < may.size() && out.damage.empty(); ++i)
      if (!may[i] && std::memcmp(&before[i], gradients_.data() + i, sizeof(T)) != 0)
        out.damage = "backward wrote into the gaps of the parameters' gradients at element " + std::to_string(i);
  }

  const single_operator& o_;
  const step_functions<T> functions_;
  const index batch_, capacity_;
  graph_view graph_;
  plan_view plan_;
  plan_step step_;
  run<T> run_;
  operator_table folded_{};
  std::vector<graph_operator> operators_;
  std::vector<plan_value> values_;
  std::vector<bound<T>> bounds_;
  std::vector<memory<T>> copies_;
  std::vector<std::uint8_t> masks_, may_fixed_, may_sample_, may_pair_;
  watched<T> fixed_, per_sample_, per_pair_;
  memory<T> parameters_, gradients_;
  std::vector<T> kept_parameters_;
  std::vector<long long> canonical_;
  extents saved_{}, scratch_{};
};

}  // namespace detail
}  // namespace tectum
