// What all forms of attention share: projections, heads, the output layer, and their gradients.
#pragma once

#include <tectum/kernels/strided.hpp>
#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// Inputs is how many values queries, keys and values come from: 1 all from one, 2 keys and values from the second, 3
// each from its own. Projections of one value lie side by side, and where whole panels allow it they are one product.
template <int Inputs>
struct attention_core {
  int heads;
  bool causal, bias;
  int width;

  static constexpr int group_of(int projection) { return projection < Inputs - 1 ? projection : Inputs - 1; }
  static constexpr int members(int group) { return group == Inputs - 1 ? 4 - Inputs : 1; }
  static constexpr const auto& keys_of(const auto* x) { return x[group_of(1)]; }

  constexpr int model_width(const shape* x) const { return width > 0 ? width : x[0].width(); }

  constexpr shape infer(const shape* x) const {
    for (int k = 0; k < Inputs; ++k)
      if (x[k].holds_ids()) return wrong("attention: ids are not numbers to compute with; put an embedding before it");
    if (x[0].kind != kind::sequence && (Inputs == 1 || x[0].kind != kind::features))
      return wrong("attention: the queries must be a sequence, or one vector that looks at another sequence");
    for (int k = 1; k < Inputs; ++k)
      if (x[k].kind != kind::sequence) return wrong("attention: keys and values must be sequences");
    if (Inputs == 3 && x[1].length() != x[Inputs - 1].length())
      return wrong("attention: there must be one value a key", x[1].length(), x[Inputs - 1].length());
    if (heads < 1) return wrong("attention: heads must be 1 or more", heads);
    if (model_width(x) % heads != 0) return wrong("attention: heads must divide the width", heads, model_width(x));
    return x[0].with_width(model_width(x));
  }

  // Initial values as PyTorch has them where the three widths differ.
  constexpr parameter_list parameters(const shape* x) const {
    const char* const weights[] = {"q_weight", "k_weight", "v_weight"};
    const char* const biases[] = {"q_bias", "k_bias", "v_bias"};
    const int d = model_width(x);
    parameter_list all;
    for (int p = 0; p < 3; ++p)
      all.add(weight_matrix(weights[p], d, x[group_of(p)].width()).initialised(initial::xavier_uniform));
    for (int p = 0; bias && p < 3; ++p) all.add(vector_of(biases[p], d));
    return all.add(weight_matrix("out_weight", d, d)).add_if(bias, vector_of("out_bias", d));
  }
  // Queries, keys and values as projected, the heads' results, and the probabilities.
  constexpr extents saved(const shape* x) const {
    const long long queries = x[0].length(), keys = keys_of(x).length(), d = model_width(x);
    return {.per_sample = 2 * (queries + keys) * d + heads * queries * keys};
  }
  // An input selected; gradients of the result, the heads' results and the projections; the keys' validity.
  constexpr extents scratch(const shape* x) const {
    const long long queries = x[0].length(), keys = keys_of(x).length(), d = model_width(x);
    const long long panel = transposed_panel_size(3 * d, d), gradient = attention_gradient_scratch_size(queries, keys);
    return {.fixed = (panel > gradient ? panel : gradient) + keys,
            .per_sample = widest_selected(x) + (3 * queries + 2 * keys) * d};
  }
  constexpr long long multiply_adds(const shape* x) const {
    const long long queries = x[0].length(), keys = keys_of(x).length(), d = model_width(x);
    long long n = queries * d * d + 2 * queries * keys * d;
    for (int p = 0; p < 3; ++p) n += (p == 0 ? queries : keys) * d * x[group_of(p)].width();
    return n;
  }

