// From the text of an architecture to its graph: names resolved, repetitions and embedded architectures written out,
// shapes inferred, parameters named, masks followed. Not a template: errors and compile time stay small.
#pragma once

#include <tectum/architecture/graph.hpp>
#include <tectum/architecture/name.hpp>

namespace tectum::inline TECTUM_ABI {

class lowering {
 public:
  constexpr lowering(range<node> nodes, range<slot> slots, const char* text_mistake)
      : nodes_(nodes), slots_(slots), slot_of_(nodes.size() + 1), value_of_(nodes.size() + 1, -1),
        results_of_(nodes.size() + 1, 1) {
    int s = 0;
    for (int i = 0; i < nodes.size(); ++i) {
      slot_of_[i] = s;
      s += nodes[i].slots;
    }
    if (text_mistake) fail({text_mistake});
    const int frame = collect(0, nodes.size(), nullptr, 0, -1);
    for (int d = 0; d < definitions_.size() && !failed(); ++d)
      if (definitions_[d].frame == frame) value_of_definition(d, false);
    finish(frame);
  }

  growing<graph_value> values;
  growing<graph_operator> operators;
  growing<int> inputs;
  growing<graph_group> groups;
  growing<graph_parameter> parameters;
  growing<graph_scope> scopes;
  growing<graph_mask> masks;
  growing<graph_equation> equations;
  long long parameter_elements = 0;
  int bound = 0;

  constexpr bool failed() const { return fault_.sentence != nullptr; }
  // The one sentence about the first fault.
  constexpr sentence<512> mistake() const {
    sentence<512> s;
    if (!failed()) return s;
    if (fault_equation_) s << "in equation " << fault_equation_->characters << ": ";
    s << fault_.sentence;
    if (fault_name_) s << " " << fault_name_->characters;
    if (fault_.first >= 0) s << " (" << fault_.first;
    if (fault_.second >= 0) s << " and " << fault_.second;
    if (fault_.first >= 0) s << ")";
    if (fault_shape_count_ > 0) s << "; " << (fault_shape_count_ > 1 ? "inputs: " : "input: ");
    for (int i = 0; i < fault_shape_count_; ++i) {
      if (i) s << ", ";
      append_shape(s, fault_shapes_[i]);
    }
    return s;
  }
  constexpr graph_sizes sizes() const {
    return {values.size(),     operators.size(), inputs.size(), bound,           groups.size(),
            parameters.size(), scopes.size(),    masks.size(),  equations.size()};
  }

 private:
  struct definition {
    const label* name;
    int frame, begin, end;  // its nodes
    int names, first_name;  // how many names; where they stand
    bool pipeline;
    int state = 0;  // 0 not yet, 1 being worked out, 2 known
    int value = -1, results = 1;
    int uses = 0, scope = -1;
    bool frozen = false;
  };
  struct place {  // where evaluation is
    int hole = -1, carried = -1, frame = 0, scope = -1;
    const label* equation = nullptr;  // whose text it is
    bool frozen = false, shared = false;
  };
  struct counter {
    int scope;
    const operator_table* op;
    int count;
  };

  // Finds the equations among the nodes; `given` are the values of its inputs when embedded.
  constexpr int collect(int begin, int end, const int* given, int given_count, int scope) {
    const int frame = frames_++;
    int taken = 0;
    for (int i = begin; i < end;) {
      const node& n = nodes_[i];
      if (n.what != does::define) {
        fail({"an architecture is a list of equations: name = ..."});
        return frame;
      }
      definition d{.name = n.name, .frame = frame, .begin = i + n.count, .end = i + 1 + n.body, .names = n.count,
                   .first_name = i, .pipeline = has_hole(i + n.count, i + 1 + n.body)};
      for (int k = 0; k < n.count; ++k)
        for (int other = 0; other < definitions_.size(); ++other)
          if (definitions_[other].frame == frame && names(definitions_[other], nodes_[i + k].name)) {
            fault_equation_ = n.name;
            fail({"this name has two equations"});
          }
      d.scope = scope_named(scope, d.name);
      if (given && nodes_[d.begin].what == does::declare && taken < given_count) {
        const shape want = detail::declared_shape(slots_.items + slot_of_[d.begin]);
        d.state = 2;
        d.value = given[taken++];
        const shape& got = values[d.value].shape;
        if (!got.same_extents(want) || got.kind != want.kind) {
          fault_equation_ = current_equation_;
          fault_name_ = d.name;
          keep_shape(got);
          keep_shape(want);
          fail({"an architecture used as an operator got another shape than it declares for its input"});
        }
      } else if (given && nodes_[d.begin].what == does::declare) {
        fault_equation_ = current_equation_;
        fault_name_ = d.name;
        fail({"an architecture used as an operator was given no value for its input"});
      }
      definitions_.add(d);
      i = d.end;
    }
    if (given && taken < given_count) {
      fault_equation_ = current_equation_;
      fail({"an architecture used as an operator was given more values than it has inputs", given_count, taken});
    }
    return frame;
  }

