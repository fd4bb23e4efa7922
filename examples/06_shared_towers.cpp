// Two inputs through one tower: what has a name is shared, what has none is not.
#include <tectum/print.hpp>
#include <tectum/tectum.hpp>

#include <cstdio>

namespace tt = tectum;

namespace match {

constexpr tt::name<"photo"> photo;
constexpr tt::name<"sketch"> sketch;
constexpr tt::name<"tower"> tower;
constexpr tt::name<"a"> a;
constexpr tt::name<"b"> b;
constexpr tt::name<"same"> same;

// The tower is an equation: both uses have the same parameters, and their gradients add up.
inline constexpr auto siamese = tt::architecture([] {
  return tt::equations(photo = tt::input{tt::features{40}}, sketch = tt::input{tt::features{40}},
                       tower = tt::linear{32} | tt::relu | tt::linear{16}, a = photo | tower, b = sketch | tower,
                       same = tt::fuse(tt::product{}, a, b) | tt::linear{1} | tt::sigmoid);
});

// The same pipeline as a C++ variable: each use has parameters of its own.
inline constexpr auto pipeline = tt::linear{32} | tt::relu | tt::linear{16};
inline constexpr auto separate = tt::architecture([] {
  return tt::equations(photo = tt::input{tt::features{40}}, sketch = tt::input{tt::features{40}}, a = photo | pipeline,
                       b = sketch | pipeline, same = tt::fuse(tt::product{}, a, b) | tt::linear{1} | tt::sigmoid);
});

}  // namespace match

int main() {
  constexpr long long once = 40 * 32 + 32 + 32 * 16 + 16, head = 16 + 1;
  static_assert(tt::parameter_count(match::siamese) == once + head);
  static_assert(tt::parameter_count(match::separate) == 2 * once + head);
  static_assert(tt::multiply_adds(match::siamese) == tt::multiply_adds(match::separate));
  std::printf("%s\n%s", tt::table<match::siamese>().c_str(), tt::mermaid<match::siamese>().c_str());

  float picture[1][40], drawing[1][40];
  for (int i = 0; i < 40; ++i) picture[0][i] = drawing[0][i] = 0.05f * static_cast<float>(i % 7);
  tt::model<match::siamese> model{tt::seed{5}};
  tt::workspace<match::siamese> workspace{1};
  const auto [seen, drawn] = model(workspace, match::a, match::b, match::photo = picture, match::sketch = drawing);
  bool equal = true;
  for (tt::index i = 0; i < 16; ++i) equal = equal && seen(0, i) == drawn(0, i);
  std::printf("the towers agree: %s\n", equal ? "yes" : "no");
  return equal ? 0 : 1;
}