  template <class C>
  void forward(C& c, const in<C>* x, in<C> added, out<C> y) const noexcept {
    using T = typename C::scalar;
    const places<C> at(*this, c, x, y.width());
    for (int g = 0; g < Inputs; ++g) {
      const matrix<const T> rows = selected_rows<typename C::kernels>(x[g], c.scratch());
      const int wide = at.together ? members(g) : 1;
      for (int p = g; p < g + members(g); p += wide)
        C::kernels::product(rows, widened(c.weight(p), wide), {bias ? c.values(3 + p) : nullptr, activation::identity},
                            at.projected(c.saved(), p, wide));
    }
    for (index b = 0; b < at.samples; ++b)
      C::kernels::attention(geometry(at, added, b), at.of_sample(at.projected(c.saved(), 0), b),
                            at.of_sample(at.projected(c.saved(), 1), b), at.of_sample(at.projected(c.saved(), 2), b),
                            valid_keys(c, at, x, b), at.of_sample(at.heads_result(), b), at.probabilities(b));
    C::kernels::product(at.heads_result(), c.weight(out_weight()), {bias ? c.values(7) : nullptr, activation::identity},
                        y.as_rows());
    if (some_may_see_nothing(x, added))
      for (index b = 0; b < at.samples; ++b)
        for (index i = 0; i < at.queries; ++i)
          if (sees_nothing(at, b, i)) C::kernels::fill(tokens_of(y, b * at.queries + i, 1), T(0));
  }

  template <class C>
  void backward(C& c, const in<C>* x, in<C> added, in<C> dy, const out<C>* dx, out<C> dadded) const noexcept {
    using T = typename C::scalar;
    const places<C> at(*this, c, x, dy.width());
    T* const gradients = c.scratch() + widest_selected(at.shapes) * at.samples;  // of the projections
    const matrix<T> d_heads{gradients + (at.queries + 2 * at.keys) * at.width * at.samples, at.samples * at.queries,
                            at.width, at.width};
    const matrix<const T> d = gradient_that_counts<C>(at, x, added, dy, d_heads.data + d_heads.rows * at.width);
    if (c.gradients) {
      C::kernels::product_weight_gradient(d, at.heads_result(), c.weight_gradient(out_weight()));
      if (bias) C::kernels::add_column_sums(d, c.gradient(7));
    }
    C::kernels::fill(matrix<T>{gradients, 1, d_heads.data - gradients + d_heads.rows * at.width, 0}, T(0));
    C::kernels::product_input_gradient(d, c.weight(out_weight()), d_heads, c.scratch_fixed());
    for (index b = 0; b < at.samples; ++b)
      C::kernels::attention_gradient(
          geometry(at, added, b), at.of_sample(at.projected(c.saved(), 0), b),
          at.of_sample(at.projected(c.saved(), 1), b), at.of_sample(at.projected(c.saved(), 2), b),
          valid_keys(c, at, x, b), at.probabilities(b), at.of_sample(d_heads, b),
          at.of_sample(at.projected(gradients, 0), b), at.of_sample(at.projected(gradients, 1), b),
          at.of_sample(at.projected(gradients, 2), b), dadded ? dadded.sample(b) : nullptr, c.scratch_fixed());
    for (int g = 0; g < Inputs; ++g) {
      const int wide = at.together ? members(g) : 1;
      const matrix<const T> rows =
          c.gradients ? selected_rows<typename C::kernels>(x[g], c.scratch()) : matrix<const T>{};
      for (int p = g; p < g + members(g); p += wide) {
        const matrix<T> d_projected = at.projected(gradients, p, wide);
        if (c.gradients) {
          C::kernels::product_weight_gradient(d_projected, rows, widened(c.weight_gradient(p), wide));
          if (bias) C::kernels::add_column_sums(d_projected, c.gradient(3 + p));
        }
        if (dx[g])
          C::kernels::product_input_gradient(d_projected, widened(c.weight(p), wide), dx[g].as_rows(),
                                             c.scratch_fixed());
      }
    }
  }

 private:
  constexpr int out_weight() const { return bias ? 6 : 3; }
  static constexpr long long widest_selected(const shape* x) {
    long long most = 0;
    for (int k = 0; k < Inputs; ++k)
      if (selected_size(x[k]) > most) most = selected_size(x[k]);
    return most;
  }
  // Parameters of one group are consecutive: with whole panels they are one weight.
  template <class T>
  static packed<T> widened(packed<T> w, int members) {
    w.out *= members;
    return w;
  }

  // Where things lie in the memory that was asked for.
  template <class C>
  struct places {
    using T = typename C::scalar;
    index samples, queries, keys, width;
    int heads;
    bool together;
    T* behind;  // the projections: results of the heads, then probabilities
    shape shapes[Inputs];

