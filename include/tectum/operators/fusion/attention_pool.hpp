// Attention pooling with any fusion of two vectors as the scorer.
#pragma once

#include <tectum/kernels/strided.hpp>
#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y = sum over tokens of softmax(score(token, vector)) token: the scorer, an operator that fuses two vectors into one
// number, weighs each token of a sequence by what it has to do with the vector (as Fukui et al. 2016 do with MCB).
//   scorer: tt::bilinear{1}, tt::mlb{.rank = 64, .features = 1}, tt::low_rank_fusion{...}, or one of your own
//   [length, width], [n] -> [width]; the parameters are the scorer's
// Only valid tokens count; a sample without any gives 0 with gradient 0. An absent vector counts as zeros.
template <class Scorer>
struct attention_pool {
  Scorer scorer;

  static constexpr const char* name = "attention_pool";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x, shape v) const {
    static_assert(
        takes_two && detail::results_of<Scorer>() == 1 && !detail::draws_of<Scorer>(),
        "tectum: the scorer of attention_pool must fuse two vectors into one value and draw no random numbers");
    if (x.kind != kind::sequence) return wrong("attention_pool: the first input must be a sequence");
    if (v.kind != kind::features) return wrong("attention_pool: the second input must be one vector a sample");
    const pair p(x, v);
    const shape score = with(p, [&](const auto&... s) { return scorer.infer(s...); });
    if (score.fault) return score;
    if (score.kind != kind::features || score.width() != 1)
      return wrong("attention_pool: the scorer must give one number a token: set its features to 1", score.width());
    shape y = features_of(x.width());
    y.optional = x.optional;
    return y;
  }
  constexpr parameter_list parameters(shape x, shape v) const {
    if constexpr (requires { &Scorer::parameters; })
      return with(pair(x, v), [&](const auto&... s) { return scorer.parameters(s...); });
    else return {};
  }
  // Scores, their softmax, and what the scorer keeps for each token.
  constexpr extents saved(shape x, shape v) const {
    const extents e = scorer_saved(x, v);
    return {.fixed = e.fixed, .per_sample = x.length() * (2 + e.per_sample)};
  }
  // The vector for each token and its gradient, the scores' gradient and the probabilities', selected tokens, the
  // scorer's.
  constexpr extents scratch(shape x, shape v) const {
    const extents e = scorer_scratch(x, v);
    return {.fixed = e.fixed, .per_sample = x.length() * (2 * v.width() + 2 + e.per_sample) + detail::selected_size(x)};
  }
  constexpr long long multiply_adds(shape x, shape v) const {
    long long n = 2LL * x.width();
    if constexpr (requires { &Scorer::multiply_adds; }) {
      n += with(pair(x, v), [&](const auto&... s) { return scorer.multiply_adds(s...); });
    } else {
      const parameter_list all = parameters(x, v);
      for (int i = 0; i < all.count; ++i)
        if (all.items[i].role == role::weight) n += all.items[i].size();
    }
    return n * x.length();
  }

  template <class C>
  void forward(C& c, in<C> x, in<C> v, out<C> y) const noexcept {
    const parts<C> p(c, x, v);
    C inner = p.inner;
    if constexpr (detail::arity_of<Scorer>() == 2) {
      scorer.forward(inner, p.tokens, p.vectors, p.scores);
    } else {
      const in<C> both[] = {p.tokens, p.vectors};
      scorer.forward(inner, inputs<C>{both, 2}, p.scores);
    }
    const index length = x.length();
    for (index b = 0; b < x.samples; ++b) {
      const matrix<typename C::scalar> weights{p.probabilities + b * length, 1, length, length};
      if (!x.of->padded && !x.present(b)) C::kernels::fill(weights, 0);
      else
        C::kernels::softmax(length, p.scores.sample(b * length), x.of->padded ? x.mask + b * length : nullptr,
                            weights.data);
    }
    C::kernels::batched_product(x.samples, 1, x.width(), length, {p.probabilities, length, 0, 1},
                                {p.tokens.data, length * x.width(), x.width(), 1},
                                strided<typename C::scalar>{y.data, y.stride, 0, 1}, 1, false);
  }
  template <class C>
  void backward(C& c, in<C> x, in<C> v, in<C>, in<C> dy, out<C> dx, out<C> dv) const noexcept {
    using T = typename C::scalar;
    const parts<C> p(c, x, v);
    const index length = x.length(), width = x.width(), rows = x.samples * length;
    T *const d_scores = p.room, *const d_weights = d_scores + rows, *const d_vectors = d_weights + rows;
    C::kernels::fill(matrix<T>{d_scores, 1, rows, rows}, T(0));
    C::kernels::batched_product(x.samples, 1, length, width, {dy.data, dy.stride, 0, 1},
                                {p.tokens.data, length * width, 1, width}, strided<T>{d_weights, length, 0, 1}, 1,
                                false);
    for (index b = 0; b < x.samples; ++b)
      C::kernels::softmax_gradient(length, p.probabilities + b * length, d_weights + b * length, d_scores + b * length);
    if (dx)
      C::kernels::batched_product(x.samples, length, width, 1, {p.probabilities, length, 1, 0},
                                  {dy.data, dy.stride, 0, 1}, strided<T>{dx.data, dx.stride, width, 1}, 1, true);
    const out<C> d_tokens{dx.data, rows, width, &p.shapes.of[0], nullptr};
    const out<C> d_vector{dv ? d_vectors : nullptr, rows, v.width(), &p.shapes.of[1], nullptr};
    if (dv) C::kernels::fill(d_vector.as_rows(), T(0));
    const in<C> dy_scores{d_scores, rows, 1, &p.score, nullptr};
    C inner = p.inner;
    if constexpr (detail::arity_of<Scorer>() == 2) {
      scorer.backward(inner, p.tokens, p.vectors, p.scores, dy_scores, d_tokens, d_vector);
    } else {
      const in<C> both[] = {p.tokens, p.vectors};
      const out<C> d_both[] = {d_tokens, d_vector};
      scorer.backward(inner, inputs<C>{both, 2}, p.scores, dy_scores, outputs<C>{d_both, 2});
    }
    for (index b = 0; dv && b < v.samples; ++b)
      if (v.present(b))
        C::kernels::add_column_sums(matrix<const T>{d_vectors + b * length * v.width(), length, v.width(), v.width()},
                                    dv.sample(b));
  }

 private:
  static constexpr bool takes_two = detail::arity_of<Scorer>() == 2 || detail::arity_of<Scorer>() == any_number;

  // What the scorer sees: each token, and the vector, as samples of their own.
  struct pair {
    shape of[2];
    constexpr pair(const shape& x, const shape& v) : of{features_of(x.width()), features_of(v.width())} {}
  };
  template <class F>
  static constexpr auto with(const pair& p, F f) {
    return detail::with_shapes<detail::arity_of<Scorer>()>(range<shape>{p.of, 2}, f);
  }
  constexpr extents scorer_saved(shape x, shape v) const {
    if constexpr (requires { &Scorer::saved; })
      return with(pair(x, v), [&](const auto&... s) { return scorer.saved(s...); });
    else return {};
  }
  constexpr extents scorer_scratch(shape x, shape v) const {
    if constexpr (requires { &Scorer::scratch; })
      return with(pair(x, v), [&](const auto&... s) { return scorer.scratch(s...); });
    else return {};
  }

  // Tokens and vectors as the scorer's inputs, and its context, over the memory that was asked for.
  template <class C>
  struct parts {
    using T = typename C::scalar;
    pair shapes;
    shape score = features_of(1);
    in<C> tokens, vectors;
    out<C> scores;
    T *probabilities, *room;  // room: for two numbers and a vector a token
    C inner;

    parts(C& c, const in<C>& x, const in<C>& v) : shapes(x.shape(), v.shape()), inner(c) {
      const index length = x.length(), rows = x.samples * length, n = v.width();
      const view<T> repeated{c.scratch(), rows, n, &shapes.of[1], nullptr};
      for (index b = 0; b < v.samples; ++b)
        for (index t = 0; t < length; ++t) {
          const matrix<T> to{repeated.sample(b * length + t), 1, n, n};
          if (v.present(b)) C::kernels::copy(matrix<const T>{v.sample(b), 1, n, n}, to);
          else C::kernels::fill(to, T(0));
        }
      vectors = repeated;
      room = c.scratch() + rows * n;
      T* const selected = room + rows * (n + 2);
      tokens = {detail::selected_rows<typename C::kernels>(x, selected).data, rows, x.width(), &shapes.of[0], nullptr};
      scores = {c.saved(), rows, 1, &score, nullptr};
      probabilities = c.saved() + rows;
      inner.batch = rows;
      inner.act = activation::identity;
      inner.saved_memory = c.saved() + 2 * rows;
      inner.scratch_memory = selected + (x.mask ? x.samples * x.size() : 0);
    }
    parts(const parts&) = delete;  // views point at the shapes
  };
};
template <class Scorer>
attention_pool(Scorer) -> attention_pool<Scorer>;

}  // namespace tectum
