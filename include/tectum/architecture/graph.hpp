// A lowered architecture: values, operators with their inputs, parameters with their names. Plain data.
#pragma once

#include <tectum/architecture/fragment.hpp>

namespace tectum::inline TECTUM_ABI {

struct graph_value {
  tectum::shape shape;
  const label* name = nullptr;  // of an equation of the outermost architecture
  int producer = -1;            // operator, or -1: an input
  int result = 0;               // which of its results; of an input: which input
  int mask = -1;
};

struct graph_operator {
  const operator_table* op = nullptr;
  int slots = 0;  // where its options begin in the text
  int inputs = 0, input_count = 0;
  int values = 0;  // its results are this value and those after it
  int group = -1;  // of parameters
  bool frozen = false;
  const label* equation = nullptr;
};

// Where a parameter's name begins: an equation, a repetition, ...
struct graph_scope {
  int parent = -1;
  const label* name = nullptr;
  int number = -1;
};

// The parameters of one operator; of several, where they are shared.
struct graph_group {
  int scope = -1;
  const operator_table* op = nullptr;
  int ordinal = 0;  // among the operators of this kind in the scope
  int parameters = 0, count = 0;
  bool frozen = false;
};

struct graph_parameter {
  tectum::parameter what;
  int group = 0;
  long long offset = 0;  // in the model's flat array, in elements
};

// The validity bytes of an input, or what is made of them at the beginning of a call.
struct graph_mask {
  int value = -1;   // the input that brings it
  int length = 1;   // bytes a sample
  int any_of = -1;  // or: 1 where the sample has any valid token of this mask
  int at = 0;       // where its bytes begin, a sample
  int joins = -1;   // or: the masks of this operator's inputs, one behind the other, a token each where `one_each`
  bool one_each = false;
  int part_of = -1, begin = 0;  // or: a part of this mask

  constexpr bool is_derived() const { return value < 0; }
};

struct graph_sizes {
  int values = 0, operators = 0, inputs = 0, bound = 0, groups = 0, parameters = 0, scopes = 0, masks = 0,
      equations = 0;
};

struct graph_equation {
  const label* name = nullptr;
  int value = -1;       // -1: a named pipeline
  bool output = false;  // nothing else uses it
};

// Every part of a graph as a range; what all passes work on.
struct graph_view {
  range<graph_value> values;
  range<graph_operator> operators;
  range<int> inputs;
  range<graph_group> groups;
  range<graph_parameter> parameters;
  range<graph_scope> scopes;
  range<graph_mask> masks;
  range<graph_equation> equations;
  const slot* slots = nullptr;
  long long parameter_elements = 0;
  int bound = 0;  // inputs that a caller binds
};

template <graph_sizes Sizes>
struct graph {
  static constexpr graph_sizes sizes = Sizes;
  graph_value values[Sizes.values + 1]{};
  graph_operator operators[Sizes.operators + 1]{};
  int inputs[Sizes.inputs + 1]{};
  graph_group groups[Sizes.groups + 1]{};
  graph_parameter parameters[Sizes.parameters + 1]{};
  graph_scope scopes[Sizes.scopes + 1]{};
  graph_mask masks[Sizes.masks + 1]{};
  graph_equation equations[Sizes.equations + 1]{};
  long long parameter_elements = 0;

  constexpr graph_view view(const slot* slots) const {
    return {{values, Sizes.values},
            {operators, Sizes.operators},
            {inputs, Sizes.inputs},
            {groups, Sizes.groups},
            {parameters, Sizes.parameters},
            {scopes, Sizes.scopes},
            {masks, Sizes.masks},
            {equations, Sizes.equations},
            slots,
            parameter_elements,
            Sizes.bound};
  }
};

// The full name of a parameter, as "answer.linear_2.weight"; needs room for 256 characters.
template <int Capacity>
constexpr void append_scope(const graph_view& g, int scope, sentence<Capacity>& to) {
  if (scope < 0) return;
  const graph_scope& s = g.scopes[scope];
  append_scope(g, s.parent, to);
  if (s.name) to << s.name->characters;
  else to << s.number;
  to << ".";
}
constexpr sentence<256> parameter_name(const graph_view& g, int number) {
  const graph_parameter& p = g.parameters[number];
  const graph_group& group = g.groups[p.group];
  sentence<256> s;
  append_scope(g, group.scope, s);
  s << group.op->name;
  if (group.ordinal > 0) s << "_" << (group.ordinal + 1);
  s << "." << p.what.name;
  if (p.what.number >= 0) s << "." << p.what.number;
  return s;
}

constexpr void append_shape(auto& to, const shape& s) {
  to << name_of(s.kind);
  if (s.kind == kind::scalar) return;
  if (s.kind == kind::category) {
    to << " of " << s.limit;
    return;
  }
  to << " [";
  for (int i = 0; i < s.rank; ++i) {
    if (i) to << ", ";
    to << s.extent[i];
  }
  to << "]";
  if (s.padded) to << " padded";
  if (s.optional) to << " optional";
}

}  // namespace tectum
