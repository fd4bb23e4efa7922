// Convolutions against loops written from the definition, and the two layouts of conv1d against one another.
#include <string>

#include "network.hpp"

using namespace one_layer;

namespace {

struct sizes {
  int batch, in, height, width, out, kernel_height, kernel_width, stride, padding, dilation, groups;
  int high() const { return (height + 2 * padding - dilation * (kernel_height - 1) - 1) / stride + 1; }
  int wide() const { return (width + 2 * padding - dilation * (kernel_width - 1) - 1) / stride + 1; }
};

// y[b][o][i][j] = bias[o] + sum over c, u, v of w[o][c][u][v] x[b][c][i s + u d - p][j s + v d - p]
std::vector<double> convolved(const sizes& s, const std::vector<double>& from, const std::vector<double>& w,
                              const std::vector<double>& bias) {
  std::vector<double> all;
  const int in = s.in / s.groups;
  for (int b = 0; b < s.batch; ++b)
    for (int o = 0; o < s.out; ++o)
      for (int i = 0; i < s.high(); ++i)
        for (int j = 0; j < s.wide(); ++j) {
          double sum = bias[static_cast<std::size_t>(o)];
          for (int c = 0; c < in; ++c)
            for (int u = 0; u < s.kernel_height; ++u)
              for (int v = 0; v < s.kernel_width; ++v) {
                const int r = i * s.stride + u * s.dilation - s.padding, q = j * s.stride + v * s.dilation - s.padding;
                if (r < 0 || r >= s.height || q < 0 || q >= s.width) continue;
                const int channel = o / (s.out / s.groups) * in + c;
                sum += w[static_cast<std::size_t>(((o * in + c) * s.kernel_height + u) * s.kernel_width + v)] *
                       from[static_cast<std::size_t>(((b * s.in + channel) * s.height + r) * s.width + q)];
              }
          all.push_back(sum);
        }
  return all;
}

template <class Engine, const auto& Network>
void compare_with_loops(const sizes& s) {
  tt::model<Network, double, Engine> model{tt::seed{3}};
  std::vector<double> w(static_cast<std::size_t>(s.out * s.in / s.groups * s.kernel_height * s.kernel_width));
  std::vector<double> bias(static_cast<std::size_t>(s.out));
  REQUIRE(model.get("y.conv2d.weight", w.data()));
  REQUIRE(model.get("y.conv2d.bias", bias.data()));
  const std::vector<double> from = noise(static_cast<std::size_t>(s.batch * s.in * s.height * s.width));
  tt::workspace<Network, double> workspace{s.batch};
  const auto result = model(workspace, x = tt::tensor(from, {s.batch, s.in, s.height, s.width}));
  const std::vector<double> want = convolved(s, from, w, bias);
  REQUIRE(result.size() == static_cast<tt::index>(want.size()));
  for (std::size_t i = 0; i < want.size(); ++i) CHECK(result.data()[i] == doctest::Approx(want[i]).epsilon(1e-10));
}

constexpr auto strided = of(tt::picture{.channels = 4, .height = 9, .width = 7},
                            tt::conv2d{.channels = 6, .kernel = 3, .stride = 2, .padding = 1, .groups = 2});
constexpr auto dilated = of(tt::picture{.channels = 2, .height = 6, .width = 9},
                            tt::conv2d{.channels = 3, .kernel = {2, 4}, .padding = 2, .dilation = 2});

}  // namespace

TEST_CASE("conv2d is what its definition says") {
  compare_with_loops<tt::native, strided>({3, 4, 9, 7, 6, 3, 3, 2, 1, 1, 2});
  compare_with_loops<tt::reference, strided>({3, 4, 9, 7, 6, 3, 3, 2, 1, 1, 2});
  compare_with_loops<tt::native, dilated>({2, 2, 6, 9, 3, 2, 4, 1, 2, 2, 1});
  compare_with_loops<tt::reference, dilated>({2, 2, 6, 9, 3, 2, 4, 1, 2, 2, 1});
}

namespace {

constexpr tt::conv1d over_time{.channels = 5, .kernel = 3, .stride = 2, .padding = 2, .dilation = 2};
constexpr auto of_sequence = of(tt::sequence{.length = 11, .width = 4}, over_time | tt::gelu);
constexpr auto of_waveform = of(tt::waveform{.samples = 11, .channels = 4}, over_time | tt::gelu);
constexpr auto padded = of(tt::sequence{.length = 7, .width = 3, .padded = true},
                           tt::conv1d{.channels = 2, .kernel = 3, .padding = 1});
constexpr auto short_one = of(tt::sequence{.length = 4, .width = 3},
                              tt::conv1d{.channels = 2, .kernel = 3, .padding = 1});

}  // namespace

