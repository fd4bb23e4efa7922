// From the text of an architecture to its graph: names resolved, repetitions and embedded architectures written out,
// shapes inferred, parameters named, masks followed. Not a template: errors and compile time stay small.
#pragma once

#include <tectum/architecture/graph_builder.hpp>
#include <tectum/architecture/name.hpp>

namespace tectum::inline TECTUM_ABI {

class lowering : public graph_builder {
 public:
  constexpr lowering(range<node> nodes, range<slot> slots, const char* text_mistake)
      : nodes_(nodes),
        slots_(slots),
        slot_of_(nodes.size() + 1),
        value_of_(nodes.size() + 1, -1),
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
      definition d{.name = n.name,
                   .frame = frame,
                   .begin = i + n.count,
                   .end = i + 1 + n.body,
                   .names = n.count,
                   .first_name = i,
                   .pipeline = has_hole(i + n.count, i + 1 + n.body)};
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
        case does::here: value_of_[i] = at.hole; break;
        case does::carried: value_of_[i] = at.carried; break;
        case does::link:
          value_of_[i] = value_of_[operand(i, 0)];
          if (results_of_[operand(i, 0)] > 1) several_results();
          break;
        case does::apply: apply(i, at); continue;
        case does::refer: refer(i, at); break;
        case does::call: call(i, at); break;
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
        default: fail({"an input or an equation stands where a value is expected"});
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
      return stop({"there is no equation for"});
    }
    int value = value_of_definition(d, true);
    if (failed()) return;
    if (definitions_[d].pipeline) {
      fault_name_ = nodes_[i].name;
      return stop({"a pipeline stands where a value is expected:"});
    }
    for (int k = 0; k < definitions_[d].names; ++k)
      if (nodes_[definitions_[d].first_name + k].name == nodes_[i].name) value += k;
    value_of_[i] = value;
  }

  constexpr void call(int i, const place& at) {
    const int d = find(at.frame, nodes_[i].name);
    fault_name_ = nodes_[i].name;
    if (d < 0) return stop({"there is no equation for"});
    if (!definitions_[d].pipeline) return stop({"the right side of | is a value, not a pipeline:"});
    if (definitions_[d].state == 1) return stop({"this pipeline uses itself:"});
    fault_name_ = nullptr;
    ++definitions_[d].uses;
    const definition def = definitions_[d];
    forget_counters(def.scope);
    definitions_[d].state = 1;
    const int value = evaluate(def.begin, def.end,
                               {.hole = value_of_[operand(i, 0)],
                                .frame = def.frame,
                                .scope = def.scope,
                                .equation = def.name,
                                .frozen = at.frozen,
                                .shared = true});
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
        return stop({"repeat: what comes out must have the shape of what goes in"});
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
        if (value >= 0) return stop({"an architecture used as an operator must have one result"});
        value = definitions_[d].value;
      }
    value_of_[i + n.body] = value;
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

  constexpr void apply(int i, const place& at) {
    const node& n = nodes_[i];
    int given[most_inputs]{};
    for (int k = 0; k < n.count; ++k) {
      const int from = operand(i, k);
      if (value_of_[from] < 0) {
        fail({"tt::here stands outside of a pipeline"});
        return;
      }
      if (results_of_[from] > 1) return several_results();
      if (k < most_inputs) given[k] = value_of_[from];
    }
    value_of_[i] = add_operator(*n.op, slots_.items + slot_of_[i], slot_of_[i], {given, n.count}, at);
    results_of_[i] = n.op->results;
  }

  constexpr void stop(const fault& f) { fail(f); }
  constexpr void several_results() {
    fail({"an operator of several results is used as if it had one; name them, as in tt::named(a, b) = ..."});
  }
  range<node> nodes_;
  range<slot> slots_;
  growing<int> slot_of_, value_of_, results_of_;
  growing<definition> definitions_;
  int frames_ = 0;
};

}  // namespace tectum
