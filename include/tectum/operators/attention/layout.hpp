// What all forms of attention with linear layers agree on: options, shapes, parameters, and where things lie in memory.
#pragma once

#include <tectum/kernels/strided.hpp>
#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// The options of the operators, in their order.
struct attention_settings {
  int heads;
  bool causal, bias;
  int width;
  bool out_bias;
  int head_width;
  bool bias_kv, zero_attention;
  int ahead;
  bool one_key;

  constexpr int model_width(const shape& queries) const { return width > 0 ? width : queries.width(); }
  // Of all heads together.
  constexpr int inner_width(const shape& queries) const {
    return head_width > 0 ? heads * head_width : model_width(queries);
  }
  // Keys that come of no input. In memory they lie before the others, so that what `causal` leaves is a first part.
  constexpr int extra() const { return (bias_kv ? 1 : 0) + (zero_attention ? 1 : 0); }
  // Numbers of the parameters; those of the queries', keys' and values' layers come first.
  static constexpr int bias_of(int projection) { return 3 + projection; }
  constexpr int out_weight() const { return bias ? 6 : 3; }
  constexpr int out_bias_number() const { return out_weight() + 1; }
  constexpr int key_bias() const { return out_weight() + (out_bias ? 2 : 1); }
  constexpr int value_bias() const { return key_bias() + 1; }
};

// Inputs is how many values queries, keys and values come from: 1 all from one, 2 keys and values from the second, 3
// each from its own. Those of one value make a group: their projections lie side by side.
template <int Inputs>
struct attention_layout {
  attention_settings o;
  bool with_weights = false;  // the probabilities are a result too

  static constexpr int group_of(int projection) { return projection < Inputs - 1 ? projection : Inputs - 1; }
  static constexpr int members(int group) { return group == Inputs - 1 ? 4 - Inputs : 1; }
  // Whether the extra keys lie in a group.
  static constexpr bool holds_keys(int group) { return group > 0 || Inputs == 1; }
  static constexpr const auto& keys_of(const auto* x) { return x[group_of(1)]; }

  constexpr shape infer(const shape* x) const {
    for (int k = 0; k < Inputs; ++k)
      if (x[k].holds_ids()) return wrong("attention: ids are not numbers to compute with; put an embedding before it");
    if (x[0].kind != kind::sequence && (Inputs == 1 || x[0].kind != kind::features))
      return wrong("attention: the queries must be a sequence, or one vector that looks at another sequence");
    for (int k = 1; k < Inputs; ++k)
      if (x[k].kind != kind::sequence) return wrong("attention: keys and values must be sequences");
    if (Inputs == 3 && x[1].length() != x[Inputs - 1].length())
      return wrong("attention: there must be one value a key", x[1].length(), x[Inputs - 1].length());
    if (o.heads < 1) return wrong("attention: heads must be 1 or more", o.heads);
    if (o.width < 0 || o.head_width < 0)
      return wrong("attention: width and head_width must not be negative", o.width, o.head_width);
    if (o.ahead < 0) return wrong("attention: ahead must not be negative", o.ahead);
    if (keys_of(x).length() + o.extra() == 1 && !o.one_key)
      return wrong(
          "attention: with one key every weight is 1, and a linear layer does the same; one_key = true allows it");
    if (o.inner_width(x[0]) % o.heads != 0)
      return wrong("attention: heads must divide the width", o.heads, o.inner_width(x[0]));
    return x[0].with_width(o.model_width(x[0]));
  }

  // Initial values as PyTorch has them where the three widths differ.
  constexpr parameter_list parameters(const shape* x) const {
    const char* const weights[] = {"q_weight", "k_weight", "v_weight"};
    const char* const biases[] = {"q_bias", "k_bias", "v_bias"};
    const int d = o.inner_width(x[0]), width = o.model_width(x[0]);
    parameter_list all;
    for (int p = 0; p < 3; ++p)
      all.add(weight_matrix(weights[p], d, x[group_of(p)].width()).initialised(initial::xavier_uniform));
    for (int p = 0; o.bias && p < 3; ++p) all.add(vector_of(biases[p], d));
    all.add(weight_matrix("out_weight", width, d)).add_if(o.out_bias, vector_of("out_bias", width));
    return all.add_if(o.bias_kv, vector_of("bias_k", d).initialised(initial::xavier_normal))
        .add_if(o.bias_kv, vector_of("bias_v", d).initialised(initial::xavier_normal));
  }

