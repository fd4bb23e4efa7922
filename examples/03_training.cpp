// Training: a loss is an operator, and the trainer a thin loop. The task is to tell whether two noisy views agree.
#include <tectum/eigen.hpp>
#include <tectum/io/weights.hpp>
#include <tectum/tectum.hpp>
#include <tectum/training/trainer.hpp>

#include <cstdio>
#include <filesystem>
#include <vector>

namespace tt = tectum;
using rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

namespace agree {

constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"answer"> answer;
constexpr tt::name<"label"> label;
constexpr tt::name<"loss"> loss;

inline constexpr auto network = tt::architecture([] {
  return tt::equations(
      left = tt::input{tt::features{16}}, right = tt::input{tt::features{16}}, label = tt::input{tt::category{2}},
      answer = tt::fuse(tt::bilinear{.features = 16}, left, right) | tt::relu | tt::dropout{.p = 0.1f} | tt::linear{2},
      loss = tt::fuse(tt::cross_entropy{.label_smoothing = 0.05f}, answer, label));
});

struct samples {
  rows left, right;
  std::vector<int> label;
};

samples draw(int n, unsigned seed) {
  std::srand(seed);  // what Eigen's Random draws from
  samples s{rows::Random(n, 16), rows::Random(n, 16), std::vector<int>(static_cast<std::size_t>(n))};
  for (int i = 0; i < n; ++i) {
    s.label[static_cast<std::size_t>(i)] = i % 2;
    const float sign = i % 2 ? 1.0f : -1.0f;
    s.right.row(i) = 0.4f * s.right.row(i) + sign * s.left.row(i);
  }
  return s;
}

}  // namespace agree

int main() {
  const agree::samples train = agree::draw(2000, 1), valid = agree::draw(400, 2), test = agree::draw(1000, 3);
  const auto data = [](const agree::samples& s) {
    return tt::dataset(agree::left = s.left, agree::right = s.right, agree::label = s.label);
  };

  tt::model<agree::network> model{tt::seed{7}};
  tt::trainer trainer{
      model, tt::adam{.learning_rate = 2e-3}, {.batch = 64, .epochs = 8, .clip_norm = 1.0, .patience = 3}};
  const tt::accuracy metric{agree::answer, agree::label};
  const auto report = trainer.fit(data(train), agree::loss, data(valid), metric);
  std::printf("best epoch: %d of %zu\n", report.best_epoch + 1, report.epochs.size());

  const double accuracy = trainer.evaluate(metric, data(test));
  std::printf("test accuracy: %.3f\n", accuracy);

  // Or by hand: forward, backward and the optimiser's step.
  const float before =
      trainer.step(agree::loss, agree::left = train.left.topRows(64), agree::right = train.right.topRows(64),
                   agree::label = std::vector<int>(train.label.begin(), train.label.begin() + 64));
  std::printf("one more step, loss before it: %.4f\n", static_cast<double>(before));

  // Weights by name, in PyTorch's shapes; loading is strict.
  const std::string file = (std::filesystem::temp_directory_path() / "tectum_example_agree.safetensors").string();
  tt::save(model, file);
  tt::model<agree::network> again{tt::seed{8}};
  tt::load(again, file);
  const Eigen::MatrixXf a = model(agree::answer, agree::left = test.left, agree::right = test.right);
  const Eigen::MatrixXf b = again(agree::answer, agree::left = test.left, agree::right = test.right);
  std::filesystem::remove(file);
  std::printf("loaded weights give the same answers: %s\n", a == b ? "yes" : "no");
  return accuracy > 0.95 && a == b ? 0 : 1;
}
