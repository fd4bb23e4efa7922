#include "timed_operator.hpp"

#include <stdexcept>

namespace bench {

namespace {

std::vector<int> results_of(const tt::detail::single_operator& o) {
  std::vector<int> all;
  for (int r = 0; r < o.results(); ++r) all.push_back(o.result(r));
  return all;
}
const tt::detail::single_operator& checked(const tt::detail::single_operator& o) {
  if (o.failed()) throw std::runtime_error(o.mistake());
  return o;
}

}  // namespace

std::vector<plain_operator>& operators() {
  static std::vector<plain_operator> all;
  return all;
}

bool fits(const plain_operator& o) {
  const tt::detail::single_operator single(*o.table, o.options.data(), o.inputs);
  if (single.failed()) return false;
  const std::vector<int> wanted = results_of(single);
  const tt::planning p(single.graph(), wanted.data(), static_cast<int>(wanted.size()), tt::mode::backward);
  return p.whole + p.arena.per_sample + 256 * p.arena.per_pair <= (1 << 18) &&
         single.graph().parameter_elements <= 1 << 22;
}

timed_operator::timed_operator(const plain_operator& o, tt::index batch)
    : o_(o),
      batch_(batch),
      single_(*o.table, o.options.data(), o.inputs),
      wanted_(results_of(checked(single_))),
      infers_(single_.graph(), wanted_.data(), static_cast<int>(wanted_.size()), tt::mode::inference),
      trains_(single_.graph(), wanted_.data(), static_cast<int>(wanted_.size()), tt::mode::backward) {
  const tt::graph_view g = single_.graph();
  const auto numbers = [&](long long n, float low, float high) {
    tt::memory<float>& v = memory_.emplace_back(n + 1);
    tt::native::fill_uniform(n, 7, memory_.size(), v.data());
    for (tt::index i = 0; i < n; ++i) v.data()[i] = low + (high - low) * v.data()[i];
    return v.data();
  };
  inputs_.resize(static_cast<std::size_t>(g.bound) + 1);
  for (const tt::graph_value& v : g.values) {
    if (v.producer >= 0) continue;
    const long long n = batch * v.shape.size();
    tt::bound<float>& b = inputs_[static_cast<std::size_t>(v.result)];
    b.samples = batch;
    b.stride = v.shape.size();
    if (v.shape.holds_ids()) {
      std::vector<std::int32_t>& ids = ids_.emplace_back(static_cast<std::size_t>(n));
      for (std::size_t i = 0; i < ids.size(); ++i)
        ids[i] = static_cast<int>(i % static_cast<std::size_t>(v.shape.limit > 0 ? v.shape.limit : 2));
      b.ids = ids.data();
    } else {
      b.data = numbers(n, 0.1f, 0.9f);
    }
    bytes_ += 4.0 * static_cast<double>(n);
  }
  for (const int r : wanted_) {
    const tt::shape& s = g.values[r].shape;
    const long long n = s.kind == tt::kind::scalar ? 1 : batch * s.size();
    seeds_.push_back({numbers(n, -0.5f, 0.5f), nullptr, batch, s.size(), nullptr, true});
    bytes_ += 4.0 * static_cast<double>(n);
  }
  float* const parameters = numbers(g.parameter_elements, -0.1f, 0.1f);
  tt::initialise_parameters(g, tt::seed{1}, parameters);
  bytes_ += 4.0 * static_cast<double>(g.parameter_elements);
  std::vector<tt::shape> in;
  for (int k = 0; k < single_.operands(); ++k) in.push_back(single_.shape_of_value(single_.operand(k)));
  flops_ = 2.0 * static_cast<double>(batch) *
           static_cast<double>(o.table->multiply_adds(o.options.data(), {in.data(), static_cast<int>(in.size())}));
  masks_.assign(static_cast<std::size_t>(infers_.mask_bytes * batch) + 64, 1);
  inference_ = prepared(infers_);
  training_ = prepared(trains_);
  training_.training = training_.recording = true;
  training_.buffers = parameters;
  training_.gradients = numbers(g.parameter_elements, 0, 0);
  training_.seeds = seeds_.data();
  inference_.parameters = training_.parameters = parameters;
}

tt::run<float> timed_operator::prepared(const tt::planning& p) {
  tt::run<float> r{};
  r.graph = single_.graph();
  r.plan = p.view();
  const auto room = [&](long long n) { return memory_.emplace_back(n + 1).data(); };
  r.fixed = r.scalars = room(p.arena.fixed);
  r.whole = room(p.whole * batch_);
  r.per_sample = room(p.arena.per_sample * batch_);
  r.per_pair = room(p.arena.per_pair * batch_ * batch_);
  r.masks = masks_.data();
  r.inputs = inputs_.data();
  r.batch = r.capacity = r.room = batch_;
  return r;
}

bool timed_operator::has_gradient() const {
  for (const tt::plan_step& s : trains_.steps)
    if (s.backward) return true;
  return false;
}
void timed_operator::forward(bool native) const {
  tt::run_forward(infers_.steps.size() > 0 ? inference_ : training_, native ? &o_.native : &o_.reference);
}
void timed_operator::record() const { tt::run_forward(training_, &o_.native); }
void timed_operator::backward(bool native) const {
  const tt::range<int> wanted{wanted_.data(), static_cast<int>(wanted_.size())};
  if (native) tt::run_backward<float, tt::native>(training_, &o_.native, wanted);
  else tt::run_backward<float, tt::reference>(training_, &o_.reference, wanted);
}

}  // namespace bench
