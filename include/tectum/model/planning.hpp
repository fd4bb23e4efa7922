// How a plan comes about: what is needed, what is folded into what, what shares memory and where it lies. Worked out at
// compile time; not a template.
#pragma once

#include <tectum/model/arena_planner.hpp>
#include <tectum/model/plan.hpp>

namespace tectum::inline TECTUM_ABI {

class planning {
 public:
  constexpr planning(const graph_view& g, const int* wanted, int wanted_count, mode m)
      : graph_(g),
        training_(m != mode::inference),
        of_inputs_(m == mode::backward),
        values(g.values.size()),
        needed_(g.operators.size(), 0),
        uses_(g.values.size(), 0),
        kept_(g.values.size(), 0),
        folded_into_(g.operators.size(), -1),
        folds_(g.operators.size(), -1) {
    for (int i = 0; i < wanted_count; ++i) {
      kept_[wanted[i]] = 1;
      need(wanted[i]);
    }
    if (training_) find_gradients();
    fold_epilogues();
    share_memory();
    order();
    const bool in_parts = may_go_in_parts();
    if (in_parts) find_whole();
    place_all();
    if (in_parts) part = part_of_batch();
    count_bytes();
  }

  const graph_view& graph_;
  const bool training_, of_inputs_;
  growing<plan_value> values;
  growing<plan_step> steps;
  growing<int> clears;
  extents arena{};
  long long ids = 0, mask_bytes = 0;
  int part = 0;

  constexpr plan_view view() const {
    return {{values.begin(), values.size()},
            {steps.begin(), steps.size()},
            {clears.begin(), clears.size()},
            arena,
            ids,
            mask_bytes,
            part};
  }

 private:
  growing<char> needed_;
  growing<int> uses_;
  growing<char> kept_;
  growing<int> folded_into_, folds_;

  constexpr int input(const graph_operator& o, int k) const { return graph_.inputs[o.inputs + k]; }

  constexpr void need(int value) {
    values[value].used = true;
    // Operators stand in the graph in an order in which they can run, so one pass backwards finds what is needed.
    for (int i = graph_.operators.size() - 1; i >= 0; --i) {
      const graph_operator& o = graph_.operators[i];
      bool any = false;
      for (int r = 0; r < o.op->results; ++r) any = any || values[o.values + r].used;
      if (!any || needed_[i]) continue;
      needed_[i] = 1;
      for (int r = 0; r < o.op->results; ++r) values[o.values + r].used = true;
      for (int k = 0; k < o.input_count; ++k) {
        values[input(o, k)].used = true;
        ++uses_[input(o, k)];
      }
    }
  }

  // A value has a gradient if something that is trained lies before it and a wanted loss behind it.
  constexpr void find_gradients() {
    if (of_inputs_)
      for (int v = 0; v < values.size(); ++v)
        values[v].gradient = values[v].used && graph_.values[v].producer < 0 && !graph_.values[v].shape.holds_ids();
    growing<char> behind(values.size(), 0);
    for (int i = 0; i < graph_.operators.size(); ++i) {
      if (!needed_[i]) continue;
      const graph_operator& o = graph_.operators[i];
      bool any = trained(o);
      for (int k = 0; k < o.input_count; ++k) any = any || values[input(o, k)].gradient;
      for (int r = 0; r < o.op->results; ++r) values[o.values + r].gradient = any;
    }
    for (int v = 0; v < values.size(); ++v)
      behind[v] = kept_[v] != 0 && (of_inputs_ || graph_.values[v].shape.kind == kind::scalar);
    for (int i = graph_.operators.size() - 1; i >= 0; --i) {
      if (!needed_[i]) continue;
      const graph_operator& o = graph_.operators[i];
      bool any = false;
      for (int r = 0; r < o.op->results; ++r) any = any || behind[o.values + r];
      if (any)
        for (int k = 0; k < o.input_count; ++k) behind[input(o, k)] = 1;
    }
    for (int v = 0; v < values.size(); ++v) values[v].gradient = values[v].gradient && behind[v];
  }
  constexpr bool trained(const graph_operator& o) const {
    if (o.group < 0 || o.frozen) return false;
    const graph_group& g = graph_.groups[o.group];
    for (int k = 0; k < g.count; ++k)
      if (graph_.parameters[g.parameters + k].what.role != role::buffer) return true;
    return false;
  }

