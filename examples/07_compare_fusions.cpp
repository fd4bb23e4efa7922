// Which fusion suits your data? Three strategies, the same encoders, data and seeds; one table.
#include <tectum/tectum.hpp>
#include <tectum/training/compare.hpp>

#include <vector>

namespace tt = tectum;

namespace study {

constexpr tt::name<"touch"> touch;
constexpr tt::name<"sound"> sound;
constexpr tt::name<"answer"> answer;
constexpr tt::name<"label"> label;
constexpr tt::name<"loss"> loss;

// An architecture is a function of its fusion.
constexpr auto with(auto fusion) {
  return tt::architecture([=] {
    return tt::equations(
        touch = tt::input{tt::features{10}}, sound = tt::input{tt::features{10}}, label = tt::input{tt::category{2}},
        answer = tt::fuse(fusion, touch | tt::linear{16} | tt::relu, sound | tt::linear{16} | tt::relu) | tt::linear{2},
        loss = tt::fuse(tt::cross_entropy{}, answer, label));
  });
}

// Your data: the answer is whether touch and sound have the same sign at most places.
struct samples {
  explicit samples(int n)
      : touch(static_cast<std::size_t>(n) * 10),
        sound(touch.size()),
        label(static_cast<std::size_t>(n)) {
    for (std::size_t i = 0; i < touch.size(); ++i) {
      touch[i] = tt::random::normal(1, static_cast<unsigned>(n), 2 * i);
      sound[i] = tt::random::normal(1, static_cast<unsigned>(n), 2 * i + 1);
    }
    for (std::size_t s = 0; s < label.size(); ++s) {
      float same = 0;
      for (std::size_t i = 10 * s; i < 10 * s + 10; ++i) same += touch[i] * sound[i];
      label[s] = same > 0;
    }
  }
  auto data() const {
    const auto n = static_cast<tt::index>(label.size());
    return tt::dataset(study::touch = tt::tensor(touch, {n, 10}), study::sound = tt::tensor(sound, {n, 10}),
                       study::label = label);
  }
  std::vector<float> touch, sound;
  std::vector<int> label;
};

}  // namespace study

int main() {
  const study::samples train(3000), valid(500), test(1000);
  tt::comparison comparison{train.data(),
                            valid.data(),
                            test.data(),
                            study::loss,
                            tt::accuracy{study::answer, study::label},
                            {.seeds = 2, .epochs = 8}};
  comparison.add_of<study::with(tt::concat{})>("concat");
  comparison.add_of<study::with(tt::product{})>("product");
  comparison.add_of<study::with(tt::bilinear{.features = 16})>("bilinear");
  comparison.run();
  comparison.print();
  // Only the bilinear form can see products of different places, which the answer is made of.
  return comparison.rows().back().accuracy > 0.65 ? 0 : 1;
}