TEST_CASE("conv1d of a sequence is conv1d of a waveform, turned") {
  tt::model<of_sequence, double> a{tt::seed{5}};
  tt::model<of_waveform, double> b{tt::seed{6}};
  std::vector<double> w(60), bias(5);
  REQUIRE(a.get("y.conv1d.weight", w.data()));
  REQUIRE(a.get("y.conv1d.bias", bias.data()));
  REQUIRE(b.set("y.conv1d.weight", w.data()));
  REQUIRE(b.set("y.conv1d.bias", bias.data()));
  const std::vector<double> from = noise(2 * 11 * 4);
  std::vector<double> turned(from.size());
  for (std::size_t s = 0; s < 2; ++s)
    for (std::size_t t = 0; t < 11; ++t)
      for (std::size_t c = 0; c < 4; ++c) turned[(s * 4 + c) * 11 + t] = from[(s * 11 + t) * 4 + c];
  tt::workspace<of_sequence, double> wa{2};
  tt::workspace<of_waveform, double> wb{2};
  const auto ya = a(wa, x = tt::tensor(from, {2, 11, 4}));
  const auto yb = b(wb, x = tt::tensor(turned, {2, 4, 11}));
  REQUIRE(ya.extent(1) == 6);
  REQUIRE(yb.extent(2) == 6);
  for (int s = 0; s < 2; ++s)
    for (int t = 0; t < 6; ++t)
      for (int c = 0; c < 5; ++c) CHECK(ya(s, t, c) == doctest::Approx(yb(s, c, t)).epsilon(1e-12));
  // One value from the definition: sample 1, step 0 sees time 0 (kernel step 1) and time 2 (kernel step 2).
  double sum = bias[3];
  for (std::size_t c = 0; c < 4; ++c)
    sum += w[(3 * 4 + c) * 3 + 1] * from[(11 + 0) * 4 + c] + w[(3 * 4 + c) * 3 + 2] * from[(11 + 2) * 4 + c];
  CHECK(ya(1, 0, 3) == doctest::Approx(sum / 2 * (1 + std::erf(sum / std::sqrt(2.0)))).epsilon(1e-12));
}

TEST_CASE("conv1d takes padding for zeros") {
  tt::model<padded, double> a{tt::seed{5}};
  tt::model<short_one, double> b{tt::seed{5}};
  std::vector<double> from = noise(7 * 3);
  for (std::size_t i = 12; i < 21; ++i) from[i] = std::nan("");
  tt::workspace<padded, double> wa{1};
  tt::workspace<short_one, double> wb{1};
  const int length[] = {4};
  const auto ya = a(wa, x = tt::padded(tt::tensor(from, {1, 7, 3}), length));
  const auto yb = b(wb, x = tt::tensor(std::vector<double>(from.begin(), from.begin() + 12), {1, 4, 3}));
  for (int t = 0; t < 7; ++t)
    for (int c = 0; c < 2; ++c) CHECK(ya(0, t, c) == (t < 4 ? yb(0, t, c) : 0.0));
}

namespace {

// The numbers of the literals below: (i k mod m) - 2, ...
std::vector<double> counted(int n, int m, int k) {
  std::vector<double> v;
  for (int i = 0; i < n; ++i) v.push_back(i * k % m - 2);
  return v;
}
template <const auto& Network, class Engine>
std::vector<double> with(const char* layer, const std::vector<double>& w, const std::vector<double>& bias,
                         const auto& input) {
  tt::model<Network, double, Engine> model{tt::seed{3}};
  REQUIRE(model.set((std::string("y.") + layer + ".weight").c_str(), w.data()));
  if (!bias.empty()) REQUIRE(model.set((std::string("y.") + layer + ".bias").c_str(), bias.data()));
  tt::workspace<Network, double> workspace{1};
  const auto y = model(workspace, x = input);
  return {y.data(), y.data() + y.size()};
}

constexpr tt::conv1d even{.channels = 2, .kernel = 4, .padding = tt::same, .groups = 2};
constexpr auto even_waveform = of(tt::waveform{.samples = 5, .channels = 2}, even);
constexpr auto even_sequence = of(tt::sequence{.length = 5, .width = 2}, even);
constexpr tt::conv1d apart{.channels = 1, .kernel = 2, .padding = tt::same, .dilation = 3, .bias = false};
constexpr auto apart_waveform = of(tt::waveform{.samples = 5, .channels = 2}, apart);
constexpr auto apart_sequence = of(tt::sequence{.length = 5, .width = 2}, apart);
constexpr auto pairs = of(tt::picture{.channels = 2, .height = 4, .width = 5},
                          tt::conv2d{.channels = 2,
                                     .kernel = {3, 2},
                                     .stride = {2, 1},
                                     .padding = {1, 0},
                                     .dilation = {1, 2},
                                     .groups = 2});
constexpr auto same_size = of(tt::picture{.channels = 2, .height = 4, .width = 5},
                              tt::conv2d{.channels = 1, .kernel = {2, 3}, .padding = tt::same, .bias = false});

}  // namespace

