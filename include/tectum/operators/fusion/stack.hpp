// Values side by side on an axis of their own.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// Each input flattened, and all of them as the tokens of a sequence; an absent modality is a token that is not valid.
//   last (false): whether the new axis is the last one, as MultiBench's Stack has it; an absent modality is zeros
//   there.
//   [...], [...], ... -> [inputs, elements], or [elements, inputs]: values with as many elements each, not padded
struct stack {
  bool last = false;

  static constexpr const char* name = "stack";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(range<shape> x) const {
    bool any = false, all = true;
    for (const shape& s : x) {
      if (s.holds_ids() || s.rank == 0)
        return wrong("stack: ids and losses are not numbers to stack; put an embedding before it");
      if (s.padded) return wrong("stack: a padded sequence is more than one token; pool it first");
      if (s.size() != x[0].size()) return wrong("stack: all inputs must have as many elements", x[0].size(), s.size());
      any = any || s.optional;
      all = all && s.optional;
    }
    shape y = last ? sequence_of(x[0].size(), x.size()) : sequence_of(x.size(), x[0].size());
    y.optional = absent_together(x);
    if (last) return y;
    y.padded = any && !y.optional;
    y.optional = all;
    return y;
  }
  constexpr token_mask result_mask(range<shape>) const { return {last ? mask_from::of_input : mask_from::one_each}; }
  constexpr long long multiply_adds(range<shape>) const { return 0; }

  template <class C>
  void forward(C&, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    each_place(xs, xs, y, [](bool valid, const matrix<const T>& from, const matrix<T>& to) {
      if (valid) C::kernels::copy(from, to);
      else C::kernels::fill(to, T(0));
    });
  }
  template <class C>
  void backward(C&, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    each_place(xs, dxs, dy, [](bool valid, const matrix<T>& to, const matrix<const T>& from) {
      if (valid) C::kernels::add(from, to);
    });
  }

 private:
  // f(valid, sample of an input, its place in y): a row, or a column.
  template <class Masked, class Views, class Y, class F>
  void each_place(const Masked& masked, const Views& xs, const view<Y>& y, F f) const noexcept {
    const index n = xs.size(), size = y.size() / n;
    for (index b = 0; b < y.samples; ++b)
      for (index k = 0; k < n; ++k) {
        const auto& x = xs[static_cast<int>(k)];
        if (!x) continue;
        auto from = x.as_samples();
        from.data = x.sample(b);
        from.rows = last ? size : 1;
        from.columns = last ? 1 : size;
        from.stride = from.columns;
        const matrix<Y> to =
            last ? matrix<Y>{y.sample(b) + k, size, 1, n} : matrix<Y>{y.sample(b) + k * size, 1, size, size};
        f(masked[static_cast<int>(k)].present(b), from, to);
      }
  }
};

}  // namespace tectum