  constexpr bool names(const definition& d, const label* name) const {
    for (int k = 0; k < d.names; ++k)
      if (nodes_[d.first_name + k].name == name) return true;
    return false;
  }

  constexpr bool has_hole(int begin, int end) const {
    for (int i = begin; i < end; ++i) {
      if (nodes_[i].what == does::here) return true;
      if (nodes_[i].what == does::embed) i += nodes_[i].body;
    }
    return false;
  }

  constexpr int find(int frame, const label* name) const {
    for (int d = 0; d < definitions_.size(); ++d)
      if (definitions_[d].frame == frame && names(definitions_[d], name)) return d;
    return -1;
  }

  constexpr int value_of_definition(int number, bool used) {
    if (failed()) return -1;
    if (used) ++definitions_[number].uses;
    const definition d = definitions_[number];
    if (d.state == 2) return d.value;
    if (d.pipeline) return -1;
    const label* outer = current_equation_;
    current_equation_ = d.name;
    if (d.state == 1) {
      fail({"this equation uses itself"});
      return -1;
    }
    definitions_[number].state = 1;
    int value = -1, results = 1;
    if (nodes_[d.begin].what == does::declare) {
      value = add_input(detail::declared_shape(slots_.items + slot_of_[d.begin]));
      if (failed()) return -1;
    } else {
      value = evaluate(d.begin, d.end, {.frame = d.frame, .scope = d.scope, .equation = d.name, .frozen = d.frozen});
      if (failed()) return -1;
      results = results_of_[d.end - 1];
      if (d.names > 1 && d.names != results) {
        fail({"the number of names is not the number of results", d.names, results});
        return -1;
      }
      if (d.names == 1 && results > 1) {
        fail({"this operator has several results: name them, as in tt::named(a, b) = ...", results});
        return -1;
      }
    }
    definitions_[number].state = 2;
    definitions_[number].value = value;
    definitions_[number].results = results;
    if (d.frame == 0)
      for (int k = 0; k < results; ++k)
        if (!values[value + k].name) values[value + k].name = nodes_[d.first_name + k].name;
    current_equation_ = outer;
    return value;
  }

  constexpr int evaluate(int begin, int end, const place& at) {
    for (int i = begin; i < end && !failed(); ++i) {
      const node& n = nodes_[i];
      int last = i;
      switch (n.what) {
        case does::here:
          value_of_[i] = at.hole;
          break;
        case does::carried:
          value_of_[i] = at.carried;
          break;
        case does::link:
          value_of_[i] = value_of_[operand(i, 0)];
          if (results_of_[operand(i, 0)] > 1) several_results();
          break;
        case does::apply:
          apply(i, at);
          continue;
        case does::refer:
          refer(i, at);
          break;
        case does::call:
          call(i, at);
          break;
        case does::repeat:
          last = i + n.body;
          repeat(i, at);
          break;
        case does::freeze: {
          last = i + n.body;
          place inside = at;
          inside.frozen = true;
          value_of_[last] = evaluate(i + 1, last + 1, inside);
          i = last;
          continue;
        }
        case does::embed:
          last = i + n.body;
          embed(i, at);
          break;
        default:
          fail({"an input or an equation stands where a value is expected"});
      }
      i = last;
      results_of_[i] = 1;
    }
    return failed() ? -1 : value_of_[end - 1];
  }

