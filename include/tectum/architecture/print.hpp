// An architecture as a table, and as a Mermaid or DOT drawing: written piece by piece to any callable that takes a
// const char*. <tectum/print.hpp> makes strings of it.
#pragma once

#include <tectum/architecture/architecture.hpp>

namespace tectum::inline TECTUM_ABI {

namespace detail {

template <class Sink>
struct table_writer {
  Sink& to;

  constexpr void cell(const sentence<512>& s, int width, bool right) {
    sentence<512> padded;
    for (int i = s.length; right && i < width; ++i) padded << " ";
    padded << s.data();
    for (int i = padded.length; !right && i < width; ++i) padded << " ";
    to(padded.data());
  }
  constexpr void line(const sentence<512>* cells) {
    constexpr int widths[] = {18, 18, 28, 12, 14};
    for (int i = 0; i < 5; ++i) {
      cell(cells[i], widths[i], i >= 3);
      to(i < 4 ? "  " : "\n");
    }
  }
};

constexpr sentence<512> shape_text(const shape& s) {
  sentence<512> t;
  append_shape(t, s);
  return t;
}

constexpr long long own_parameters(const graph_view& g, int op) {
  const int group = g.operators[op].group;
  if (group < 0) return 0;
  long long n = 0;
  for (int k = 0; k < g.groups[group].count; ++k) {
    const parameter& p = g.parameters[g.groups[group].parameters + k].what;
    if (p.role != role::buffer) n += p.size();
  }
  return n;
}
constexpr bool shared_before(const graph_view& g, int op) {
  for (int i = 0; i < op; ++i)
    if (g.operators[i].group == g.operators[op].group && g.operators[op].group >= 0) return true;
  return false;
}
constexpr long long own_multiply_adds(const graph_view& g, int op) {
  const graph_operator& o = g.operators[op];
  shape in[most_inputs]{};
  for (int k = 0; k < o.input_count; ++k) in[k] = g.values[g.inputs[o.inputs + k]].shape;
  return o.op->multiply_adds(g.slots + o.slots, {in, o.input_count});
}

template <class Sink>
constexpr void number_line(Sink& to, const char* what, long long n) {
  sentence<64> s;
  s << what << n << "\n";
  to(s.data());
}

// What stands in the box of a value: its name, what made it, its shape.
constexpr sentence<512> box_text(const graph_view& g, int v, const char* line_break) {
  sentence<512> s;
  const graph_value& value = g.values[v];
  if (value.name) s << value.name->characters << line_break;
  s << (value.producer < 0 ? "input" : g.operators[value.producer].op->name) << line_break;
  append_shape(s, value.shape);
  return s;
}

template <class Sink>
constexpr void write_edges(const graph_view& g, Sink& to, const char* arrow, const char* end) {
  for (const graph_operator& o : g.operators)
    for (int r = 0; r < o.op->results; ++r)
      for (int k = 0; k < o.input_count; ++k) {
        sentence<64> s;
        s << "  v" << g.inputs[o.inputs + k] << arrow << "v" << (o.values + r) << end;
        to(s.data());
      }
}

}  // namespace detail

// One row an operator: equation, operator, shape of the result, parameters (those shared with a row above in brackets,
// and counted once), multiply-adds of one sample; then the totals.
template <class Sink>
constexpr void write_table(const graph_view& g, Sink&& to) {
  detail::table_writer<Sink> w{to};
  sentence<512> cells[5];
  const char* const heads[] = {"equation", "operator", "result", "parameters", "multiply-adds"};
  for (int i = 0; i < 5; ++i) cells[i] << heads[i];
  w.line(cells);
  long long parameters = 0, products = 0, frozen = 0;
  for (int v = 0; v < g.values.size(); ++v) {
    const graph_value& value = g.values[v];
    if (value.result > 0 && value.producer >= 0) continue;
    sentence<512> row[5];
    row[2] = detail::shape_text(value.shape);
    if (value.producer < 0) {
      if (value.name) row[0] << value.name->characters;
      row[1] << "input";
      w.line(row);
      continue;
    }
    const graph_operator& o = g.operators[value.producer];
    const long long own = detail::own_parameters(g, value.producer), ops = detail::own_multiply_adds(g, value.producer);
    const bool shared = detail::shared_before(g, value.producer);
    if (o.equation) row[0] << o.equation->characters;
    row[1] << o.op->name;
    if (shared) row[3] << "(" << own << ")";
    else if (own > 0) row[3] << own;
    if (ops > 0) row[4] << ops;
    if (o.frozen && own > 0) row[1] << ", frozen";
    w.line(row);
    products += ops;
    if (!shared) parameters += own;
    if (!shared && o.frozen) frozen += own;
  }
  detail::number_line(to, "parameters: ", parameters);
  if (frozen > 0) detail::number_line(to, "  of which frozen: ", frozen);
  detail::number_line(to, "multiply-adds a sample: ", products);
}

// A flow chart in Mermaid, which many Markdown viewers draw.
template <class Sink>
constexpr void write_mermaid(const graph_view& g, Sink&& to) {
  to("flowchart TD\n");
  for (int v = 0; v < g.values.size(); ++v) {
    sentence<512> s;
    const bool is_input = g.values[v].producer < 0;
    s << "  v" << v << (is_input ? "([\"" : "[\"") << detail::box_text(g, v, "<br>").data()
      << (is_input ? "\"])\n" : "\"]\n");
    to(s.data());
  }
  detail::write_edges(g, to, " --> ", "\n");
}

// The same in the DOT language of Graphviz.
template <class Sink>
constexpr void write_dot(const graph_view& g, Sink&& to) {
  to("digraph architecture {\n  node [shape=box];\n");
  for (int v = 0; v < g.values.size(); ++v) {
    sentence<512> s;
    s << "  v" << v << " [label=\"" << detail::box_text(g, v, "\\n").data() << "\"";
    s << (g.values[v].producer < 0 ? ", style=rounded];\n" : "];\n");
    to(s.data());
  }
  detail::write_edges(g, to, " -> ", ";\n");
  to("}\n");
}

}  // namespace tectum
