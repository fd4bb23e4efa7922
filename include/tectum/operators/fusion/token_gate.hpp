// Tokens, each times a number of its own.
#pragma once

#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// y_t = s_t x_t for each token t: what weighs the tokens of a sequence, such as modalities that were stacked, by scores
// that were made of them (Zaheer et al. 2017 pool what comes out).
//   [length, n], [length, 1] -> [length, n]
// The result is masked as x is. A token that is missing in either is zeros, with gradient 0.
struct token_gate {
  static constexpr const char* name = "token_gate";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;

  constexpr shape infer(shape x, shape s) const {
    if (x.kind != kind::sequence || s.kind != kind::sequence) return wrong("token_gate: both inputs must be sequences");
    if (s.width() != 1) return wrong("token_gate: the scores must be one number a token", s.width());
    if (x.length() != s.length())
      return wrong("token_gate: both sequences must have the same length", x.length(), s.length());
    if (x.padded != s.padded) return wrong("token_gate: either both sequences are padded or none is");
    return x;
  }
  constexpr long long multiply_adds(shape x, shape) const { return x.size(); }

  template <class C>
  void forward(C&, in<C> x, in<C> s, out<C> y) const noexcept {
    const index length = x.length();
    for (index b = 0; b < x.samples; ++b)
      for (index t = 0; t < length; ++t) {
        const bool both = x.valid(b, t) && s.valid(b, t);
        const auto gate = both ? s.sample(b)[t] : 0;
        const auto row = detail::rows_of(y.sample_rows(b), t, 1);
        if (!both) C::kernels::fill(row, gate);
        else
          C::kernels::map(
              row, [gate](auto v) { return v * decltype(v)(gate); }, detail::rows_of(x.sample_rows(b), t, 1));
      }
  }
  template <class C>
  void backward(C&, in<C> x, in<C> s, in<C>, in<C> dy, out<C> dx, out<C> ds) const noexcept {
    const index length = x.length(), width = x.width();
    for (index b = 0; b < x.samples; ++b)
      for (index t = 0; t < length; ++t) {
        if (!x.valid(b, t) || !s.valid(b, t)) continue;
        const auto d = detail::rows_of(dy.sample_rows(b), t, 1);
        if (dx) C::kernels::scale_add(s.sample(b)[t], d, detail::rows_of(dx.sample_rows(b), t, 1));
        if (ds) ds.sample(b)[t] += C::kernels::dot(width, d.data, x.sample(b) + t * width);
      }
  }
};

}  // namespace tectum
