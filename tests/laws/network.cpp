// The network of one fusion, lowered, planned and run without a type of its own.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "fusion.hpp"

namespace laws {
namespace {

constexpr tt::name<"y"> y;
constexpr tt::name<"z"> z;

const tt::label* input_name(int k) {
  const tt::label* const all[] = {x0.entry(), x1.entry(), x2.entry()};
  return all[k];
}
template <class T>
tt::range<T> range_of(const std::vector<T>& v) {
  return {v.data(), static_cast<int>(v.size())};
}

}  // namespace

network::network(const form& f, const std::vector<tt::shape>& inputs, const network_options& o) {
  for (int i = 0; i < f.inputs; ++i) {
    const int k = o.reversed ? f.inputs - 1 - i : i;
    tt::shape s = inputs[static_cast<std::size_t>(k)];
    s.optional = (o.optional >> k & 1) != 0;
    const auto e = tt::detail::declare(input_name(k), tt::input{s}).text;
    nodes_.insert(nodes_.end(), e.nodes, e.nodes + e.node_count);
    slots_.insert(slots_.end(), e.slots, e.slots + e.slot_count);
  }
  const int n = static_cast<int>(f.nodes.size());
  const tt::node& last = f.nodes.back();
  const int results = last.what == tt::does::apply ? last.op->results : 1;
  nodes_.push_back({.what = tt::does::define, .name = y.entry(), .count = results, .body = results - 1 + n});
  if (results > 1) nodes_.push_back({.what = tt::does::also, .name = z.entry()});
  for (tt::node part : f.nodes) {
    if (o.exchanged && part.what == tt::does::refer)
      part.name = part.name == x0.entry() ? x1.entry() : part.name == x1.entry() ? x0.entry() : part.name;
    nodes_.push_back(part);
  }
  slots_.insert(slots_.end(), f.slots.begin(), f.slots.end());
  lowered_ = std::make_unique<tt::lowering>(range_of(nodes_), range_of(slots_), f.mistake);
  if (failed()) return;

  const tt::graph_view g = graph();
  for (int k = 0; k < f.inputs; ++k)
    for (int v = 0; v < g.values.size(); ++v)
      if (g.values[v].producer < 0 && g.values[v].name == input_name(k)) inputs_.push_back(v);
  for (const tt::label* name : {y.entry(), z.entry()})
    for (const tt::graph_equation& e : g.equations)
      if (e.name == name) {
        wanted_.push_back(e.value);
        results_.push_back(g.values[e.value].shape);
      }
  REQUIRE(static_cast<int>(inputs_.size()) == f.inputs);
  REQUIRE(static_cast<int>(wanted_.size()) == results);
  plan_ = std::make_unique<tt::planning>(g, wanted_.data(), results, tt::mode::backward);
  for (const tt::plan_step& s : plan_->steps) steps_.push_back(f.steps(g.operators[s.op].op));
}

tt::graph_view network::graph() const {
  const auto all = [](const auto& from) { return tt::range{from.begin(), from.size()}; };
  const tt::lowering& l = *lowered_;
  return {all(l.values),     all(l.operators),     all(l.inputs), all(l.groups),
          all(l.parameters), all(l.scopes),        all(l.masks),  all(l.equations),
          slots_.data(),     l.parameter_elements, l.bound};
}

// Random numbers for what is trained, since zeros would hide a term; buffers as their operator draws them.
parameters network::initial(unsigned long long seed) const {
  const tt::graph_view g = graph();
  numbers all(static_cast<std::size_t>(g.parameter_elements));
  tt::initialise_parameters(g, tt::seed{seed}, all.data());
  parameters p;
  for (int i = 0; i < g.parameters.size(); ++i) {
    const tt::parameter& what = g.parameters[i].what;
    numbers& v = p[tt::parameter_name(g, i).data()];
    v.resize(static_cast<std::size_t>(what.size()));
    tt::read_parameter(what, all.data() + g.parameters[i].offset, v.data());
    if (what.role != tt::role::buffer)
      for (std::size_t k = 0; k < v.size(); ++k)
        v[k] = 0.7 * std::sin(static_cast<double>(seed) + 12.9898 * static_cast<double>(k + 1) + 78.233 * (i + 1));
  }
  return p;
}

std::pair<int, int> network::extents_of(const std::string& name) const {
  const tt::graph_view g = graph();
  for (int i = 0; i < g.parameters.size(); ++i)
    if (name == tt::parameter_name(g, i).data()) {
      const tt::parameter& p = g.parameters[i].what;
      return {p.extent[0], static_cast<int>(p.size()) / p.extent[0]};
    }
  return {0, 0};
}

outcome network::operator()(const batch& b, const parameters& p) const {
  constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
  const tt::graph_view g = graph();
  const tt::plan_view plan = plan_->view();
  const auto n = static_cast<std::size_t>(b.samples), elements = static_cast<std::size_t>(g.parameter_elements);
  numbers values(elements), gradients(elements);
  for (int i = 0; i < g.parameters.size(); ++i)
    tt::store_parameter(g.parameters[i].what, p.at(tt::parameter_name(g, i).data()).data(),
                        values.data() + g.parameters[i].offset);
  numbers fixed(static_cast<std::size_t>(plan.arena.fixed) + 1, nothing),
      whole(static_cast<std::size_t>(plan.whole) * n + 1, nothing),
      per_sample(static_cast<std::size_t>(plan.arena.per_sample) * n + 1, nothing),
      per_pair(static_cast<std::size_t>(plan.arena.per_pair) * n * n + 1, nothing);
  std::vector<unsigned char> masks(static_cast<std::size_t>(plan.mask_bytes) * n + 1, 0);
  std::vector<tt::bound<double>> bounds(static_cast<std::size_t>(g.bound) + 1);

  tt::run<double> r{.graph = g, .plan = plan, .parameters = values.data()};
  r.gradients = gradients.data();
  r.fixed = r.scalars = fixed.data();
  r.whole = whole.data();
  r.per_sample = per_sample.data();
  r.per_pair = per_pair.data();
  r.masks = masks.data();
  r.inputs = bounds.data();
  r.batch = r.capacity = r.room = b.samples;
  r.recording = true;
  for (std::size_t k = 0; k < inputs_.size(); ++k) {
    const tt::graph_value& v = g.values[inputs_[k]];
    unsigned char* const mask = r.mask(v.mask);
    const int length = v.shape.padded ? static_cast<int>(v.shape.length()) : 1;
    for (std::size_t s = 0; mask && s < n; ++s)
      for (int t = 0; t < length; ++t)
        mask[s * static_cast<std::size_t>(length) + static_cast<std::size_t>(t)] =
            (!v.shape.optional || b.present[k][s]) && (!v.shape.padded || t < b.tokens[s]);
    bounds[static_cast<std::size_t>(v.result)] = {b.x[k].data(), nullptr, b.samples, v.shape.size(), mask, true};
  }
  tt::derive_masks(r);

  std::vector<numbers> dy;
  std::vector<tt::bound<double>> seeds;
  for (std::size_t w = 0; w < wanted_.size(); ++w) {
    const tt::graph_value& v = g.values[wanted_[w]];
    numbers& d = dy.emplace_back(n * static_cast<std::size_t>(v.shape.size()));
    for (std::size_t i = 0; i < d.size(); ++i)
      d[i] = std::cos(1.3 * static_cast<double>(i) + b.seed + 0.7 * static_cast<double>(w));
    tt::detail::clear_invalid(tt::view<double>{d.data(), b.samples, v.shape.size(), &v.shape, r.mask(v.mask)});
  }
  for (std::size_t w = 0; w < wanted_.size(); ++w)
    seeds.push_back({dy[w].data(), nullptr, b.samples, results_[w].size(), nullptr, true});
  r.seeds = seeds.data();
  tt::run_forward(r, steps_.data());

  outcome out;
  for (const int v : wanted_) {
    if (r.described(r.plan.values[v].lies_in).producer >= 0) tt::detail::clear_invalid(r.value(v));
    const tt::view<const double> of = r.operand(v);
    numbers& to = out.y.emplace_back();
    for (tt::index s = 0; s < of.samples; ++s) to.insert(to.end(), of.sample(s), of.sample(s) + of.size());
  }
  tt::run_backward<double, tt::reference>(r, steps_.data(), {wanted_.data(), static_cast<int>(wanted_.size())});
  for (const int v : inputs_) {
    const tt::view<double> of = r.gradient(v);
    numbers& to = out.dx.emplace_back();
    for (tt::index s = 0; s < of.samples; ++s) to.insert(to.end(), of.sample(s), of.sample(s) + of.size());
  }
  for (int i = 0; i < g.parameters.size(); ++i) {
    const tt::parameter& what = g.parameters[i].what;
    if (what.role == tt::role::buffer) continue;
    numbers& to = out.gradients[tt::parameter_name(g, i).data()];
    to.resize(static_cast<std::size_t>(what.size()));
    tt::read_parameter(what, gradients.data() + g.parameters[i].offset, to.data());
  }
  return out;
}

}  // namespace laws
