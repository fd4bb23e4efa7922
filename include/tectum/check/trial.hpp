// One run of one operator, forward and backward, in memory of which every element that it may not write is watched, or
// of which every place lies between pages that it may not touch.
#pragma once

#include <tectum/check/trial_data.hpp>
#include <tectum/model/run.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

template <class T>
class trial {
 public:
  trial(const single_operator& o, const step_functions<T>& functions, index batch, const trial_layout& layout = {})
      : o_(o),
        functions_(functions),
        batch_(batch),
        layout_(layout),
        numbers_(layout.where, 0xFF),  // NaN
        ids_(layout.where, 0),
        masks_(layout.where, 0xFF),
        parameters_(layout.where, 0xFF),
        gradients_(layout.where, 0xA5) {
    graph_ = o.graph();
    const graph_operator& op = o.applied();
    operators_.assign(graph_.operators.begin(), graph_.operators.end());
    folded_ = *op.op;
    operators_.push_back({.op = &folded_});
    graph_.operators = {operators_.data(), static_cast<int>(operators_.size())};
    place_values(op);
    place_memory(op);
    place_parameters();
    place_masks();
    plan_.values = {values_.data(), static_cast<int>(values_.size())};
    plan_.steps = {&step_, 1};
    run_.graph = graph_;
    run_.plan = plan_;
    run_.fixed = run_.per_sample = run_.per_pair = run_.scalars = run_.whole = numbers_.make();
    run_.batch = batch;
    run_.capacity = run_.room = 1;  // places are elements
    run_.masks = masks_.make();
    run_.inputs = bounds_.data();
    ids_.make();
    parameters_.make();
    gradients_.make();
  }

  trial_outcome operator()(const trial_data& d, const trial_settings& s = {}) {
    trial_outcome out;
    bring(d, s);
    set_up(s);
    begin(s);
    for (int r = 0; r < o_.results(); ++r) release(run_.value(o_.result(r)), [&](index) { return s.unwritten; });
    release_memory(step_.saved, saved_);
    release_memory(step_.scratch, scratch_);
    if (s.watched) {
      fill_memory(step_.saved, saved_, s.unwritten);
      fill_memory(step_.scratch, scratch_, s.unwritten);
    }
    if (run_.buffers)
      for (const graph_parameter& p : parameters_list_)
        if (p.what.role == role::buffer) parameters_.allow(p.offset, p.what.stored_size());
    if (!call("forward", s, out, functions_.forward)) return out;
    for (int r = 0; r < o_.results(); ++r) out.y.push_back(packed_values(run_.value(o_.result(r))));
    for (const graph_parameter& p : parameters_list_)
      if (p.what.role == role::buffer)
        each_element(p.what, [&](index, index at) {
          out.buffers.push_back(static_cast<double>(run_.parameters[p.offset + at]));
        });
    if (!s.backward) return out;

    for (int r = 0; r < o_.results(); ++r) {
      const view<T> g = run_.gradient(o_.result(r));
      const std::vector<double>& dy = d.dy[static_cast<std::size_t>(r)];
      if (g) each(g, [&](index i, T& to) { to = static_cast<T>(dy[static_cast<std::size_t>(i)]); });
    }
    if (s.parameter_gradients) run_.gradients = gradients_.data();
    index number = 0;
    for (const graph_parameter& p : parameters_list_) {
      for (long long i = 0; i < p.what.stored_size(); ++i) gradients_.data()[p.offset + i] = T(0);
      each_element(p.what, [&](index, index at) {
        gradients_.data()[p.offset + at] = static_cast<T>(held_before(s.before, number++));
      });
    }
    begin(s);
    for (int k = 0; k < o_.operands(); ++k) {
      const view<T> g = run_.gradient(o_.operand(k));
      if (g) release(g, [&](index i) { return held_before(s.before, i); });
    }
    if (s.parameter_gradients && s.watched)
      for (const graph_parameter& p : parameters_list_)
        if (p.what.role != role::buffer)
          each_element(p.what, [&](index, index at) { gradients_.allow(p.offset + at, 1); });
    release_memory(step_.saved, saved_);
    release_memory(step_.scratch, scratch_);
    fill_memory(step_.scratch, scratch_, s.unwritten);
    if (!call("backward", s, out, functions_.backward)) return out;
    for (int k = 0; k < o_.operands(); ++k) {
      const view<T> g = run_.gradient(o_.operand(k));
      out.dx.push_back(g ? packed_values(g) : std::vector<double>());
    }
    out.gradients.assign(static_cast<std::size_t>(graph_.parameter_elements), 0);
    for (std::size_t n = 0; n < parameters_list_.size(); ++n)
      for (long long i = 0; i < parameters_list_[n].what.stored_size(); ++i)
        out.gradients[static_cast<std::size_t>(stored_at_[n] + i)] =
            static_cast<double>(gradients_.data()[parameters_list_[n].offset + i]);
    return out;
  }