  // Elements of a sample: queries, keys and values as projected; then the heads' results; then the probabilities.
  constexpr long long projected_size(const shape* x) const {
    const long long keys = keys_of(x).length() + o.extra(), queries = Inputs == 1 ? keys : x[0].length();
    return (queries + 2 * keys) * o.inner_width(x[0]);
  }
  constexpr long long probabilities_size(const shape* x) const {
    return 1LL * o.heads * x[0].length() * (keys_of(x).length() + o.extra());
  }
  constexpr extents saved(const shape* x) const {
    return {.per_sample = projected_size(x) + 1LL * x[0].length() * o.inner_width(x[0]) + probabilities_size(x)};
  }
  // For each sample an input selected and gradients of the projections, the heads' results and the result. For one
  // sample at a time: what a kernel asks for, the keys' validity, and added scores with places for the extra keys.
  constexpr extents scratch(const shape* x, const shape* added = nullptr) const {
    const long long keys = keys_of(x).length() + o.extra();
    const long long spread = added && o.extra() > 0 ? 2LL * added->rows() * keys : 0;
    return {.fixed = work_size(x) + keys + spread,
            .per_sample = widest_selected(x) + projected_size(x) +
                          1LL * x[0].length() * (o.inner_width(x[0]) + o.model_width(x[0]))};
  }
  constexpr long long work_size(const shape* x) const {
    const long long d = o.inner_width(x[0]), width = o.model_width(x[0]);
    const long long sizes[] = {transposed_panel_size(3 * d, d), transposed_panel_size(width, d),
                               attention_gradient_scratch_size(x[0].length(), keys_of(x).length() + o.extra()),
                               with_weights ? 2 * probabilities_size(x) : 0};
    long long most = 0;
    for (const long long s : sizes) most = s > most ? s : most;
    return most;
  }
  static constexpr long long widest_selected(const shape* x) {
    long long most = 0;
    for (int k = 0; k < Inputs; ++k)
      if (selected_size(x[k]) > most) most = selected_size(x[k]);
    return most;
  }

  constexpr long long multiply_adds(const shape* x) const {
    const long long queries = x[0].length(), keys = keys_of(x).length(), d = o.inner_width(x[0]);
    long long n = queries * d * o.model_width(x[0]) + 2 * queries * (keys + o.extra()) * d;
    for (int p = 0; p < 3; ++p) n += (p == 0 ? queries : keys) * d * x[group_of(p)].width();
    return n;
  }

  // Where things lie in the memory that was asked for. `keys` counts the extra ones.
  template <class C>
  struct places {
    using T = typename C::scalar;
    index samples, queries, keys, extra, inner, width;
    int heads;
    bool together;  // whole panels: a group is one product
    T* behind;      // the projections
    shape shapes[Inputs];

    places(const attention_settings& o, C& c, const in<C>* x)
        : samples(x[0].samples),
          queries(x[0].length()),
          keys(keys_of(x).length() + o.extra()),
          extra(o.extra()),
          inner(o.inner_width(x[0].shape())),
          width(o.model_width(x[0].shape())),
          heads(o.heads),
          together(inner % panel_width == 0) {
      for (int g = 0; g < Inputs; ++g) shapes[g] = x[g].shape();
      behind = c.saved() + projected_elements();
    }
    index projected_elements() const { return (rows_in(0) + 2 * keys) * inner * samples; }
    index rows_in(int group) const { return holds_keys(group) ? keys : queries; }

    // Projection p, and the `wide` - 1 behind it, of all samples, in a block of memory of all of them.
    matrix<T> projected(T* block, int p, int wide = 1) const {
      const int g = group_of(p);
      const index stride = members(g) * inner, before = g == 0 ? 0 : (queries + (g - 1) * keys) * inner * samples;
      return {block + before + (p - g) * inner, samples * rows_in(g), wide * inner, stride};
    }
    matrix<T> of_sample(const matrix<T>& all, index b) const {
      const index rows = samples > 0 ? all.rows / samples : 0;
      return rows_of(all, b * rows, rows);
    }
    // Queries of a sample; keys and values are all rows.
    matrix<T> projected_queries(T* block, index b) const {
      const matrix<T> all = of_sample(projected(block, 0), b);
      return Inputs == 1 ? rows_of(all, extra, queries) : all;
    }
    // f(first row of the input, rows, first row of the projection) for stretches that cover all rows of a group.
    template <class F>
    void each_stretch(int group, F f) const {
      const index tokens = rows_in(group) - (holds_keys(group) ? extra : 0);
      if (extra == 0 || !holds_keys(group)) f(index{0}, samples * tokens, index{0});
      else
        for (index b = 0; b < samples; ++b) f(b * tokens, tokens, b * keys + extra);
    }
    // Extra key number e, 0 or 1, of all samples, a row each.
    matrix<T> extra_rows(T* block, int p, index e) const {
      const matrix<T> all = projected(block, p);
      return {all.row(e), samples, inner, all.stride * keys};
    }
    matrix<T> heads_result() const { return {behind, samples * queries, inner, inner}; }
    T* probabilities(index b) const { return behind + samples * queries * inner + b * heads * queries * keys; }
    // Whether query i has no weight on any key: what it then gives and gets is zero, the output layer included.
    bool sees_nothing(index b, index i) const {
      for (index h = 0; h < heads; ++h) {
        const T* p = probabilities(b) + (h * queries + i) * keys;
        for (index j = 0; j < keys; ++j)
          if (p[j] != 0) return false;
      }
      return true;
    }
  };
};

}  // namespace detail
}  // namespace tectum
