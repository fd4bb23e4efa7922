// Digits drawn and spoken by the program itself.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <tectum/kernels/random.hpp>

#include "data.hpp"

namespace fusion_bench {

namespace tt = tectum;

namespace {

struct point {
  double x, y;
};
using stroke = std::vector<point>;

stroke arc(double x, double y, double rx, double ry, double from, double to) {
  stroke s;
  for (int i = 0; i <= 12; ++i) {
    const double a = (from + (to - from) * i / 12) * std::numbers::pi / 180;
    s.push_back({x + rx * std::cos(a), y + ry * std::sin(a)});
  }
  return s;
}

// In a square of side 1, y downwards.
const std::vector<stroke>& strokes_of(int digit) {
  static const std::vector<stroke> all[10] = {
      {arc(0.5, 0.5, 0.24, 0.36, 0, 360)},
      {{{0.38, 0.28}, {0.53, 0.14}, {0.53, 0.86}}},
      {arc(0.5, 0.34, 0.23, 0.2, -170, 40), {{0.67, 0.47}, {0.28, 0.85}, {0.74, 0.85}}},
      {arc(0.48, 0.32, 0.22, 0.18, -150, 90), arc(0.48, 0.68, 0.24, 0.18, -90, 150)},
      {{{0.6, 0.87}, {0.6, 0.13}, {0.24, 0.63}, {0.78, 0.63}}},
      {{{0.7, 0.14}, {0.34, 0.14}, {0.31, 0.45}}, arc(0.48, 0.63, 0.22, 0.22, -120, 150)},
      {{{0.62, 0.13}, {0.4, 0.36}, {0.29, 0.62}}, arc(0.5, 0.66, 0.21, 0.2, 0, 360)},
      {{{0.26, 0.15}, {0.74, 0.15}, {0.44, 0.87}}},
      {arc(0.5, 0.32, 0.19, 0.17, 0, 360), arc(0.5, 0.68, 0.23, 0.19, 0, 360)},
      {arc(0.5, 0.34, 0.21, 0.2, 0, 360), {{0.71, 0.36}, {0.66, 0.62}, {0.56, 0.87}}},
  };
  return all[digit];
}

// A sound in a few places: when (0 to 1), its two formants in Hz, how loud, how noisy (0: voiced, 1: hissing).
struct moment {
  double when, first, second, loud, hiss;
};
const std::vector<moment>& moments_of(int digit) {
  static const std::vector<moment> all[10] = {
      {{0, 300, 2300, 0.5, 0.6}, {0.3, 350, 2200, 1, 0}, {0.6, 450, 1300, 0.9, 0}, {1, 420, 900, 0.7, 0}},
      {{0, 320, 750, 0.9, 0}, {0.4, 650, 1150, 1, 0}, {1, 350, 1500, 0.5, 0}},
      {{0, 400, 3000, 0.4, 0.9}, {0.25, 320, 1500, 1, 0}, {1, 320, 900, 0.8, 0}},
      {{0, 500, 2700, 0.35, 1}, {0.35, 400, 1400, 0.8, 0}, {1, 300, 2300, 1, 0}},
      {{0, 450, 1700, 0.3, 1}, {0.3, 520, 850, 1, 0}, {1, 500, 1250, 0.7, 0}},
      {{0, 450, 1800, 0.3, 1}, {0.35, 750, 1250, 1, 0}, {0.75, 400, 2100, 0.8, 0}, {1, 400, 1700, 0.3, 0.8}},
      {{0, 600, 3200, 0.5, 1}, {0.4, 400, 2000, 1, 0}, {0.7, 300, 2000, 0.1, 0.3}, {1, 600, 3200, 0.5, 1}},
      {{0, 600, 3200, 0.5, 1}, {0.3, 550, 1800, 1, 0}, {0.6, 400, 1300, 0.7, 0}, {1, 450, 1600, 0.7, 0}},
      {{0, 550, 1900, 1, 0}, {0.5, 350, 2250, 0.9, 0}, {0.8, 300, 2200, 0.1, 0.2}, {1, 400, 3000, 0.3, 0.9}},
      {{0, 320, 1500, 0.7, 0}, {0.4, 750, 1250, 1, 0}, {0.75, 380, 2150, 0.8, 0}, {1, 320, 1500, 0.5, 0}},
  };
  return all[digit];
}

// The numbers of one sample: a stream of the counter-based generator.
struct dice {
  std::uint64_t seed, stream, next = 0;
  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(tt::random::uniform(seed, stream, next++));
  }
  double normal() { return static_cast<double>(tt::random::normal(seed, stream, next++)); }
  // Noise of deviation 1, nearly normal and cheap: the sum of the four bytes of a word.
  double noise() {
    if (taken == 4) {
      words = tt::random::words(seed, stream + 1, ++block);
      taken = 0;
    }
    const std::uint32_t w = words.word[taken++];
    const auto sum = static_cast<double>((w & 255) + (w >> 8 & 255) + (w >> 16 & 255) + (w >> 24));
    return (sum - 510) * (1 / 147.8);
  }
  tt::random::block words{};
  std::uint64_t block = 0;
  int taken = 4;
};

double distance(point p, point a, point b) {
  const double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
  double t = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0;
  t = t < 0 ? 0 : t > 1 ? 1 : t;
  return std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

void draw(int digit, dice d, float* out) {
  const double turn = d.uniform(-0.45, 0.45), shear = d.uniform(-0.35, 0.35), wide = d.uniform(0.65, 1.1),
               high = d.uniform(0.65, 1.1), x = d.uniform(-0.14, 0.14), y = d.uniform(-0.14, 0.14),
               pen = d.uniform(0.025, 0.06), noise = d.uniform(0.15, 0.5);
  const double c = std::cos(turn), s = std::sin(turn);
  std::vector<stroke> strokes = strokes_of(digit);
  for (stroke& line : strokes)
    for (point& p : line) {
      const double u = (p.x - 0.5 + d.normal() * 0.015) * wide + shear * (p.y - 0.5),
                   v = (p.y - 0.5 + d.normal() * 0.015) * high;
      p = {0.5 + c * u - s * v + x, 0.5 + s * u + c * v + y};
    }
  for (int row = 0; row < picture_side; ++row)
    for (int column = 0; column < picture_side; ++column) {
      const point p{(column + 0.5) / picture_side, (row + 0.5) / picture_side};
      double nearest = 1;
      for (const stroke& line : strokes)
        for (std::size_t i = 1; i < line.size(); ++i) nearest = std::min(nearest, distance(p, line[i - 1], line[i]));
      const double ink = (pen - nearest) * picture_side + 0.5;
      *out++ = static_cast<float>((ink < 0 ? 0 : ink > 1 ? 1 : ink) + noise * d.noise());
    }
}

void speak(int digit, dice d, float* out) {
  const double pitch = d.uniform(90, 240), voice = d.uniform(0.82, 1.2), length = d.uniform(0.35, 0.7),
               begin = d.uniform(0.02, 0.95 - length), noise = d.uniform(0.15, 0.7), glide = d.uniform(-0.25, 0.1);
  const std::vector<moment>& moments = moments_of(digit);
  const double bend = d.uniform(0.7, 1.4);
  double phase = 0, first = 0, second = 0;
  for (int i = 0; i < sample_rate; ++i) {
    const double t = (static_cast<double>(i) / sample_rate - begin) / length;
    double value = 0;
    if (t >= 0 && t <= 1) {
      const double u = std::pow(t, bend);
      std::size_t k = 1;
      while (k + 1 < moments.size() && moments[k].when < u) ++k;
      const moment &a = moments[k - 1], &b = moments[k];
      const double w = (u - a.when) / (b.when - a.when);
      const auto mix = [w](double p, double q) { return p + (q - p) * w; };
      const double step = 2 * std::numbers::pi / sample_rate;
      phase += step * pitch * (1 + glide * t);
      first += step * mix(a.first, b.first) * voice;
      second += step * mix(a.second, b.second) * voice;
      const double pulse = 0.5 + 0.5 * std::cos(phase), hiss = mix(a.hiss, b.hiss);
      const double voiced = pulse * pulse * (std::sin(first) + 0.6 * std::sin(second));
      value = mix(a.loud, b.loud) * ((1 - hiss) * voiced + hiss * 0.7 * std::sin(second + 2 * d.noise()));
    }
    *out++ = static_cast<float>(0.3 * (value + noise * d.noise()));
  }
}

pairs make(int n, std::uint64_t seed, std::uint64_t part) {
  pairs p;
  const auto count = static_cast<std::size_t>(n);
  p.pictures.resize(count * picture_side * picture_side);
  p.sounds.resize(count * mels * frames);
  p.digits.resize(count);
  struct job {
    pairs& p;
    std::uint64_t seed, part;
  } j{p, seed, part};
  in_halves(
      n,
      [](void* with, int begin, int end) {
        auto& [made, s, which] = *static_cast<job*>(with);
        std::vector<float> second(sample_rate);
        for (int i = begin; i < end; ++i) {
          const auto at = static_cast<std::size_t>(i);
          const std::uint64_t stream = (which << 40) + 8 * at;
          const int digit_here = static_cast<int>(tt::random::whole(s, stream, 0, 10));
          made.digits[at] = digit_here;
          draw(digit_here, {.seed = s, .stream = stream + 1}, made.pictures.data() + at * picture_side * picture_side);
          speak(digit_here, {.seed = s, .stream = stream + 3}, second.data());
          speech_features::compute(second.data(), made.sounds.data() + at * mels * frames);
        }
      },
      &j);
  return p;
}

}  // namespace

digit_data drawn_digits(int train, int validation, int test, std::uint64_t seed) {
  digit_data data{make(train, seed, 1), make(validation, seed, 2), make(test, seed, 3)};
  standardise(data);
  return data;
}

}  // namespace fusion_bench
