// An operator of your own: one struct. Here the gated multimodal unit of two vectors of one width,
// y = g * a + (1 - g) * b with g = sigmoid(W [a; b] + c).
#include <tectum/check.hpp>
#include <tectum/tectum.hpp>

#include <cstdio>

namespace tt = tectum;

namespace mine {

struct gate {
  bool bias = true;

  static constexpr const char* name = "gate";
  static constexpr int arity = 2;
  static constexpr auto backward_reads = tt::reads::inputs;

  constexpr tt::shape infer(tt::shape a, tt::shape b) const {
    if (a.rank != 1 || !a.same_extents(b)) return tt::wrong("gate: both inputs must be features of one width");
    return a;
  }
  constexpr auto parameters(tt::shape a, tt::shape) const {
    return tt::parameter_list(tt::weight_matrix("weight", a.width(), 2 * a.width()))
        .add_if(bias, tt::bias_of("bias", a.width(), 2 * a.width()));
  }
  // The inputs side by side and the gate are kept for backward; backward needs room for their gradients.
  constexpr tt::extents saved(tt::shape a, tt::shape) const { return {.per_sample = 3 * a.width()}; }
  constexpr tt::extents scratch(tt::shape a, tt::shape) const {
    return {.fixed = tt::transposed_panel_size(a.width(), 2 * a.width()), .per_sample = 3 * a.width()};
  }

  template <class C>
  void forward(C& c, tt::in<C> a, tt::in<C> b, tt::out<C> y) const noexcept {
    const auto [joint, g] = parts(c.saved(), a);
    for (tt::index r = 0; r < a.samples; ++r)
      for (tt::index i = 0; i < a.width(); ++i) {
        joint(r, i) = a.sample(r)[i];
        joint(r, a.width() + i) = b.sample(r)[i];
      }
    auto finish = c.finish(bias ? c.values(1) : nullptr);
    finish.act = tt::activation::sigmoid;
    C::kernels::product(joint, c.weight(0), finish, g);
    C::kernels::map(
        y.as_rows(), [](auto s, auto p, auto q) { return s * p + (decltype(s)(1) - s) * q; }, g, a.as_rows(),
        b.as_rows());
  }

  template <class C>
  void backward(C& c, tt::in<C> a, tt::in<C> b, tt::in<C>, tt::in<C> dy, tt::out<C> da, tt::out<C> db) const noexcept {
    const auto [joint, g] = parts(c.saved(), a);
    const auto [d_joint, d_g] = parts(c.scratch(), a);
    C::kernels::map(
        d_g, [](auto d, auto s, auto p, auto q) { return d * (p - q) * s * (decltype(s)(1) - s); }, dy.as_rows(), g,
        a.as_rows(), b.as_rows());
    if (c.gradients) {
      C::kernels::product_weight_gradient(d_g, joint, c.weight_gradient(0));
      if (bias) C::kernels::add_column_sums(d_g, c.gradient(1));
    }
    C::kernels::fill(d_joint, 0);
    C::kernels::product_input_gradient(d_g, c.weight(0), d_joint, c.scratch_fixed());
    for (tt::index r = 0; r < a.samples; ++r)
      for (tt::index i = 0; i < a.width(); ++i) {
        const auto s = g(r, i), d = dy.sample(r)[i];
        if (da) da.sample(r)[i] += d * s + d_joint(r, i);
        if (db) db.sample(r)[i] += d * (1 - s) + d_joint(r, a.width() + i);
      }
  }

 private:
  template <class T>
  struct saved_parts {
    tt::matrix<T> joint, gate;
  };
  template <class T, class V>
  saved_parts<T> parts(T* memory, const V& a) const noexcept {
    const tt::index n = a.width();
    return {{memory, a.samples, 2 * n, 2 * n}, {memory + a.samples * 2 * n, a.samples, n, n}};
  }
};

constexpr tt::name<"text"> text;
constexpr tt::name<"image"> image;
constexpr tt::name<"answer"> answer;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(
      text = tt::input{tt::features{20}}, image = tt::input{tt::features{30}},
      answer = tt::fuse(gate{}, text | tt::linear{16} | tt::tanh, image | tt::linear{16} | tt::tanh) | tt::linear{4});
});

}  // namespace mine

int main() {
  // The library's own checker holds it to the contract: gradients, engines, tails, overwriting, adding.
  const auto report = tt::check_operator(mine::gate{}, {tt::features_of(7), tt::features_of(7)});
  std::printf("%s\n", report.text().c_str());

  const float words[2][20] = {{1, 2, 3}, {4, 5, 6}}, pixels[2][30] = {{1}, {0, 1}};
  tt::model<mine::network> model{tt::seed{3}};
  tt::workspace<mine::network> workspace{2};
  const auto scores = model(workspace, mine::text = words, mine::image = pixels);
  std::printf("%d samples, %d scores each\n", static_cast<int>(scores.extent(0)), static_cast<int>(scores.extent(1)));
  return report.passed ? 0 : 1;
}
