// An operator of your own: one struct, held to the library's contract and used in a network.
// docs/adding-an-operator.md goes through it.
#include <tectum/check.hpp>
#include <tectum/tectum.hpp>

#include <cstdio>

namespace tt = tectum;

namespace mine {

// y = (W a + b) sigmoid(V g + c): one modality, gated by another (gated linear units, Dauphin et al. 2017, of two).
//   features: width of the result.   [n0], [n1] -> [features]
struct glu_fusion {
  int features;

  static constexpr const char* name = "glu_fusion";
  static constexpr int arity = 2;

  constexpr tt::shape infer(tt::shape a, tt::shape g) const {
    if (features < 1) return tt::wrong("glu_fusion: features must be 1 or more", features);
    if (a.kind != tt::kind::features || g.kind != tt::kind::features)
      return tt::wrong("glu_fusion: both inputs must be one vector a sample; pool or flatten them first");
    return tt::features_of(features);
  }
  constexpr auto parameters(tt::shape a, tt::shape g) const {
    return tt::parameter_list(
        tt::weight_matrix("weight", features, a.width()), tt::bias_of("bias", features, a.width()),
        tt::weight_matrix("gate_weight", features, g.width()), tt::bias_of("gate_bias", features, g.width()));
  }
  // Both layers' results are kept for backward, which needs as much room again for their gradients.
  constexpr tt::extents saved(tt::shape, tt::shape) const { return {.per_sample = 2LL * features}; }
  constexpr tt::extents scratch(tt::shape a, tt::shape g) const {
    return {.fixed = tt::transposed_panel_size(features, a.width() + g.width()), .per_sample = 2LL * features};
  }

  template <class C>
  void forward(C& c, tt::in<C> a, tt::in<C> g, tt::out<C> y) const noexcept {
    const auto value = half(c.saved(), a.samples, 0), gate = half(c.saved(), a.samples, 1);
    C::kernels::product(a.as_rows(), c.weight(0), {c.values(1)}, value);
    C::kernels::product(g.as_rows(), c.weight(2), {c.values(3), tt::activation::sigmoid}, gate);
    C::kernels::map(y.as_rows(), [](auto v, auto s) { return v * s; }, value, gate);
  }
  template <class C>
  void backward(C& c, tt::in<C> a, tt::in<C> g, tt::in<C>, tt::in<C> dy, tt::out<C> da, tt::out<C> dg) const noexcept {
    const auto value = half(c.saved(), a.samples, 0), gate = half(c.saved(), a.samples, 1);
    const auto d_value = half(c.scratch(), a.samples, 0), d_gate = half(c.scratch(), a.samples, 1);
    C::kernels::map(d_value, [](auto d, auto s) { return d * s; }, dy.as_rows(), gate);
    C::kernels::map(d_gate, [](auto d, auto v, auto s) { return d * v * (s - s * s); }, dy.as_rows(), value, gate);
    add_layer(c, 0, d_value, a, da);
    add_layer(c, 2, d_gate, g, dg);
  }

 private:
  template <class T>
  tt::matrix<T> half(T* memory, tt::index samples, int which) const noexcept {
    return {memory + which * samples * features, samples, features, features};
  }
  template <class C, class T>
  static void add_layer(C& c, int weight, tt::matrix<T> d, tt::in<C> x, tt::out<C> dx) noexcept {
    if (c.gradients) {
      C::kernels::product_weight_gradient(d, x.as_rows(), c.weight_gradient(weight));
      C::kernels::add_column_sums(d, c.gradient(weight + 1));
    }
    if (dx) C::kernels::product_input_gradient(d, c.weight(weight), dx.as_rows(), c.scratch_fixed());
  }
};

constexpr tt::name<"text"> text;
constexpr tt::name<"image"> image;
constexpr tt::name<"answer"> answer;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(text = tt::input{tt::features{20}}, image = tt::input{tt::features{30}},
                       answer = tt::fuse(glu_fusion{.features = 16}, text, image) | tt::relu | tt::linear{4});
});

}  // namespace mine

int main() {
  // The library's own checker holds it to the contract: gradients, engines, tails, overwriting, adding.
  const auto report = tt::check_operator(mine::glu_fusion{7}, {tt::features_of(5), tt::features_of(9)});
  std::printf("%s\n", report.text().c_str());

  const float words[2][20] = {{1, 2, 3}, {4, 5, 6}}, pixels[2][30] = {{1}, {0, 1}};
  tt::model<mine::network> model{tt::seed{3}};
  tt::workspace<mine::network> workspace{2};
  const auto scores = model(workspace, mine::text = words, mine::image = pixels);
  std::printf("%d samples, %d scores each\n", static_cast<int>(scores.extent(0)), static_cast<int>(scores.extent(1)));
  return report.passed ? 0 : 1;
}
