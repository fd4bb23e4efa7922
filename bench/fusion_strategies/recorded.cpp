// Data from files: MNIST with spoken digits, and folders of features.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <tectum/io/idx.hpp>
#include <tectum/io/npy.hpp>
#include <tectum/io/spectrogram.hpp>
#include <tectum/io/wav.hpp>
#include <thread>

#include "data.hpp"

namespace fusion_bench {

namespace tt = tectum;

namespace {

constexpr std::size_t pixels = picture_side * picture_side, bins = mels * frames;

[[noreturn]] void wrong(const std::string& what) { throw std::runtime_error(what); }

struct recordings {
  std::vector<std::vector<float>> waves;
  explicit recordings(const std::string& folder) {
    const std::vector<std::byte> bytes = tt::read_file(folder + "/recordings.tsv");
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::size_t at = text.find('\n');
    while (at != std::string::npos && at + 1 < text.size()) {
      const std::size_t end = std::min(text.find('\n', at + 1), text.size());
      const std::string line = text.substr(at + 1, end - at - 1);
      const std::size_t first = line.find('\t');
      if (first == std::string::npos) wrong(folder + "/recordings.tsv: expected columns parted by tabs");
      const std::size_t second = std::min(line.find('\t', first + 1), line.size());
      const std::string file = line.substr(first + 1, second - first - 1);
      if (file.empty() || file.find('/') != std::string::npos)
        wrong(folder + "/recordings.tsv: expected a file's name");
      waves.push_back(tt::read_wav(folder + "/wav/" + file, {.length = tt::wav_length::tolerate_length}).mono());
      at = end;
    }
  }
};

double power_of(const std::vector<float>& x, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return n > 0 ? sum / static_cast<double>(n) : 0;
}

struct digit_reader {
  std::string folder;
  bool hard;
  recordings sounds;
  std::vector<float> noise, mean, basis;
  std::vector<float> clean;  // the spectrogram of every recording, where no noise is added to it

  digit_reader(const std::string& where, bool hard_one) : folder(where), hard(hard_one), sounds(where) {
    if (!hard) {
      clean.resize(sounds.waves.size() * bins);
      in_halves(
          static_cast<int>(sounds.waves.size()),
          [](void* with, int begin, int end) {
            auto& me = *static_cast<digit_reader*>(with);
            std::vector<float> second(sample_rate);
            for (int i = begin; i < end; ++i) {
              me.hear(i, 0, second.data());
              speech_features::compute(second.data(), me.clean.data() + static_cast<std::size_t>(i) * bins);
            }
          },
          this);
      return;
    }
    noise = tt::read_wav(folder + "/babble_30s_8k.wav").mono();
    mean = tt::read_npy<float>(folder + "/pca75_mean.npy").data;
    basis = tt::read_npy<float>(folder + "/pca75_basis.npy").data;
    if (mean.size() != pixels || basis.size() % pixels != 0)
      wrong(folder + ": pca75 is not one of pictures of 28 x 28");
    if (noise.size() < 232000 + sample_rate) wrong(folder + ": babble_30s_8k.wav is shorter than 30 s");
  }

  // Row k of a pairs file: a second of speech, under noise of -5 dB if hard.
  void hear(int wave, int row, float* second) const {
    const std::vector<float>& x = sounds.waves[static_cast<std::size_t>(wave)];
    const std::size_t n = std::min<std::size_t>(x.size(), sample_rate);
    for (std::size_t i = 0; i < sample_rate; ++i) second[i] = i < n ? x[i] : 0;
    if (!hard) return;
    const std::size_t from = 7919ULL * static_cast<std::size_t>(row) % 232000;
    const std::vector<float> piece(noise.begin() + static_cast<std::ptrdiff_t>(from),
                                   noise.begin() + static_cast<std::ptrdiff_t>(from + sample_rate));
    const double quiet = power_of(piece, sample_rate);
    const auto gain = static_cast<float>(quiet > 0 ? std::sqrt(power_of(x, n) / quiet * std::pow(10.0, 0.5)) : 0);
    for (std::size_t i = 0; i < sample_rate; ++i) second[i] += gain * piece[i];
  }
  void see(const std::uint8_t* from, float* to) const {
    for (std::size_t i = 0; i < pixels; ++i) to[i] = static_cast<float>(from[i]) / 255 - (hard ? mean[i] : 0);
    if (!hard) return;
    std::vector<float> rest(to, to + pixels);
    for (std::size_t k = 0; k < basis.size() / pixels; ++k) {
      const float* const b = basis.data() + k * pixels;
      float share = 0;
      for (std::size_t i = 0; i < pixels; ++i) share += b[i] * to[i];
      for (std::size_t i = 0; i < pixels; ++i) rest[i] -= share * b[i];
    }
    std::copy(rest.begin(), rest.end(), to);
  }

