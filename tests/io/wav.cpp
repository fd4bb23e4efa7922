#include <doctest/doctest.h>

#include <limits>
#include <tectum/io/wav.hpp>

#include "support.hpp"

using namespace io_test;

namespace {

std::string wav(unsigned codec, unsigned channels, unsigned bits, const bytes& data) {
  const unsigned align = channels * bits / 8;
  bytes out("RIFF");
  out.little(36 + data.text.size(), 4)
      .add("WAVEfmt ")
      .little(16, 4)
      .little(codec, 2)
      .little(channels, 2)
      .little(8000, 4);
  return out.little(8000 * align, 4)
      .little(align, 2)
      .little(bits, 2)
      .add("data")
      .little(data.text.size(), 4)
      .add(data.text)
      .text;
}

std::vector<float> samples(const std::string& content, const tt::wav_options& options = {}) {
  return tt::read_wav(file_of(content, "test.wav"), options).samples;
}

}  // namespace

TEST_CASE("wav: the ends of the range at every width") {
  CHECK(samples(wav(1, 1, 8, bytes().little(0, 1).little(128, 1).little(255, 1).zeros(1))) ==
        std::vector<float>{-1, 0, 127.0f / 128, -1});
  CHECK(samples(wav(1, 1, 16, bytes().little(0x8000, 2).little(0, 2).little(0x7fff, 2))) ==
        std::vector<float>{-1, 0, 32767.0f / 32768});
  CHECK(samples(wav(1, 2, 24, bytes().little(0x800000, 3).little(0x400000, 3))) == std::vector<float>{-1, 0.5f});
  CHECK(samples(wav(1, 1, 32, bytes().little(0x80000000u, 4).little(0x20000000, 4))) == std::vector<float>{-1, 0.25f});
  CHECK(samples(wav(3, 1, 32, bytes().little(0x3f000000, 4).little(0xbf800000u, 4))) == std::vector<float>{0.5f, -1});
  CHECK(samples(wav(1, 1, 16, bytes())).empty());
}

TEST_CASE("wav: stereo, frames and the mean of the channels") {
  const auto audio = tt::read_wav(
      file_of(wav(1, 2, 16, bytes().little(0x4000, 2).little(0, 2).little(0xc000, 2).little(0x4000, 2)), "s.wav"));
  CHECK(audio.channels == 2);
  CHECK(audio.sample_rate == 8000);
  CHECK(audio.frames() == 2);
  CHECK(audio.mono() == std::vector<float>{0.25f, 0});
}

TEST_CASE("wav: the extensible form, other chunks around, a pad byte") {
  bytes out("RIFF");
  out.little(0, 4).add("WAVELIST").little(3, 4).add("abc").zeros(1).add("fmt ").little(40, 4);
  out.little(0xfffe, 2).little(1, 2).little(16000, 4).little(48000, 4).little(3, 2).little(24, 2).little(22, 2).little(
      24, 2);
  out.little(4, 4).little(1, 2).add(std::string_view("\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", 14));
  out.add("data").little(3, 4).little(0x400000, 3).zeros(1).add("id3 ").little(2, 4).add("xy");
  out.text.replace(4, 4, bytes().little(out.text.size() - 8, 4).text);
  CHECK(samples(out.text) == std::vector<float>{0.5f});
}

TEST_CASE("wav: PCM16 comes back bit for bit; what is out of range is cut") {
  const std::string path = (folder() / "round.wav").string();
  std::vector<float> all;
  for (int v = -32768; v < 32768; v += 7) all.push_back(static_cast<float>(v) / 32768);
  all.push_back(32767.0f / 32768);
  tt::write_wav(path, all, 1, 8000);
  const std::string first = content_of(path);
  const auto audio = tt::read_wav(path);
  CHECK(audio.samples == all);
  tt::write_wav(path, audio.samples, 1, audio.sample_rate);
  CHECK(content_of(path) == first);
  tt::write_wav(path, std::vector<float>{2, -2}, 2, 44100);
  CHECK(tt::read_wav(path).samples == std::vector<float>{32767.0f / 32768, -1});
  CHECK(tt::read_wav(path).channels == 2);
  CHECK_THROWS_AS(tt::write_wav(path, std::vector<float>{std::numeric_limits<float>::quiet_NaN()}, 1, 8000),
                  tt::file_error);
  CHECK_THROWS_AS(tt::write_wav(path, std::vector<float>{0, 0, 0}, 2, 8000), tt::file_error);
  CHECK_THROWS_AS(tt::write_wav(path, std::vector<float>{0}, 3, 8000), tt::file_error);
  CHECK_THROWS_AS(tt::write_wav(path, std::vector<float>{0}, 1, 0), tt::file_error);
}

TEST_CASE("wav: float samples beyond 1 are refused, or cut when asked") {
  const std::string loud = wav(3, 1, 32, bytes().little(0x3fc00000, 4));
  CHECK_THROWS_WITH(
      samples(loud),
      ((folder() / "test.wav").string() + ": sample 0: expected a value in [-1, 1], given 1.500000").c_str());
  CHECK(samples(loud, {.clamp = true}) == std::vector<float>{1});
  CHECK_THROWS_AS(samples(wav(3, 1, 32, bytes().little(0x7fc00000, 4)), {.clamp = true}), tt::file_error);
}
