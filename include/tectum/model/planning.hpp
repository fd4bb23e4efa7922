// How a plan comes about: the steps, how the batch is parted and where everything lies. Worked out at compile time; not
// a template.
#pragma once

#include <tectum/model/arena_planner.hpp>
#include <tectum/model/step_planner.hpp>

namespace tectum::inline TECTUM_ABI {

class planning : public step_planner {
 public:
  constexpr planning(const graph_view& g, const int* wanted, int wanted_count, mode m)
      : step_planner(g, wanted, wanted_count, m),
        memory_(steps.size()) {
    find_whole();
    place_all();
    find_parts();
    count_bytes();
  }

  growing<int> clears;
  extents arena{};
  long long whole = 0, ids = 0, mask_bytes = 0;
  batch_parts parts{};

  constexpr plan_view view() const {
    return {{values.begin(), values.size()},
            {steps.begin(), steps.size()},
            {clears.begin(), clears.size()},
            arena,
            whole,
            ids,
            mask_bytes,
            parts};
  }

 private:
  struct asked {
    extents saved, scratch;
  };
  growing<asked> memory_;             // by steps
  long long work_ = 1, weights_ = 0;  // of what goes in parts: multiply-adds a sample, parameters

  // Samples do not influence one another, except in a few operators: between these, the batch goes through the steps
  // part by part. What such an operator reads and writes, what is there before the first part and what is wanted behind
  // the last is of all samples, and shares its memory with nothing.
  constexpr void find_whole() {
    for (int v = 0; v < values.size(); ++v)
      if (values[v].used && (kept_[v] || graph_.values[v].producer < 0)) make_whole(v);
    bool any = false;
    for (int i = 0; i < steps.size(); ++i) {
      plan_step& s = steps[i];
      const graph_operator& o = graph_.operators[s.op];
      growing<shape> shapes(o.input_count);
      for (int k = 0; k < o.input_count; ++k) shapes[k] = graph_.values[input(o, k)].shape;
      const range<shape> in{shapes.begin(), shapes.size()};
      const slot* options = graph_.slots + o.slots;
      memory_[i] = {o.op->saved(options, in), o.op->scratch(options, in)};
      s.whole = takes_all_samples(o, memory_[i]);
      if (!s.whole) {
        add_work(o, o.op->multiply_adds(options, in));
        continue;
      }
      any = true;
      for (int k = 0; k < o.input_count; ++k) make_whole(input(o, k));
      for (int r = 0; r < o.op->results; ++r) make_whole(s.values + r);
    }
    if (any && !training_) find_carried();
    for (plan_value& v : values) {
      v.whole = values[v.lies_in].whole;
      v.gradient_whole = values[v.gradient_lies_in].gradient_whole;
    }
  }
  // At inference the next part takes the memory of the last: what is carried across a step of all samples is whole too.
  constexpr void find_carried() {
    growing<int> born(values.size(), -1);
    const auto see = [&](int v, int stretch) {
      int& first = born[values[v].lies_in];
      if (first < 0) first = stretch;
      else if (first != stretch) make_whole(v);
    };
    int stretch = 0;
    for (const plan_step& s : steps) {
      const graph_operator& o = graph_.operators[s.op];
      if (s.whole) ++stretch;
      for (int k = 0; k < o.input_count; ++k) see(input(o, k), stretch);
      for (int r = 0; r < o.op->results; ++r) see(s.values + r, stretch);
      if (s.whole) ++stretch;
    }
  }
  constexpr void make_whole(int v) {
    values[values[v].lies_in].whole = true;
    values[values[v].gradient_lies_in].gradient_whole = true;
  }
  constexpr void add_work(const graph_operator& o, long long multiply_adds) {
    work_ += multiply_adds;
    if (o.group < 0) return;
    const graph_group& g = graph_.groups[o.group];
    for (int k = 0; k < g.count; ++k) weights_ += graph_.parameters[g.parameters + k].what.stored_size();
  }
  constexpr bool takes_all_samples(const graph_operator& o, const asked& memory) const {
    bool any = o.op->takes_batch || memory.saved.per_pair + memory.scratch.per_pair > 0;
    if (training_) any = any || o.op->mixes_samples || memory.saved.fixed > 0;
    for (int k = 0; k < o.input_count; ++k) any = any || graph_.values[input(o, k)].shape.kind == kind::scalar;
    for (int r = 0; r < o.op->results; ++r) any = any || graph_.values[o.values + r].shape.kind == kind::scalar;
    return any;
  }
  // Near: as many samples as half a second cache holds what lies between the steps of, but enough that every weight is
  // used some 40 times when it has been read (160 with its gradient); all, where those are too many for a part of the
  // third cache. A share is worth some 20 microseconds; where its gradients are added to those of the others, enough
  // that this costs little.
  constexpr void find_parts() {
    constexpr long long near = 512 << 10, far = 8 << 20, uses = 40, element = 4, worth = 1 << 20, most = 1 << 20;
    const long long sample = element * arena.per_sample + 1;
    parts.keeps = training_;
    parts.share = static_cast<int>(within(most, worth / work_, training_ ? larger(16, 80 * weights_ / work_) : 8));
    const long long samples = within(most, near / sample, larger(1, (training_ ? 4 : 1) * uses * weights_ / work_));
    parts.near = samples > far / sample ? 0 : static_cast<int>(samples);
  }
  static constexpr long long within(long long most, long long a, long long b) {
    const long long n = larger(a, b);
    return n < most ? n : most;
  }
  // What lives from which moment to which: step i runs at moment i forward and at 2 n - 1 - i backward.
  struct tenant {
    long long fixed = 0, per_sample = 0, per_pair = 0;
    int first = 1 << 30, last = -1;
    place* at = nullptr;
    bool whole = false;
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
      tenant& saved = tenants[2 * count + i];
      set(saved, memory_[i].saved, &s.saved);
      saved.whole = s.whole;
      saved.lives(i);
      if (s.backward) saved.lives(back);
      tenant& scratch = tenants[2 * count + n + i];
      set(scratch, memory_[i].scratch, &s.scratch);
      scratch.lives(i);
    }
    for (int v = 0; v < count; ++v) {
      const shape& s = graph_.values[v].shape;
      const bool once = s.kind == kind::scalar;
      const bool of_ids = s.holds_ids();
      const extents size{once ? 16 : 0, once || of_ids ? 0 : s.size(), 0};
      set(tenants[v], size, &values[v].at);
      set(tenants[count + v], size, &values[v].gradient_at);
      tenants[v].whole = values[v].whole;
      tenants[count + v].whole = values[v].gradient_whole;
    }
    // Scratch is wanted by the backward step too: as tenants of their own they would only cost time to plan, so the
    // largest lies behind everything else.
    extents scratch{};
    long long whole_scratch = 0;
    for (int i = 0; i < n; ++i) {
      const tenant& t = tenants[2 * count + n + i];
      long long& of_samples = steps[i].whole ? whole_scratch : scratch.per_sample;
      of_samples = larger(of_samples, t.per_sample);
      scratch = {larger(scratch.fixed, t.fixed), scratch.per_sample, larger(scratch.per_pair, t.per_pair)};
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
        *x.at = {fixed.take(x.fixed), x.whole ? whole : per_sample.take(x.per_sample), per_pair.take(x.per_pair)};
        if (x.whole) whole += arena_planner::rounded(x.per_sample);
        if (t >= count && t < 2 * count && moment >= n) clear_at(2 * n - 1 - moment, t - count);
      }
      for (int t = last[moment]; t >= 0; t = tenants[t].next_last) {
        const tenant& x = tenants[t];
        fixed.give_back(x.at->fixed, x.fixed);
        if (!x.whole) per_sample.give_back(x.at->per_sample, x.per_sample);
        per_pair.give_back(x.at->per_pair, x.per_pair);
      }
    }
    for (int v = 0; v < count; ++v) {
      values[v].at = values[values[v].lies_in].at;
      values[v].gradient_at = values[values[v].gradient_lies_in].gradient_at;
    }
    for (plan_step& s : steps) s.scratch = {fixed.end(), s.whole ? whole : per_sample.end(), per_pair.end()};
    whole += arena_planner::rounded(whole_scratch);
    arena = {arena_planner::rounded(fixed.end() + scratch.fixed),
             arena_planner::rounded(per_sample.end() + scratch.per_sample), per_pair.end() + scratch.per_pair};
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
