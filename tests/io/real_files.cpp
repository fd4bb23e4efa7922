// Real data, where this machine has it: MNIST, spoken digits, files that NumPy and safetensors wrote.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <tectum/io/idx.hpp>
#include <tectum/io/npy.hpp>
#include <tectum/io/safetensors.hpp>
#include <tectum/io/spectrogram.hpp>
#include <tectum/io/wav.hpp>

#include "support.hpp"

using namespace io_test;

namespace {

// The path of a file or folder of the real data; empty, with a line said, where there is none.
std::string real(const std::string& title) {
  const std::string root = shared_folder();
  if (!root.empty() && std::filesystem::exists(root + "/" + title)) return root + "/" + title;
  MESSAGE("skipped: no " << title << " here (TECTUM_SHARED names the folder)");
  return "";
}

}  // namespace

TEST_CASE("real files: MNIST") {
  const std::string path = real("data/av_digits");
  if (path.empty()) return;
  const auto images = tt::read_idx<std::uint8_t>(path + "/train-images-idx3-ubyte.gz");
  CHECK(images.extents == std::vector<std::int64_t>{60000, 28, 28});
  CHECK(images.data.size() == 60000u * 28 * 28);
  const auto labels = tt::read_idx_labels(path + "/train-labels-idx1-ubyte.gz", 10);
  REQUIRE(labels.size() == 60000);
  CHECK(labels[0] == 5);
  CHECK(tt::read_idx<float>(path + "/t10k-images-idx3-ubyte.gz").extents == std::vector<std::int64_t>{10000, 28, 28});
  CHECK(tt::read_idx_labels(path + "/t10k-labels-idx1-ubyte.gz", 10)[0] == 7);
}

TEST_CASE("real files: every spoken digit is PCM16 at 8 kHz") {
  const std::string path = real("data/av_digits/wav");
  if (path.empty()) return;
  int count = 0;
  std::size_t samples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const auto audio = tt::read_wav(entry.path().string());
    CHECK(audio.sample_rate == 8000);
    CHECK(audio.channels == 1);
    samples += audio.samples.size();
    ++count;
  }
  CHECK(count == 3000);
  CHECK(static_cast<double>(samples) / 8000 / 60 == doctest::Approx(22).epsilon(0.025));  // minutes in all
  const auto audio = tt::read_wav(path + "/0_george_0.wav");
  CHECK(audio.samples.size() == 2384);
  CHECK(audio.samples[0] == -1489.0f / 32768);
  tt::mel_options o;
  o.sample_rate = 8000, o.n_fft = 256, o.hop = 128, o.mels = 40;
  const auto mel = tt::log_mel(audio.samples.data(), audio.samples.size(), o);
  CHECK(mel.extents == std::vector<std::int64_t>{17, 40});
  for (const float v : mel.data) CHECK(std::isfinite(v));
}

TEST_CASE("real files: arrays that NumPy wrote") {
  const std::string path = real("data/av_digits");
  if (path.empty()) return;
  const auto pairs = tt::read_npy<int>(path + "/pairs_test.npy");
  REQUIRE(pairs.extents == std::vector<std::int64_t>{10000, 3});
  const auto labels = tt::read_idx_labels(path + "/t10k-labels-idx1-ubyte.gz", 10);
  int agreeing = 0;
  for (std::size_t i = 0; i < 10000; ++i)
    agreeing += labels[static_cast<std::size_t>(pairs.data[3 * i])] == pairs.data[3 * i + 2];
  CHECK(agreeing == 10000);
  // Stored column-major; its rows are orthonormal, which they are only when read so.
  const tt::npy_reader file(path + "/pca75_basis.npy");
  CHECK(file.fortran_order());
  const auto basis = file.read<double>();
  REQUIRE(basis.extents == std::vector<std::int64_t>{33, 784});
  double same = 0, other = 0;
  for (std::size_t k = 0; k < 784; ++k) {
    same += basis.data[k] * basis.data[k];
    other += basis.data[k] * basis.data[784 + k];
  }
  CHECK(same == doctest::Approx(1).epsilon(1e-5));
  CHECK(std::abs(other) < 1e-5);
}

TEST_CASE("real files: every golden example is listed and read") {
  const std::string path = real("goldens/cases");
  if (path.empty()) return;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() != ".safetensors") continue;
    const tt::safetensors_file file(entry.path().string());
    CHECK(file.metadata().contains("operator"));
    for (const tt::tensor_entry& t : file.tensors()) {
      const auto values = file.read<double>(t.name);
      CHECK(values.data.size() == tt::checked_product(t.extents));
    }
    ++files;
  }
  CHECK(files > 0);
}
