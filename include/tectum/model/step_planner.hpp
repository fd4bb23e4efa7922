// Which steps run for what is wanted, what is folded into what and what shares memory. Worked out at compile time; not
// a template.
#pragma once

#include <tectum/architecture/growing.hpp>
#include <tectum/model/plan.hpp>

namespace tectum::inline TECTUM_ABI {

class step_planner {
 public:
  constexpr step_planner(const graph_view& g, const int* wanted, int wanted_count, mode m)
      : graph_(g),
        training_(m != mode::inference),
        of_inputs_(m == mode::backward),
        values(g.values.size()),
        kept_(g.values.size(), 0),
        needed_(g.operators.size(), 0),
        uses_(g.values.size(), 0),
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
  }

  const graph_view& graph_;
  const bool training_, of_inputs_;
  growing<plan_value> values;
  growing<plan_step> steps;

 protected:
  growing<char> kept_;

  constexpr int input(const graph_operator& o, int k) const { return graph_.inputs[o.inputs + k]; }

 private:
  growing<char> needed_;
  growing<int> uses_;
  growing<int> folded_into_, folds_;

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
};

}  // namespace tectum