    places(const attention_core& a, C& c, const in<C>* x, index d)
        : samples(x[0].samples),
          queries(x[0].length()),
          keys(keys_of(x).length()),
          width(d),
          heads(a.heads),
          together(d % panel_width == 0),
          behind(c.saved() + (queries + 2 * keys) * d * samples) {
      for (int g = 0; g < Inputs; ++g) shapes[g] = x[g].shape();
    }
    // Projection p, and the `wide` - 1 behind it, of all samples, in a block of memory of all of them.
    matrix<T> projected(T* block, int p, int wide = 1) const {
      const int g = group_of(p);
      const index rows = samples * (p == 0 ? queries : keys), stride = members(g) * width;
      const index before = g == 0 ? 0 : (queries + (g - 1) * keys) * width * samples;
      return {block + before + (p - g) * width, rows, wide * width, stride};
    }
    matrix<T> of_sample(matrix<T> all, index b) const {
      const index rows = samples > 0 ? all.rows / samples : 0;
      return {all.row(b * rows), rows, all.columns, all.stride};
    }
    matrix<T> heads_result() const { return {behind, samples * queries, width, width}; }
    T* probabilities(index b) const { return behind + samples * queries * width + b * heads * queries * keys; }
  };

  template <class P, class T>
  attention_geometry<T> geometry(const P& at, const view<const T>& added, index b) const {
    const index d = at.width / heads;
    return {.heads = heads,
            .queries = at.queries,
            .keys = at.keys,
            .head_width = d,
            .value_width = d,
            .scale = T(1) / math::sqrt(T(d)),
            .causal = causal,
            .bias = added ? added.sample(b) : nullptr,
            .bias_head_stride = added && added.shape().rank == 3 ? at.queries * at.keys : 0};
  }
  // A byte a key of sample b, in scratch; null where every key is valid.
  template <class C, class P>
  static const std::uint8_t* valid_keys(C& c, const P& at, const in<C>* x, index b) {
    const in<C>&k = x[group_of(1)], &v = x[group_of(2)];
    if (!k.mask && !v.mask) return nullptr;
    const index taken =
        larger(transposed_panel_size(3 * at.width, at.width), attention_gradient_scratch_size(at.queries, at.keys));
    std::uint8_t* const bytes = reinterpret_cast<std::uint8_t*>(c.scratch_fixed() + taken);
    for (index j = 0; j < at.keys; ++j) bytes[j] = k.valid(b, j) && v.valid(b, j);
    return bytes;
  }
  static constexpr index larger(long long a, long long b) { return static_cast<index>(a > b ? a : b); }

  template <class T>
  static bool some_may_see_nothing(const view<const T>* x, const view<const T>& added) {
    return x[group_of(1)].mask || x[group_of(2)].mask || added;
  }
  // Whether query i has no weight on any key: what it then gives and gets is zero, the output layer included.
  template <class P>
  static bool sees_nothing(const P& at, index b, index i) {
    for (index h = 0; h < at.heads; ++h) {
      const auto* p = at.probabilities(b) + (h * at.queries + i) * at.keys;
      for (index j = 0; j < at.keys; ++j)
        if (p[j] != 0) return false;
    }
    return true;
  }
  // dy with zeros for queries that are not valid or see nothing: dy itself where there can be none.
  template <class C, class P>
  static matrix<const typename C::scalar> gradient_that_counts(const P& at, const in<C>* x, const in<C>& added,
                                                               const in<C>& dy, typename C::scalar* room) {
    using T = typename C::scalar;
    const bool unseen = some_may_see_nothing(x, added);
    if (!unseen && !x[0].mask) return dy.as_rows();
    const view<T> to{room, dy.samples, dy.size(), dy.of};
    for (index b = 0; b < dy.samples; ++b)
      for (index i = 0; i < at.queries; ++i)
        if (x[0].valid(b, i) && !(unseen && sees_nothing(at, b, i)))
          C::kernels::copy(tokens_of(dy, b * at.queries + i, 1), tokens_of(to, b * at.queries + i, 1));
        else C::kernels::fill(tokens_of(to, b * at.queries + i, 1), T(0));
    return to.as_rows();
  }
};

}  // namespace detail
}  // namespace tectum
