// A gate that begins closed.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = tanh(alpha) x, with one learned alpha (Flamingo: Alayrac et al. 2022).
//   initial (0): alpha at first; at 0 nothing goes through, so that a residual connection with it changes nothing.
//   [...] -> [...]; alpha [1]
struct tanh_gate {
  double initial = 0;

  static constexpr const char* name = "tanh_gate";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("tanh_gate: ids are not numbers to compute with; put an embedding before it");
    return x;
  }
  constexpr auto parameters(shape) const {
    return parameter_list(
        vector_of("alpha", 1, role::scale).initialised(tectum::initial::constant, static_cast<float>(initial)));
  }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    const auto gate = math::tanh(*c.values(0));
    C::kernels::map(y.as_rows(), [gate](auto v) { return v * decltype(v)(gate); }, x.as_rows());
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const T gate = math::tanh(*c.values(0));
    if (c.gradients) {
      T sum{};
      const auto rows = x.as_rows(), d = dy.as_rows();
      detail::each_valid_rows(x, [&](index first, index count) {
        for (index r = first; r < first + count; ++r) sum += C::kernels::dot(rows.columns, rows.row(r), d.row(r));
      });
      *c.gradient(0) += sum * (T(1) - gate * gate);
    }
    if (dx) C::kernels::scale_add(gate, dy.as_rows(), dx.as_rows());
  }
};

// x + tanh(alpha) pipeline(x): a residual connection that changes nothing at first (Flamingo: Alayrac et al. 2022).
template <part P>
constexpr auto gated_residual(const P& pipeline) {
  return fuse(sum{}, here, here | pipeline | tanh_gate{});
}

}  // namespace tectum