  // For trials that share parameters with this one.
  const void* parameters() const { return parameters_.data(); }

 private:
  plan_value& value(int v) { return values_[static_cast<std::size_t>(v)]; }

  // --- places

  static std::string numbered(const char* what, int i) { return what + std::to_string(i); }
  void place_values(const graph_operator& op) {
    values_.resize(static_cast<std::size_t>(graph_.values.size()));
    bounds_.resize(static_cast<std::size_t>(graph_.bound) + 1);
    bound_at_.resize(static_cast<std::size_t>(graph_.bound) + 1);
    std::vector<std::string> names(values_.size(), "an input");
    for (int k = 0; k < o_.operands(); ++k) names[static_cast<std::size_t>(o_.operand(k))] = numbered("x", k);
    for (int r = 0; r < o_.results(); ++r) names[static_cast<std::size_t>(o_.result(r))] = numbered("y", r);
    for (int v = 0; v < graph_.values.size(); ++v) {
      const shape& s = graph_.values[v].shape;
      const std::string& name = names[static_cast<std::size_t>(v)];
      const bool input = graph_.values[v].producer < 0;
      const std::size_t b = static_cast<std::size_t>(input ? graph_.values[v].result : 0);
      if (s.holds_ids()) {
        value(v) = {.used = true, .lies_in = v};
        if (input) bound_at_[b] = ids_.take(name, batch_ * s.size());
        continue;
      }
      const bool spread = layout_.strided && s.rank == 1 && (v < op.values || op.op->strided_output);
      const int stride = s.size() + (spread ? 5 : 0);
      const bool once = s.kind == kind::scalar;
      const long long n = once ? 1 : batch_ == 0 ? 0 : (batch_ - 1) * stride + s.size();
      const long long at = numbers_.take(name, n, layout_.shift);
      const long long gradient_at = numbers_.take("the gradient of " + name, n, layout_.shift);
      value(v) = {.used = true,
                  .gradient = true,
                  .lies_in = v,
                  .stride = stride,
                  .gradient_lies_in = v,
                  .gradient_stride = stride};
      value(v).at = {once ? at : 0, once ? 0 : at, 0};
      value(v).gradient_at = {once ? gradient_at : 0, once ? 0 : gradient_at, 0};
      if (input) bound_at_[b] = at;
    }
  }
  void place_memory(const graph_operator& op) {
    std::vector<shape> in;
    for (int k = 0; k < o_.operands(); ++k) in.push_back(o_.shape_of_value(o_.operand(k)));
    const range<shape> shapes{in.data(), static_cast<int>(in.size())};
    saved_ = op.op->saved(graph_.slots + op.slots, shapes);
    scratch_ = op.op->scratch(graph_.slots + op.slots, shapes);
    step_ = {.op = o_.step(), .values = op.values, .backward = true};
    step_.saved = {numbers_.take("saved memory", saved_.fixed),
                   numbers_.take("saved memory", saved_.per_sample * batch_),
                   numbers_.take("saved memory of pairs", saved_.per_pair * batch_ * batch_)};
    step_.scratch = {numbers_.take("scratch memory", scratch_.fixed),
                     numbers_.take("scratch memory", scratch_.per_sample * batch_), 0};
  }
  // An operator may see consecutive weights as one where no gap lies between them, as attention does: these stay
  // together.
  void place_parameters() {
    for (const graph_parameter& p : graph_.parameters) {
      stored_at_.push_back(p.offset);
      parameters_list_.push_back(p);
    }
    for (std::size_t first = 0, end = 0; first < parameters_list_.size(); first = end) {
      const parameter& leader = parameters_list_[first].what;
      std::string name = std::string("parameter ") + leader.name;
      long long size = 0;
      for (end = first; end < parameters_list_.size(); ++end) {
        const parameter& p = parameters_list_[end].what;
        if (end > first && (size % 32 != 0 || p.in_panels() != leader.in_panels() || p.in != leader.in)) break;
        if (end > first) name += std::string(", ") + p.name;
        size += p.stored_size();
      }
      long long at = parameters_.take(name, size);
      gradients_.take("the gradient of " + name, size);
      for (std::size_t k = first; k < end; ++k) {
        parameters_list_[k].offset = at;
        at += parameters_list_[k].what.stored_size();
      }
    }
    graph_.parameters = {parameters_list_.data(), static_cast<int>(parameters_list_.size())};
  }
  void place_masks() {
    masks_list_.assign(graph_.masks.begin(), graph_.masks.end());
    for (graph_mask& m : masks_list_) m.at = static_cast<int>(masks_.take("a mask", batch_ * m.length));
    graph_.masks = {masks_list_.data(), static_cast<int>(masks_list_.size())};
  }

