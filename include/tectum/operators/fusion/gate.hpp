// One value times the gates that another gives for it.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x g, element by element, where a missing gate is closed (tt::product counts what is absent as 1).
//   x [...], g [...] -> [...]: of one shape
// The result is masked as x is; where either is missing it is 0, with gradient 0.
struct gate {
  static constexpr const char* name = "gate";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x, shape g) const {
    if (x.holds_ids()) return wrong("gate: ids are not numbers to compute with; put an embedding before it");
    if (x.kind != g.kind || !x.same_extents(g)) return wrong("gate: both inputs must have the same shape");
    if (g.padded && !x.padded) return wrong("gate: the gates of a sequence that is not padded may not be padded");
    return x;
  }
  constexpr long long multiply_adds(shape x, shape) const { return x.size(); }

  template <class C>
  void forward(C&, in<C> x, in<C> g, out<C> y) const noexcept {
    using T = typename C::scalar;
    const in<C> both[] = {x, g};
    detail::each_part(range<in<C>>{both, 2}, y.samples, [&](auto part, auto valid) {
      if (valid(0) && valid(1)) C::kernels::map(part(y), times, part(x), part(g));
      else C::kernels::fill(part(y), T(0));
    });
  }
  template <class C>
  void backward(C&, in<C> x, in<C> g, in<C>, in<C> dy, out<C> dx, out<C> dg) const noexcept {
    const in<C> both[] = {x, g};
    detail::each_part(range<in<C>>{both, 2}, dy.samples, [&](auto part, auto valid) {
      if (!valid(0) || !valid(1)) return;
      if (dx) C::kernels::map_add(part(dx), times, part(dy), part(g));
      if (dg) C::kernels::map_add(part(dg), times, part(dy), part(x));
    });
  }

 private:
  static constexpr auto times = [](auto a, auto b) { return a * b; };
};

}  // namespace tectum
