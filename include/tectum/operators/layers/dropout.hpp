// Dropout.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// In training each element is set to zero with probability p and divided by 1 - p otherwise (Srivastava et al. 2014);
// at inference nothing happens, without a copy.
//   p (0.5): in [0, 1).   [...] -> [...]
// What is dropped depends on the seed, the training step, the operator and the element's place in the batch alone.
struct dropout {
  double p = 0.5;

  static constexpr const char* name = "dropout";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr auto result_view = seen_as::at_inference;
  static constexpr bool draws = true, strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("dropout: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("dropout: a loss cannot be dropped");
    if (!(p >= 0 && p < 1)) return wrong("dropout: p must be in [0, 1)");
    return x;
  }
  constexpr extents scratch(shape x) const { return {.per_sample = x.size()}; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    if (c.training) C::kernels::map(y.as_samples(), choice<C>(), x.as_samples(), drawn(c, x));
    else C::kernels::copy(x.as_samples(), y.as_samples());
  }
  // The numbers are drawn again: cheaper than keeping them.
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (!dx) return;
    if (c.training) C::kernels::map_add(dx.as_samples(), choice<C>(), dy.as_samples(), drawn(c, x));
    else C::kernels::add(dy.as_samples(), dx.as_samples());
  }

 private:
  template <class C>
  static matrix<const typename C::scalar> drawn(C& c, const in<C>& x) noexcept {
    C::kernels::fill_uniform(x.samples * x.size(), c.random.seed, c.random.stream, c.scratch(), c.first * x.size());
    return {c.scratch(), x.samples, x.size(), x.size()};
  }
  template <class C>
  auto choice() const noexcept {
    using T = typename C::scalar;
    const T limit = static_cast<T>(p), scale = T(1) / (T(1) - limit);
    return [limit, scale](auto a, auto u) {
      using V = decltype(a);
      return select(u < V(limit), V(T(0)), a * V(scale));
    };
  }
};

}  // namespace tectum