// Literals: torch.nn.functional.conv1d and conv2d of PyTorch 1.13.
TEST_CASE_TEMPLATE("convolutions have PyTorch's values", Engine, tt::native, tt::reference) {
  using numbers = std::vector<double>;
  const numbers in = counted(10, 7, 3), bias{1, -1};
  const auto turned = [](const numbers& v, std::size_t rows) {
    numbers t;
    for (std::size_t c = 0; c < v.size() / rows; ++c)
      for (std::size_t r = 0; r < rows; ++r) t.push_back(v[r * (v.size() / rows) + c]);
    return t;
  };
  const numbers across = turned(in, 2);
  const numbers apiece{-1, 13, -4, -1, 1, -3, -4, 13, -5, -8};
  CHECK(with<even_waveform, Engine>("conv1d", counted(8, 5, 2), bias, tt::tensor(in, {1, 2, 5})) == apiece);
  CHECK(with<even_sequence, Engine>("conv1d", counted(8, 5, 2), bias, tt::tensor(across, {1, 5, 2})) ==
        turned(apiece, 2));
  const numbers z{2, 1, -2, -12, 2};
  CHECK(with<apart_waveform, Engine>("conv1d", counted(4, 5, 2), {}, tt::tensor(in, {1, 2, 5})) == z);
  CHECK(with<apart_sequence, Engine>("conv1d", counted(4, 5, 2), {}, tt::tensor(across, {1, 5, 2})) == z);
  const numbers picture = counted(40, 11, 4);
  CHECK(with<pairs, Engine>("conv2d", counted(12, 5, 2), bias, tt::tensor(picture, {1, 2, 4, 5})) ==
        numbers{-10, -10, 12, -2, -10, -18, -2, -10, -7, -2, -2, -2});
  CHECK(with<same_size, Engine>("conv2d", counted(12, 5, 2), {}, tt::tensor(picture, {1, 2, 4, 5})) ==
        numbers{10, 6, -35, 1, -1, -12, -12, 13, 5, -21, -12, 3, 6, -35, 3, 27, -11, -7, 30, -8});
}

TEST_CASE("the scratch of convolutions is enough for both engines") {
  for (int height : {1, 3, 17, 64})
    for (int width : {1, 5, 16, 33})
      for (int channels : {1, 3, 8})
        for (int stride : {1, 2, 3, 5})
          for (int padding : {0, 1, 4})
            for (int groups : {1, 2})
              for (int filters : {2, 32, 66}) {
                const tt::convolution_geometry g{.channels = channels * groups, .height = height, .width = width,
                                                 .filters = filters, .kernel_height = 3, .kernel_width = 3,
                                                 .stride_height = stride, .stride_width = stride,
                                                 .padding_height = padding, .padding_width = padding, .groups = groups,
                                                 .more_below = padding % 2, .more_right = stride % 2};
                REQUIRE(tt::convolution_scratch_size(g) >= tt::native::convolution_scratch(g));
                REQUIRE(tt::convolution_scratch_size(g) >= tt::reference::convolution_scratch(g));
              }
}

TEST_CASE("multiply-adds of convolutions") {
  CHECK(tt::conv2d{.channels = 8, .kernel = 3, .padding = 1}.multiply_adds(tt::picture_of(4, 5, 6)) == 8 * 4 * 9 * 30);
  CHECK(tt::conv1d{.channels = 8, .kernel = 3}.multiply_adds(tt::sequence_of(10, 4)) == 8 * 4 * 3 * 8);
}