  // An activation behind a product that can apply it costs nothing there.
  constexpr void fold_epilogues() {
    for (int i = 0; i < graph_.operators.size(); ++i) {
      const graph_operator& o = graph_.operators[i];
      if (!needed_[i] || o.op->epilogue < 0 || o.input_count != 1) continue;
      const int v = input(o, 0), before = graph_.values[v].producer;
      if (before < 0 || kept_[v] || uses_[v] != 1) continue;
      const graph_operator& p = graph_.operators[before];
      if (!p.op->takes_epilogue || folds_[before] >= 0) continue;
      if (training_ && values[v].gradient) {
        const bool reads_output = (static_cast<int>(p.op->backward_reads) & static_cast<int>(reads::output)) != 0;
        if (!o.op->output_gradient || reads_output) continue;
      }
      folds_[before] = i;
      folded_into_[i] = before;
    }
  }

  constexpr bool is_view(const graph_operator& o) const {
    if (o.op->view == seen_as::copy || (o.op->view == seen_as::at_inference && training_)) return false;
    if (of_inputs_ && graph_.values[input(o, 0)].producer < 0) return false;  // a step in which its gradient begins
    return graph_.values[o.values].shape.rank <= 1 || !may_be_strided(input(o, 0));
  }
  // Features as the caller has them may have any stride between samples; what has more axes may not.
  constexpr bool may_be_strided(int v) const {
    while (graph_.values[v].shape.rank == 1) {
      if (graph_.values[v].producer < 0) return true;
      const graph_operator& o = graph_.operators[graph_.values[v].producer];
      if (!is_view(o)) return false;
      v = input(o, 0);
    }
    return false;
  }

  constexpr void share_memory() {
    for (int v = 0; v < values.size(); ++v) {
      values[v].lies_in = values[v].gradient_lies_in = v;
      values[v].stride = values[v].gradient_stride = graph_.values[v].shape.size();
    }
    for (int i = 0; i < graph_.operators.size(); ++i) {
      const graph_operator& o = graph_.operators[i];
      if (!needed_[i]) continue;
      if (is_view(o)) {
        plan_value& y = values[o.values];
        const plan_value& x = values[input(o, 0)];
        y.lies_in = x.lies_in;
        y.gradient_lies_in = x.gradient ? x.gradient_lies_in : o.values;
      }
    }
    // The inputs of a concatenation are written where they will lie.
    for (int i = 0; i < graph_.operators.size(); ++i) {
      const graph_operator& o = graph_.operators[i];
      if (!needed_[i] || !o.op->joins_last_axis) continue;
      const shape& joined = graph_.values[o.values].shape;
      if (joined.rank != 1 || values[o.values].lies_in != o.values) continue;
      int column = 0;
      for (int k = 0; k < o.input_count; ++k) {
        const int v = input(o, k);
        const int width = graph_.values[v].shape.size();
        if (may_lie_in(v, o)) {
          values[v].lies_in = o.values;
          values[v].column = column;
          values[v].stride = joined.size();
          if (uses_[v] == 1 && values[o.values].gradient) {
            values[v].gradient_lies_in = o.values;
            values[v].gradient_column = column;
            values[v].gradient_stride = joined.size();
          }
        }
        column += width;
      }
    }
  }
  constexpr bool may_lie_in(int v, const graph_operator& joined) const {
    const graph_value& g = graph_.values[v];
    if (g.shape.rank != 1 || g.shape.holds_ids() || g.mask >= 0 || values[v].lies_in != v) return false;
    int times = 0;
    for (int k = 0; k < joined.input_count; ++k) times += input(joined, k) == v;
    if (times != 1) return false;
    for (int i = 0; i < graph_.operators.size(); ++i)  // seen under another shape elsewhere: must stay contiguous
      if (needed_[i] && is_view(graph_.operators[i]) && input(graph_.operators[i], 0) == v) return false;
    if (g.producer < 0) return false;  // the concatenation copies it from where the caller has it
    const graph_operator* p = &graph_.operators[g.producer];
    if (folded_into_[g.producer] >= 0) p = &graph_.operators[folded_into_[g.producer]];
    return p->op->strided_output && !is_view(*p);
  }