  // --- contents

  template <class V, class F>
  static void each(const V& v, F f) {
    for (index b = 0, i = 0; b < v.samples; ++b)
      for (index k = 0; k < v.size(); ++k, ++i) f(i, v.sample(b)[k]);
  }
  static std::vector<double> packed_values(const view<T>& v) {
    std::vector<double> all;
    all.reserve(static_cast<std::size_t>(v.samples * v.size()));
    each(v, [&](index, T& a) { all.push_back(static_cast<double>(a)); });
    return all;
  }

  void bring(const trial_data& d, const trial_settings& s) {
    for (std::size_t n = 0; n < parameters_list_.size(); ++n)
      for (long long i = 0; i < parameters_list_[n].what.stored_size(); ++i)
        parameters_.data()[parameters_list_[n].offset + i] =
            static_cast<T>(d.parameters[static_cast<std::size_t>(stored_at_[n] + i)]);
    for (int m = 0; m < o_.masks(); ++m)
      if (!o_.mask(m).is_derived() && batch_ > 0)
        std::memcpy(run_.mask(m), d.masks[static_cast<std::size_t>(m)].data(),
                    static_cast<std::size_t>(batch_ * o_.mask(m).length));
    for (int k = 0; k < o_.operands(); ++k) {
      const int v = o_.operand(k);
      const graph_value& g = graph_.values[v];
      const std::size_t at = static_cast<std::size_t>(k), b = static_cast<std::size_t>(g.producer < 0 ? g.result : 0);
      if (g.shape.holds_ids()) {
        std::int32_t* const to = ids_.data() + bound_at_[b];
        for (std::size_t i = 0; i < d.ids[at].size(); ++i) to[i] = d.ids[at][i];
        bounds_[b] = {nullptr, to, batch_, g.shape.size(), nullptr, false};
        continue;
      }
      T* const to = run_.value(v).data;
      const index stride = value(v).stride;
      if (g.producer < 0) bounds_[b] = {to, nullptr, batch_, stride, nullptr, false};
      each(view<T>{to, batch_, stride, &g.shape, nullptr}, [&](index i, T& a) {
        const index size = g.shape.size();
        const bool out = s.fill_invalid && !is_valid(o_, d, v, i / size, i % size);
        a = static_cast<T>(out ? s.invalid : d.x[at][static_cast<std::size_t>(i)]);
      });
    }
  }
  void set_up(const trial_settings& s) {
    for (int v = 0; v < graph_.values.size(); ++v)
      value(v).gradient = s.backward && !graph_.values[v].shape.holds_ids();
    for (int k = 0; k < o_.operands(); ++k)
      if (s.unwanted >> k & 1) value(o_.operand(k)).gradient = false;
    for (int r = 0; r < o_.results(); ++r)
      if (s.unwanted_results >> r & 1) value(o_.result(r)).gradient = false;
    folded_.epilogue = s.act;
    step_.folded = s.act > 0 ? o_.step() + 1 : -1;
    run_.training = s.training;
    run_.recording = s.training || s.backward;
    run_.random = {3, 5};
    run_.parameters = s.shared_parameters ? static_cast<const T*>(s.shared_parameters) : parameters_.data();
    run_.buffers = s.training && !s.shared_parameters ? parameters_.data() : nullptr;
    run_.gradients = nullptr;
    derive_masks(run_);
  }