  constexpr int operand(int i, int k) const {
    const node& n = nodes_[i];
    return i - static_cast<int>(slots_[slot_of_[i] + n.slots - n.count + k]);
  }

  constexpr void refer(int i, const place& at) {
    const int d = find(at.frame, nodes_[i].name);
    if (d < 0) {
      fault_name_ = nodes_[i].name;
      return fail({"there is no equation for"});
    }
    int value = value_of_definition(d, true);
    if (failed()) return;
    if (definitions_[d].pipeline) {
      fault_name_ = nodes_[i].name;
      return fail({"a pipeline stands where a value is expected:"});
    }
    for (int k = 0; k < definitions_[d].names; ++k)
      if (nodes_[definitions_[d].first_name + k].name == nodes_[i].name) value += k;
    value_of_[i] = value;
  }

  constexpr void call(int i, const place& at) {
    const int d = find(at.frame, nodes_[i].name);
    fault_name_ = nodes_[i].name;
    if (d < 0) return fail({"there is no equation for"});
    if (!definitions_[d].pipeline) return fail({"the right side of | is a value, not a pipeline:"});
    if (definitions_[d].state == 1) return fail({"this pipeline uses itself:"});
    fault_name_ = nullptr;
    ++definitions_[d].uses;
    const definition def = definitions_[d];
    forget_counters(def.scope);
    definitions_[d].state = 1;
    const int value = evaluate(def.begin, def.end,
                               {.hole = value_of_[operand(i, 0)], .frame = def.frame, .scope = def.scope,
                                .equation = def.name, .frozen = at.frozen, .shared = true});
    definitions_[d].state = 0;
    value_of_[i] = value;
  }

  constexpr void repeat(int i, const place& at) {
    const node& n = nodes_[i];
    const int last = i + n.body;
    place inside = at;
    inside.carried = value_of_[i - static_cast<int>(slots_[slot_of_[i]])];
    const shape before = inside.carried >= 0 ? values[inside.carried].shape : shape{};
    for (int k = 0; k < n.count && !failed(); ++k) {
      inside.scope = scope_numbered(at.scope, k);
      const int value = evaluate(i + 1, last + 1, inside);
      if (failed()) return;
      if (!values[value].shape.same_extents(before)) {
        keep_shape(before);
        keep_shape(values[value].shape);
        return fail({"repeat: what comes out must have the shape of what goes in"});
      }
      inside.carried = value;
    }
    value_of_[last] = inside.carried;
  }

  constexpr void embed(int i, const place& at) {
    const node& n = nodes_[i];
    growing<int> given;
    for (int k = 0; k < n.count; ++k) given.add(value_of_[operand(i, k)]);
    const int first = definitions_.size();
    const int frame = collect(i + 1, i + 1 + n.body, given.begin(), n.count, at.scope);
    for (int d = first; d < definitions_.size(); ++d) definitions_[d].frozen = at.frozen;
    const label* outer = current_equation_;
    for (int d = first; d < definitions_.size() && !failed(); ++d)
      if (definitions_[d].frame == frame) value_of_definition(d, false);
    if (failed()) return;
    current_equation_ = outer;
    int value = -1;
    for (int d = first; d < definitions_.size(); ++d)
      if (definitions_[d].frame == frame && !definitions_[d].pipeline && definitions_[d].uses == 0) {
        if (value >= 0) return fail({"an architecture used as an operator must have one result"});
        value = definitions_[d].value;
      }
    value_of_[i + n.body] = value;
  }

  constexpr int add_input(const shape& s) {
    for (int k = 0; k < s.rank; ++k)
      if (s.extent[k] < 1) {
        keep_shape(s);
        fail({"the extents of an input must be 1 or more"});
        return -1;
      }
    const int value = values.add({.shape = s, .result = bound++});
    if (s.masked()) values[value].mask = add_mask({.value = value, .length = s.padded ? s.length() : 1});
    return value;
  }