  constexpr void order() {
    for (int i = 0; i < graph_.operators.size(); ++i) {
      const graph_operator& o = graph_.operators[i];
      if (!needed_[i] || is_view(o) || folded_into_[i] >= 0) continue;
      plan_step s{.op = i, .values = o.values, .folded = folds_[i]};
      if (s.folded >= 0) s.values = graph_.operators[s.folded].values;
      for (int r = 0; r < o.op->results; ++r) s.backward = s.backward || (training_ && values[s.values + r].gradient);
      steps.add(s);
    }
  }

  // Samples do not influence one another, except in losses and where there is memory for pairs of them. So inference
  // can take a large batch part by part through all steps, and what lies between these stays in the caches.
  constexpr bool may_go_in_parts() const {
    if (training_) return false;
    for (const plan_step& s : steps) {
      const graph_operator& o = graph_.operators[s.op];
      for (int r = 0; r < o.op->results; ++r)
        if (graph_.values[o.values + r].shape.kind == kind::scalar) return false;
      const operands in(graph_, o);
      const slot* options = graph_.slots + o.slots;
      if (o.op->saved(options, in.shapes()).per_pair + o.op->scratch(options, in.shapes()).per_pair > 0) return false;
    }
    return true;
  }
  // What is there before the first part, or wanted behind the last.
  constexpr void find_whole() {
    for (int v = 0; v < values.size(); ++v)
      if (values[v].used && (kept_[v] || graph_.values[v].producer < 0)) values[values[v].lies_in].whole = true;
    for (int v = 0; v < values.size(); ++v) values[v].whole = values[values[v].lies_in].whole;
  }
  // As many samples as half a second cache holds what lies between the steps of, but enough that every weight is used
  // some 40 times when it has been read. All, where those are too many for a part of the third cache.
  constexpr int part_of_batch() const {
    constexpr long long near = 512 << 10, far = 8 << 20, uses = 40, element = 4;
    long long work = 1, weights = 0;
    for (const plan_step& s : steps) {
      const graph_operator& o = graph_.operators[s.op];
      const operands in(graph_, o);
      work += o.op->multiply_adds(graph_.slots + o.slots, in.shapes());
      if (o.group < 0) continue;
      const graph_group& g = graph_.groups[o.group];
      for (int k = 0; k < g.count; ++k) weights += graph_.parameters[g.parameters + k].what.stored_size();
    }
    const long long sample = element * arena.per_sample + 1;
    const long long samples = larger(larger(near / sample, uses * weights / work), 1);
    return samples * sample > far ? 0 : static_cast<int>(samples);
  }
  // The shapes of an operator's inputs.
  struct operands {
    shape in[most_inputs]{};
    int count;
    constexpr operands(const graph_view& g, const graph_operator& o) : count(o.input_count) {
      for (int k = 0; k < count; ++k) in[k] = g.values[g.inputs[o.inputs + k]].shape;
    }
    constexpr range<shape> shapes() const { return {in, count}; }
  };

  // What lives from which moment to which: step i runs at moment i forward and at 2 n - 1 - i backward.
  struct tenant {
    long long fixed = 0, per_sample = 0, per_pair = 0;
    int first = 1 << 30, last = -1;
    place* at = nullptr;
    int next_first = -1, next_last = -1;
    constexpr void lives(int moment) {
      if (moment < first) first = moment;
      if (moment > last) last = moment;
    }
  };