  // --- what may be written

  void begin(const trial_settings& s) {
    if (!s.watched) return;
    numbers_.watch();
    masks_.watch();
    ids_.watch();
    parameters_.watch();
    gradients_.watch();
    watching_ = true;
  }
  // Lets the call write the elements of a view, which hold before(i).
  template <class F>
  void release(const view<T>& v, F before) {
    each(v, [&](index i, T& a) {
      a = static_cast<T>(before(i));
      if (watching_) numbers_.allow(&a - numbers_.data(), 1);
    });
  }
  template <class F>
  void each_part(const place& p, const extents& e, F f) {
    f(p.fixed, e.fixed);
    f(p.per_sample, e.per_sample * batch_);
    f(p.per_pair, e.per_pair * batch_ * batch_);
  }
  void release_memory(const place& p, const extents& e) {
    if (watching_) each_part(p, e, [&](long long at, long long n) { numbers_.allow(at, n); });
  }
  void fill_memory(const place& p, const extents& e, double before) {
    each_part(p, e, [&](long long at, long long n) {
      for (long long i = 0; i < n; ++i) numbers_.data()[at + i] = static_cast<T>(before);
    });
  }

  template <class F>
  bool call(const char* when, const trial_settings& s, trial_outcome& out, F f) {
    const std::size_t allocated = s.allocations ? s.allocations() : 0;
    std::string damage;
#if TECTUM_HAS_PAGES
    if (layout_.where != placing::watched) {
      const void* address = nullptr;
      if (!runs_through([&] { f(run_, step_); }, address)) {
        for (const std::string& near : {numbers_.neighbour(address), ids_.neighbour(address), masks_.neighbour(address),
                                        parameters_.neighbour(address), gradients_.neighbour(address)})
          if (damage.empty()) damage = near;
        if (damage.empty()) damage = "memory that is not its own";
        out.damage = std::string(when) + " touched " + damage + ", batch " + std::to_string(batch_);
        return false;
      }
      if (s.allocations) out.allocations += s.allocations() - allocated;
      return true;
    }
#endif
    f(run_, step_);
    if (s.allocations) out.allocations += s.allocations() - allocated;
    if (!watching_) return true;
    watching_ = false;
    for (const std::string& found :
         {numbers_.damage(), ids_.damage(), masks_.damage(), parameters_.damage(), gradients_.damage()})
      if (damage.empty()) damage = found;
    if (!damage.empty() && out.damage.empty())
      out.damage = std::string(when) + " wrote where it may not: " + damage + ", batch " + std::to_string(batch_);
    return true;
  }

  const single_operator& o_;
  const step_functions<T> functions_;
  const index batch_;
  const trial_layout layout_;
  graph_view graph_;
  plan_view plan_;
  plan_step step_;
  run<T> run_;
  operator_table folded_{};
  std::vector<graph_operator> operators_;
  std::vector<graph_parameter> parameters_list_;
  std::vector<graph_mask> masks_list_;
  std::vector<plan_value> values_;
  std::vector<bound<T>> bounds_;
  std::vector<long long> bound_at_;   // where an input lies among the numbers or ids
  std::vector<long long> stored_at_;  // where a parameter lies in trial_data and trial_outcome
  area<T> numbers_;
  area<std::int32_t> ids_;
  area<std::uint8_t> masks_;
  area<T> parameters_, gradients_;
  extents saved_{}, scratch_{};
  bool watching_ = false;
};

}  // namespace detail
}  // namespace tectum