  constexpr void apply(int i, const place& at) {
    const node& n = nodes_[i];
    const operator_table& op = *n.op;
    if (op.arity != any_number && op.arity != n.count) {
      fault_op_ = n.op;
      return fail({"this operator was given another number of inputs than it takes:", n.count, op.arity});
    }
    if (n.count > most_inputs) return fail({"an operator has at most 16 inputs", n.count});
    shape in[most_inputs]{};
    graph_operator g{.op = &op, .slots = slot_of_[i], .inputs = inputs.size(), .input_count = n.count,
                     .frozen = at.frozen, .equation = at.equation};
    for (int k = 0; k < n.count; ++k) {
      const int from = operand(i, k), value = value_of_[from];
      if (value < 0) return fail({"tt::here stands outside of a pipeline"});
      if (results_of_[from] > 1) return several_results();
      in[k] = values[value].shape;
      inputs.add(value);
    }
    const range<shape> all{in, n.count};
    const slot* options = slots_.items + slot_of_[i];
    if (!masks_fit(op, g, all)) return;
    shapes out = op.infer(options, all);
    for (int k = 0; k < out.count; ++k)
      if (out.items[k].fault) {
        for (int j = 0; j < n.count; ++j) keep_shape(in[j]);
        return fail(out.items[k].fault);
      }
    g.values = values.size();
    for (int k = 0; k < out.count; ++k) {
      shape s = out.items[k];
      int mask = -1;
      if (s.kind != kind::scalar) mask = mask_of_result(op, g, s);
      if (failed()) return;
      values.add({.shape = s, .producer = operators.size(), .result = k, .mask = mask});
    }
    g.group = group_of(op, options, all, at);
    if (failed()) return;
    operators.add(g);
    value_of_[i] = g.values;
    results_of_[i] = out.count;
  }

  constexpr bool masks_fit(const operator_table& op, const graph_operator& g, range<shape> in) {
    int seen = -1;
    for (int k = 0; k < in.size(); ++k) {
      if (!in[k].masked()) continue;
      const bool dropped = op.masks == masking::refuses || (op.masks == masking::samplewise && in[k].padded);
      if (dropped) {
        fault_op_ = &op;
        keep_shape(in[k]);
        fail({in[k].padded ? "this operator would drop the padding mask of its input:"
                           : "this operator would drop the presence mask of its input:"});
        return false;
      }
      const int mask = values[inputs[g.inputs + k]].mask;
      const bool together = op.masks == masking::reads ? in[k].padded && !op.separate_masks : true;
      if (!together) continue;
      if (seen >= 0 && mask != seen) {
        fault_op_ = &op;
        fail({"two inputs with different masks meet in"});
        return false;
      }
      seen = mask;
    }
    return true;
  }

  // Which mask goes with a result; also sets the flags of `s` where masks go through.
  constexpr int mask_of_result(const operator_table& op, const graph_operator& g, shape& s) {
    const bool through = op.masks == masking::samplewise || op.masks == masking::tokenwise;
    for (int k = 0; k < g.input_count; ++k) {
      const graph_value& v = values[inputs[g.inputs + k]];
      if (v.mask < 0) continue;
      if (through) {
        s.padded = v.shape.padded;
        s.optional = v.shape.optional;
        if (s.padded && s.length() != v.shape.length()) {
          fail({"a tokenwise operator changed the number of tokens", s.length(), v.shape.length()});
          return -1;
        }
        return v.mask;
      }
      if (s.padded ? v.shape.padded && v.shape.length() == s.length() : s.optional && !v.shape.padded && v.shape.optional)
        return v.mask;
      if (!s.padded && s.optional && v.shape.padded && v.shape.optional) return any_token_of(v.mask);
    }
    if (s.masked()) fail({"an operator's result claims a mask that none of its inputs has"});
    return -1;
  }