  constexpr void place_all() {
    const int n = steps.size(), count = values.size();
    const int end = training_ ? 2 * n : n;
    growing<tenant> tenants(2 * count + 2 * n);
    for (int v = 0; v < count; ++v) {
      if (!values[v].used) continue;
      tenant& home = tenants[values[v].lies_in];
      if (graph_.values[v].producer < 0) {
        home.lives(0);
        if (values[v].gradient && of_inputs_ && n > 0) {
          tenants[count + v].lives(end);
          if (kept_[v]) tenants[count + v].lives(n);
        }
      }
      if (kept_[v]) home.lives(end);
      if (values[v].whole) {
        home.lives(0);
        home.lives(end);
      }
    }
    for (int i = 0; i < n; ++i) {
      plan_step& s = steps[i];
      const graph_operator& o = graph_.operators[s.op];
      const int back = 2 * n - 1 - i;
      const int reading = static_cast<int>(o.op->backward_reads);
      for (int k = 0; k < o.input_count; ++k) {
        const int v = input(o, k);
        tenant& home = tenants[values[v].lies_in];
        home.lives(i);
        if (s.backward && (reading & static_cast<int>(reads::inputs))) home.lives(back);
        if (s.backward && values[v].gradient) tenants[count + values[v].gradient_lies_in].lives(back);
      }
      for (int r = 0; r < o.op->results; ++r) {
        const int v = s.values + r;
        tenant& home = tenants[values[v].lies_in];
        home.lives(i);
        if (s.backward && ((reading & static_cast<int>(reads::output)) || s.folded >= 0)) home.lives(back);
        if (s.backward && values[v].gradient) tenants[count + values[v].gradient_lies_in].lives(back);
      }
      const operands in(graph_, o);
      const slot* options = graph_.slots + o.slots;
      tenant& saved = tenants[2 * count + i];
      set(saved, o.op->saved(options, in.shapes()), &s.saved);
      saved.lives(i);
      if (s.backward) saved.lives(back);
      tenant& scratch = tenants[2 * count + n + i];
      set(scratch, o.op->scratch(options, in.shapes()), &s.scratch);
      scratch.lives(i);
    }
    for (int v = 0; v < count; ++v) {
      const shape& s = graph_.values[v].shape;
      const bool once = s.kind == kind::scalar;
      const bool of_ids = s.holds_ids();
      const extents size{once ? 16 : 0, once || of_ids ? 0 : s.size(), 0};
      set(tenants[v], size, &values[v].at);
      set(tenants[count + v], size, &values[v].gradient_at);
    }
    // Scratch is wanted by the backward step too: as tenants of their own they would only cost time to plan, so the
    // largest lies behind everything else.
    extents scratch{};
    for (int i = 0; i < n; ++i) {
      const tenant& t = tenants[2 * count + n + i];
      scratch = {larger(scratch.fixed, t.fixed), larger(scratch.per_sample, t.per_sample),
                 larger(scratch.per_pair, t.per_pair)};
    }
    growing<int> first(end + 1, -1), last(end + 1, -1);
    for (int t = 0; t < 2 * count + n; ++t) {
      tenant& x = tenants[t];
      if (x.last < 0 || x.fixed + x.per_sample + x.per_pair == 0) continue;
      x.next_first = first[x.first];
      first[x.first] = t;
      x.next_last = last[x.last];
      last[x.last] = t;
    }
    arena_planner fixed, per_sample, per_pair;
    for (int moment = 0; moment <= end; ++moment) {
      for (int t = first[moment]; t >= 0; t = tenants[t].next_first) {
        tenant& x = tenants[t];
        *x.at = {fixed.take(x.fixed), per_sample.take(x.per_sample), per_pair.take(x.per_pair)};
        if (t >= count && t < 2 * count && moment >= n) clear_at(2 * n - 1 - moment, t - count);
      }
      for (int t = last[moment]; t >= 0; t = tenants[t].next_last) {
        const tenant& x = tenants[t];
        fixed.give_back(x.at->fixed, x.fixed);
        per_sample.give_back(x.at->per_sample, x.per_sample);
        per_pair.give_back(x.at->per_pair, x.per_pair);
      }
    }
    for (int v = 0; v < count; ++v) {
      values[v].at = values[values[v].lies_in].at;
      values[v].gradient_at = values[values[v].gradient_lies_in].gradient_at;
    }
    for (plan_step& s : steps) s.scratch = {fixed.end(), per_sample.end(), per_pair.end()};
    arena = {fixed.end() + scratch.fixed, per_sample.end() + scratch.per_sample, per_pair.end() + scratch.per_pair};
  }
  constexpr void set(tenant& t, const extents& size, place* at) const {
    t.fixed = size.fixed;
    t.per_sample = size.per_sample;
    t.per_pair = size.per_pair;
    t.at = at;
  }
  static constexpr long long larger(long long a, long long b) { return a > b ? a : b; }
  constexpr void clear_at(int step, int value) {
    if (steps[step].clear_count == 0) steps[step].clear = clears.size();
    ++steps[step].clear_count;
    clears.add(value);
  }

  constexpr void count_bytes() {
    for (int v = 0; v < values.size(); ++v) {
      if (!values[v].used || !graph_.values[v].shape.holds_ids()) continue;
      values[v].at.per_sample = ids;
      ids += arena_planner::rounded(graph_.values[v].shape.size());
    }
    for (const graph_mask& m : graph_.masks) mask_bytes = m.at + (m.length + 63) / 64 * 64;
  }
};

}  // namespace tectum
