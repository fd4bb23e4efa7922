// The sum of any number of values, each with a learned weight.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y = w1 x1 + w2 x2 + ..., element by element, with a learned weight for each input; an absent modality is left out,
// and where all are absent y is 0.
//   softmax (false): of the learned numbers, over the modalities that are present: weights are positive, their sum
//   is 1.
//   [...], [...], ... -> [...]: values of one shape, padded sequences with one mask
struct weighted_sum {
  bool softmax = false;

  static constexpr const char* name = "weighted_sum";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::inputs;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    return detail::elementwise_shape(x, "weighted_sum: ids are not numbers to compute with; put an embedding before it",
                                     "weighted_sum: all inputs must have the same shape",
                                     "weighted_sum: either all sequences are padded or none is");
  }
  // One for each input; at first all 1, or of equal share.
  constexpr auto parameters(range<shape> x) const {
    return parameter_list(
        vector_of("weights", x.size(), role::scale).initialised(softmax ? initial::zeros : initial::ones));
  }
  constexpr long long multiply_adds(range<shape> x) const {
    return static_cast<long long>(x.size()) * (x.size() > 0 ? x[0].size() : 0);
  }

  template <class C>
  void forward(C& c, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    detail::each_part(xs, y.samples, [&](auto part, auto valid) {
      const matrix<T> to = part(y);
      const weights<C> w(*this, c, xs.size(), valid);
      C::kernels::fill(to, T(0));
      for (int k = 0; k < xs.size(); ++k)
        if (valid(k)) C::kernels::scale_add(w.of[k], part(xs[k]), to);
    });
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const index token = dy.size() / dy.length();
    detail::each_part(xs, dy.samples, [&](auto part, auto valid) {
      const matrix<const T> d = part(dy);
      const weights<C> w(*this, c, xs.size(), valid);
      T slope[most_inputs]{}, mean{};
      for (int k = 0; k < xs.size(); ++k) {
        if (!valid(k)) continue;
        if (dxs[k]) C::kernels::scale_add(w.of[k], d, part(dxs[k]));
        if (!c.gradients) continue;
        const matrix<const T> x = part(xs[k]);
        for (index r = 0; r < d.rows; ++r)  // token by token: the same bits with a mask and without
          for (index i = 0; i < d.columns; i += token) slope[k] += C::kernels::dot(token, d.row(r) + i, x.row(r) + i);
        mean += w.of[k] * slope[k];
      }
      for (int k = 0; c.gradients && k < xs.size(); ++k)
        if (valid(k)) c.gradient(0)[k] += softmax ? w.of[k] * (slope[k] - mean) : slope[k];
    });
  }

 private:
  // The weights of those that are there.
  template <class C>
  struct weights {
    using T = typename C::scalar;
    T of[most_inputs]{};
    template <class Valid>
    weights(const weighted_sum& op, C& c, int n, const Valid& valid) noexcept {
      std::uint8_t there[most_inputs]{};
      for (int k = 0; k < n; ++k) {
        there[k] = valid(k) ? 1 : 0;
        of[k] = c.values(0)[k];
      }
      if (op.softmax) C::kernels::softmax(n, of, there, of);
    }
  };
};

}  // namespace tectum
