// The half of lowering that knows shapes: adds inputs and operators to a graph, names their parameters, follows masks,
// and keeps the first fault.
#pragma once

#include <tectum/architecture/graph.hpp>
#include <tectum/architecture/growing.hpp>

namespace tectum::inline TECTUM_ABI {

class graph_builder {
 public:
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

 protected:
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

  constexpr int add_input(const shape& s) {
    for (int k = 0; k < s.rank; ++k)
      if (s.extent[k] < 1) {
        keep_shape(s);
        fail({"the extents of an input must be 1 or more"});
        return -1;
      }
    const int value = values.add({.shape = s, .result = bound++});
    if (s.masked())
      values[value].mask = values[value].shape.mask = add_mask({.value = value, .length = s.padded ? s.length() : 1});
    return value;
  }

  // Adds an operator on the values given; its first result, or -1.
  constexpr int add_operator(const operator_table& op, const slot* options, int slots, range<int> given,
                             const place& at) {
    if (op.arity != any_number && op.arity != given.size()) {
      fault_op_ = &op;
      return fail({"this operator was given another number of inputs than it takes:", given.size(), op.arity});
    }
    if (given.size() > most_inputs) return fail({"an operator has at most 16 inputs", given.size()});
    shape in[most_inputs]{};
    graph_operator g{.op = &op,
                     .slots = slots,
                     .inputs = inputs.size(),
                     .input_count = given.size(),
                     .frozen = at.frozen,
                     .equation = at.equation};
    for (int k = 0; k < given.size(); ++k) {
      in[k] = values[given[k]].shape;
      inputs.add(given[k]);
    }
    const range<shape> all{in, given.size()};
    if (!masks_fit(op, options, g, all)) return -1;
    const shapes out = op.infer(options, all);
    for (int k = 0; k < out.count; ++k)
      if (out.items[k].fault) {
        for (const shape& s : all) keep_shape(s);
        return fail(out.items[k].fault);
      }
    // Ids of an input that did not say its vocabulary are checked against that of the operator that looks them up.
    const int limit = op.id_limit(options);
    for (int k = 0; limit > 0 && k < given.size(); ++k) {
      graph_value& v = values[given[k]];
      if (v.producer < 0 && v.shape.holds_ids() && (v.shape.limit == 0 || v.shape.limit > limit)) v.shape.limit = limit;
    }
    g.values = values.size();
    for (int k = 0; k < out.count; ++k) {
      shape s = out.items[k];
      const int mask = s.kind == kind::scalar ? -1 : mask_of_result(op, options, g, all, s);
      if (failed()) return -1;
      s.mask = mask;
      values.add({.shape = s, .producer = operators.size(), .result = k, .mask = mask});
    }
    g.group = group_of(op, options, all, at);
    if (failed()) return -1;
    operators.add(g);
    return g.values;
  }

  constexpr bool masks_fit(const operator_table& op, const slot* options, const graph_operator& g, range<shape> in) {
    const bool separate = op.separate_masks || (op.masks == masking::reads && op.result_mask(options, in).joins());
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
      const bool together = op.masks == masking::reads ? in[k].padded && !separate : true;
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
  constexpr int mask_of_result(const operator_table& op, const slot* options, const graph_operator& g, range<shape> in,
                               shape& s) {
    const bool through = op.masks == masking::samplewise || op.masks == masking::tokenwise;
    if (op.masks == masking::reads && s.padded) {
      const token_mask tokens = op.result_mask(options, in);
      if (tokens.joins()) return joined_mask(g, tokens.from == mask_from::one_each, s.length());
      if (tokens.from == mask_from::part) return part_of_mask(inputs[g.inputs], tokens.begin, s);
    }
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
      if (s.padded ? v.shape.padded && v.shape.length() == s.length()
                   : s.optional && !v.shape.padded && v.shape.optional)
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
  // The masks of an operator's inputs, one behind the other; one mask for all operators that join the same ones.
  constexpr int joined_mask(const graph_operator& g, bool one_each, int length) {
    const auto tokens = [&](int v) { return one_each ? 1 : values[v].shape.length(); };
    for (int m = 0; m < masks.size(); ++m) {
      if (masks[m].joins < 0 || masks[m].one_each != one_each) continue;
      const graph_operator& other = operators[masks[m].joins];
      bool same = other.input_count == g.input_count;
      for (int k = 0; same && k < g.input_count; ++k) {
        const int a = inputs[g.inputs + k], b = inputs[other.inputs + k];
        same = values[a].mask == values[b].mask && tokens(a) == tokens(b);
      }
      if (same) return m;
    }
    return add_mask({.length = length, .joins = operators.size(), .one_each = one_each});
  }
  // The tokens of a value from `begin` on, as many as `s` has. Where all of them come from one value that was joined to
  // others, they have its mask again, and the flags of `s` become its flags.
  constexpr int part_of_mask(int value, int begin, shape& s) {
    const int count = s.length();
    int mask = values[value].mask;
    for (bool further = true; further;) {
      further = false;
      if (masks[mask].part_of >= 0) {
        begin += masks[mask].begin;
        mask = masks[mask].part_of;
        further = true;
      } else if (masks[mask].joins >= 0) {
        const graph_operator& joined = operators[masks[mask].joins];
        int at = 0;
        for (int k = 0; k < joined.input_count && !further; ++k) {
          const graph_value& v = values[inputs[joined.inputs + k]];
          const int tokens = masks[mask].one_each ? 1 : v.shape.length();
          if (begin >= at && begin + count <= at + tokens) {
            s.padded = v.shape.padded;
            s.optional = v.shape.optional;
            if (!s.padded) return v.mask;
            begin -= at;
            mask = v.mask;
            further = true;
          }
          at += tokens;
        }
      }
    }
    if (begin == 0 && count == masks[mask].length) return mask;
    for (int m = 0; m < masks.size(); ++m)
      if (masks[m].part_of == mask && masks[m].begin == begin && masks[m].length == count) return m;
    return add_mask({.length = count, .part_of = mask, .begin = begin});
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
          if (same) {
            groups[g].frozen = groups[g].frozen && at.frozen;
            return g;
          }
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

  constexpr void keep_shape(const shape& s) {
    if (fault_shape_count_ < 4) fault_shapes_[fault_shape_count_++] = s;
  }
  constexpr int fail(const fault& f) {
    if (failed()) return -1;
    fault_ = f;
    if (!fault_equation_) fault_equation_ = current_equation_;
    if (fault_op_) fault_label_ = {fault_op_->name, text_length(fault_op_->name)};
    if (fault_op_ && !fault_name_) fault_name_ = &fault_label_;
    return -1;
  }

  growing<counter> counters_;
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