  constexpr int any_token_of(int mask) {
    for (int m = 0; m < masks.size(); ++m)
      if (masks[m].any_of == mask) return m;
    return add_mask({.any_of = mask});
  }
  constexpr int add_mask(graph_mask m) {
    if (masks.size() > 0) m.at = masks.back().at + (masks.back().length + 63) / 64 * 64;
    return masks.add(m);
  }

  constexpr int group_of(const operator_table& op, const slot* options, range<shape> in, const place& at) {
    const parameter_list all = op.describe(options, in);
    if (all.count == 0) return -1;
    const int ordinal = count(at.scope, &op);
    if (at.shared)
      for (int g = 0; g < groups.size(); ++g)
        if (groups[g].scope == at.scope && groups[g].op == &op && groups[g].ordinal == ordinal) {
          bool same = groups[g].count == all.count;
          for (int k = 0; same && k < all.count; ++k) {
            const parameter& p = parameters[groups[g].parameters + k].what;
            for (int e = 0; e < 4; ++e) same = same && p.extent[e] == all.items[k].extent[e];
          }
          if (same) return g;
          fault_op_ = &op;
          for (int k = 0; k < in.size(); ++k) keep_shape(in[k]);
          fail({"a shared pipeline is used on inputs of different widths:"});
          return -1;
        }
    const int group = groups.add({at.scope, &op, ordinal, parameters.size(), all.count, at.frozen});
    for (int k = 0; k < all.count; ++k) {
      parameters.add({all.items[k], group, parameter_elements});
      parameter_elements += (all.items[k].stored_size() + 31) / 32 * 32;
    }
    return group;
  }

  constexpr int count(int scope, const operator_table* op) {
    for (counter& c : counters_)
      if (c.scope == scope && c.op == op) return c.count++;
    counters_.add({scope, op, 1});
    return 0;
  }
  constexpr void forget_counters(int root) {
    for (counter& c : counters_)
      for (int s = c.scope; s >= 0; s = scopes[s].parent)
        if (s == root) c.count = 0;
  }

  constexpr int scope_named(int parent, const label* name) {
    for (int s = 0; s < scopes.size(); ++s)
      if (scopes[s].parent == parent && scopes[s].name == name && scopes[s].number < 0) return s;
    return scopes.add({parent, name, -1});
  }
  constexpr int scope_numbered(int parent, int number) {
    for (int s = 0; s < scopes.size(); ++s)
      if (scopes[s].parent == parent && !scopes[s].name && scopes[s].number == number) return s;
    return scopes.add({parent, nullptr, number});
  }

  // The outermost equations, and which of them nothing else uses.
  constexpr void finish(int frame) {
    if (failed()) return;
    for (int d = 0; d < definitions_.size(); ++d) {
      const definition& def = definitions_[d];
      if (def.frame != frame) continue;
      for (int k = 0; k < def.names; ++k)
        equations.add({nodes_[def.first_name + k].name, def.pipeline ? -1 : def.value + k,
                       !def.pipeline && def.uses == 0 && nodes_[def.begin].what != does::declare});
    }
  }

  constexpr void several_results() {
    fail({"an operator of several results is used as if it had one; name them, as in tt::named(a, b) = ..."});
  }
  constexpr void keep_shape(const shape& s) {
    if (fault_shape_count_ < 4) fault_shapes_[fault_shape_count_++] = s;
  }
  constexpr void fail(const fault& f) {
    if (failed()) return;
    fault_ = f;
    if (!fault_equation_) fault_equation_ = current_equation_;
    if (fault_op_) fault_label_ = {fault_op_->name, text_length(fault_op_->name)};
    if (fault_op_ && !fault_name_) fault_name_ = &fault_label_;
  }

  range<node> nodes_;
  range<slot> slots_;
  growing<int> slot_of_, value_of_, results_of_;
  growing<definition> definitions_;
  growing<counter> counters_;
  int frames_ = 0;
  const label* current_equation_ = nullptr;

  fault fault_{};
  const label* fault_equation_ = nullptr;
  const label* fault_name_ = nullptr;
  const operator_table* fault_op_ = nullptr;
  label fault_label_{};
  shape fault_shapes_[4]{};
  int fault_shape_count_ = 0;
};

}  // namespace tectum