  pairs read(const std::string& list, const std::vector<std::uint8_t>& images, int most) const {
    const auto rows = tt::read_npy<std::int32_t>(folder + "/" + list);
    if (rows.extents.size() != 2 || rows.extents[1] != 3) wrong(folder + "/" + list + ": expected three columns");
    const int n = std::min(most, static_cast<int>(rows.extents[0]));
    pairs p;
    p.pictures.resize(static_cast<std::size_t>(n) * pixels);
    p.sounds.resize(static_cast<std::size_t>(n) * bins);
    p.digits.resize(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
      const std::int32_t* const row = rows.data.data() + 3 * i;
      if (row[0] < 0 || static_cast<std::size_t>(row[0]) >= images.size() / pixels || row[1] < 0 ||
          static_cast<std::size_t>(row[1]) >= sounds.waves.size() || row[2] < 0 || row[2] > 9)
        wrong(folder + "/" + list + ": row " + std::to_string(i) +
              " names a picture, a recording or a digit that is not there");
    }
    struct job {
      const digit_reader& reader;
      const std::vector<std::int32_t>& rows;
      const std::vector<std::uint8_t>& images;
      pairs& p;
    } j{*this, rows.data, images, p};
    in_halves(
        n,
        [](void* with, int begin, int end) {
          auto& [reader, all, shown, made] = *static_cast<job*>(with);
          std::vector<float> second(sample_rate);
          for (int i = begin; i < end; ++i) {
            const auto at = static_cast<std::size_t>(i);
            const std::int32_t* const row = all.data() + 3 * i;
            reader.see(shown.data() + static_cast<std::size_t>(row[0]) * pixels, made.pictures.data() + at * pixels);
            float* const heard = made.sounds.data() + at * bins;
            if (reader.hard) {
              reader.hear(row[1], i, second.data());
              speech_features::compute(second.data(), heard);
            } else {
              std::copy_n(reader.clean.data() + static_cast<std::size_t>(row[1]) * bins, bins, heard);
            }
            made.digits[at] = row[2];
          }
        },
        &j);
    return p;
  }
};

}  // namespace

void in_halves(int n, void (*f)(void*, int, int), void* with) {
  const std::jthread other([=] { f(with, n / 2, n); });
  f(with, 0, n / 2);
}

void speech_features::compute(const float* second, float* out) {
  thread_local tt::mel_spectrogram mel({.sample_rate = sample_rate,
                                        .n_fft = 512,
                                        .window = 400,
                                        .hop = 250,
                                        .mels = mels,
                                        .f_min = 60,
                                        .log_floor = 1e-6,
                                        .padding = tt::frame_padding::zeros});
  const std::size_t all = mel.frames(sample_rate);
  thread_local std::vector<float> rows(all * mels);
  mel(std::span(second, sample_rate), std::span(rows));
  for (int t = 0; t < frames; ++t)
    for (int m = 0; m < mels; ++m) out[m * frames + t] = rows[static_cast<std::size_t>(t * mels + m)];
}

void standardise(digit_data& data) {
  const auto fit = [&](std::vector<float> pairs::* values, std::size_t groups, std::size_t each) {
    const std::vector<float>& x = data.train.*values;
    std::vector<double> sum(groups), square(groups);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto v = static_cast<double>(x[i]);
      sum[i / each % groups] += v;
      square[i / each % groups] += v * v;
    }
    const double n = static_cast<double>(x.size()) / static_cast<double>(groups);
    for (pairs* p : {&data.train, &data.validation, &data.test})
      for (std::size_t i = 0; i < (p->*values).size(); ++i) {
        const std::size_t g = i / each % groups;
        const double mean = sum[g] / n, deviation = std::sqrt(std::max(square[g] / n - mean * mean, 1e-12));
        (p->*values)[i] = static_cast<float>((static_cast<double>((p->*values)[i]) - mean) / deviation);
      }
  };
  fit(&pairs::pictures, 1, 1);
  fit(&pairs::sounds, mels, frames);
}

digit_data recorded_digits(const std::string& folder, int train, bool hard) {
  const digit_reader reader(folder, hard);
  const auto images = tt::read_idx<std::uint8_t>(folder + "/train-images-idx3-ubyte.gz");
  const auto tests = tt::read_idx<std::uint8_t>(folder + "/t10k-images-idx3-ubyte.gz");
  if (images.data.size() % pixels != 0 || tests.data.size() % pixels != 0)
    wrong(folder + ": pictures of 28 x 28 expected");
  digit_data data{reader.read("pairs_train.npy", images.data, train),
                  reader.read("pairs_valid.npy", images.data, 1 << 30),
                  reader.read("pairs_test.npy", tests.data, 1 << 30)};
  standardise(data);
  return data;
}

folder_data read_folder(const std::string& folder) {
  folder_data data;
  std::int64_t samples = -1;
  const auto check = [&](const std::string& file, std::int64_t n) {
    if (samples >= 0 && n != samples)
      wrong(folder + "/" + file + ": expected " + std::to_string(samples) + " samples, got " + std::to_string(n));
    samples = n;
  };
  for (int v = 0;; ++v) {
    const std::string file = "view" + std::to_string(v) + ".npy";
    if (!std::filesystem::exists(folder + "/" + file)) break;
    if (v == 4) wrong(folder + ": at most four views");
    auto values = tt::read_npy<float>(folder + "/" + file);
    if (values.extents.size() != 2 || values.extents[1] < 1)
      wrong(folder + "/" + file + ": expected [samples, features]");
    check(file, values.extents[0]);
    if (values.extents[1] > 1024) wrong(folder + "/" + file + ": at most 1024 features");
    data.views.push_back({std::move(values.data), static_cast<int>(values.extents[1])});
  }
  if (data.views.empty()) wrong(folder + ": no view0.npy");
  auto labels = tt::read_npy<std::int32_t>(folder + "/label.npy");
  check("label.npy", static_cast<std::int64_t>(labels.data.size()));
  for (const std::int32_t k : labels.data) {
    if (k < 0 || k >= 128) wrong(folder + "/label.npy: expected classes from 0 to 127, got " + std::to_string(k));
    data.classes = std::max(data.classes, k + 1);
  }
  data.labels = std::move(labels.data);
  const auto tests = tt::read_npy<std::int32_t>(folder + "/is_test.npy");
  check("is_test.npy", static_cast<std::int64_t>(tests.data.size()));
  for (const std::int32_t t : tests.data) data.is_test.push_back(t != 0);
  return data;
}

}  // namespace fusion_bench
