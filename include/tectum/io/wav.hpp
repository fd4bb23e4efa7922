// WAV: PCM of 8, 16, 24 and 32 bits and float32, mono or stereo, read to float in [-1, 1]; PCM16 written.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <tectum/io/scalar.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

// Sound: interleaved samples in [-1, 1].
struct wav_audio {
  int sample_rate = 0;  // Hz
  int channels = 0;     // 1 or 2
  std::vector<float> samples;

  std::size_t frames() const { return channels == 0 ? 0 : samples.size() / static_cast<std::size_t>(channels); }
  // The mean of the channels.
  std::vector<float> mono() const {
    std::vector<float> out(frames());
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = channels == 2 ? (samples[2 * i] + samples[2 * i + 1]) / 2 : samples[i];
    return out;
  }
};

// strict: the sizes in the file are those of the file. tolerate_length: a recording that was cut off is read as far as
// it goes (RIFF and data sizes that lie, a last partial frame, a missing pad byte).
enum class wav_length : unsigned char { strict, tolerate_length };

struct wav_options {
  wav_length length = wav_length::strict;
  bool clamp = false;  // float samples beyond [-1, 1] are cut instead of refused; NaN and infinity never pass
};

namespace io_detail {

class wav_parser {
 public:
  wav_parser(const byte_source& source, const wav_options& options) : source_(source), options_(options) {}

  wav_audio parse() {
    std::byte riff[12];
    source_.read(0, riff, "RIFF header");
    const std::string_view form = four(std::span(riff).subspan<0, 4>());
    if (form == "RF64" || form == "RIFX" || form == "BW64") refuse("container", "RIFF", std::string(form));
    if (form != "RIFF" || four(std::span(riff).subspan<8, 4>()) != "WAVE") refuse("magic", "RIFF and WAVE", "others");
    const auto size = load_little<std::uint32_t>(std::span(riff).subspan<4, 4>());
    if (strict() && size != source_.size() - 8)
      refuse("RIFF size", std::to_string(source_.size() - 8), std::to_string(size));
    chunks();
    if (!format_seen_) refuse("chunk fmt", "one", "none");
    if (!data_seen_) refuse("chunk data", "one", "none");
    return samples();
  }

 private:
  [[noreturn]] void refuse(std::string item, std::string expected, std::string given) const {
    fail(source_.label(), std::move(item), std::move(expected), std::move(given));
  }
  bool strict() const { return options_.length == wav_length::strict; }
  static std::string_view four(std::span<const std::byte, 4> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), 4};
  }

  void chunks() {
    constexpr int most = 1000;  // a million empty chunks would be a million reads
    std::uint64_t at = 12;
    for (int count = 0; at < source_.size(); ++count) {
      if (count == most) refuse("chunks", "at most 1000", "more");
      std::byte head[8];
      if (source_.size() - at < sizeof head && !strict()) return;
      source_.read(at, head, "chunk header");
      at += sizeof head;
      const std::string_view id = four(std::span(head).first<4>());
      std::uint64_t size = load_little<std::uint32_t>(std::span(head).last<4>());
      const std::uint64_t left = source_.size() - at;
      if (size > left) {
        if (strict() || id != "data")
          refuse("chunk " + shown(id) + " size", "at most the " + bytes_text(left) + " left in the file",
                 std::to_string(size));
        size = left;
      }
      if (id == "fmt ") {
        if (format_seen_) refuse("chunk fmt", "one", "a second one");
        format(at, size);
      } else if (id == "data") {
        if (data_seen_) refuse("chunk data", "one", "a second one");
        if (!format_seen_) refuse("chunk data", "chunk fmt before it", "none");
        data_seen_ = true;
        data_begin_ = at;
        data_size_ = size;
      }
      at += size;
      if (size % 2 == 1) {
        if (at < source_.size()) ++at;
        else if (strict()) refuse("chunk " + shown(id), "a pad byte after its odd size", "the end of the file");
      }
    }
  }

  void format(std::uint64_t at, std::uint64_t size) {
    if (size != 16 && size != 18 && size != 40) refuse("chunk fmt size", "16, 18 or 40", std::to_string(size));
    std::byte bytes[40] = {};
    const std::span<std::byte, 40> all(bytes);
    source_.read(at, all.first(static_cast<std::size_t>(size)), "chunk fmt");
    unsigned codec = load_little<std::uint16_t>(all.subspan<0, 2>());
    channels_ = load_little<std::uint16_t>(all.subspan<2, 2>());
    rate_ = load_little<std::uint32_t>(all.subspan<4, 4>());
    const auto byte_rate = load_little<std::uint32_t>(all.subspan<8, 4>());
    const unsigned align = load_little<std::uint16_t>(all.subspan<12, 2>());
    bits_ = load_little<std::uint16_t>(all.subspan<14, 2>());
    const unsigned extra = load_little<std::uint16_t>(all.subspan<16, 2>());
    if (codec == 0xfffe) {
      if (size != 40 || extra != 22)
        refuse("chunk fmt", "22 further bytes for WAVE_FORMAT_EXTENSIBLE", std::to_string(extra));
      codec = subformat(all);
      const unsigned valid = load_little<std::uint16_t>(all.subspan<18, 2>());
      if (valid != bits_) refuse("field validBitsPerSample", std::to_string(bits_), std::to_string(valid));
    } else if (size == 40 || (size == 18 && extra != 0)) {
      refuse("chunk fmt", "no further bytes for a plain codec", std::to_string(extra));
    }
    if (codec != 1 && codec != 3) refuse("codec", "PCM or float32", codec_text(codec));
    floating_ = codec == 3;
    if (channels_ != 1 && channels_ != 2) refuse("field nChannels", "1 or 2", std::to_string(channels_));
    constexpr std::uint32_t fastest = 1'000'000;
    if (rate_ < 1 || rate_ > fastest) refuse("field nSamplesPerSec", "1 to 1000000 Hz", std::to_string(rate_));
    if (floating_ ? bits_ != 32 : bits_ != 8 && bits_ != 16 && bits_ != 24 && bits_ != 32)
      refuse("field wBitsPerSample", floating_ ? "32 for float" : "8, 16, 24 or 32", std::to_string(bits_));
    const std::uint64_t frame = checked_product({channels_, bits_ / 8}).value();
    if (align != frame) refuse("field nBlockAlign", std::to_string(frame), std::to_string(align));
    const std::uint64_t rate = checked_product({frame, rate_}).value();
    if (strict() && byte_rate != rate) refuse("field nAvgBytesPerSec", std::to_string(rate), std::to_string(byte_rate));
    format_seen_ = true;
  }

  unsigned subformat(std::span<const std::byte, 40> all) const {
    constexpr unsigned char tail[14] = {0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71};
    for (std::size_t i = 0; i < sizeof tail; ++i)
      if (all[26 + i] != static_cast<std::byte>(tail[i]))
        refuse("codec", "PCM or float32", "WAVE_FORMAT_EXTENSIBLE with an unknown GUID");
    return load_little<std::uint16_t>(all.subspan<24, 2>());
  }

  static std::string codec_text(unsigned codec) {
    const char* title = codec == 2      ? "ADPCM"
                        : codec == 6    ? "A-law"
                        : codec == 7    ? "mu-law"
                        : codec == 0x11 ? "IMA ADPCM"
                        : codec == 0x31 ? "GSM 6.10"
                        : codec == 0x50 ? "MPEG audio"
                        : codec == 0x55 ? "MP3"
                                        : "unknown";
    return std::string(title) + " (codec " + std::to_string(codec) + ")";
  }

  wav_audio samples() const {
    const std::uint64_t bytes = bits_ / 8, frame = channels_ * bytes;
    if (strict() && data_size_ % frame != 0)
      refuse("chunk data size", "a multiple of " + std::to_string(frame), std::to_string(data_size_));
    wav_audio out;
    out.sample_rate = static_cast<int>(rate_);
    out.channels = static_cast<int>(channels_);
    out.samples.resize(static_cast<std::size_t>((data_size_ - data_size_ % frame) / bytes));
    constexpr std::size_t block = 8192;
    std::vector<std::byte> raw(std::min(block, out.samples.size()) * bytes);
    std::uint64_t at = data_begin_;
    for (std::size_t first = 0; first < out.samples.size(); first += block) {
      const std::size_t count = std::min(block, out.samples.size() - first);
      const auto part = std::span(raw).first(count * bytes);
      source_.read(at, part, "chunk data");
      at += part.size();
      for (std::size_t i = 0; i < count; ++i)
        out.samples[first + i] = sample(part.subspan(i * bytes, bytes), first + i);
    }
    return out;
  }

  float sample(std::span<const std::byte> bytes, std::size_t place) const {
    if (floating_) {
      const auto value = load_little<float>(bytes.first<4>());
      if (!finite(value) || (!options_.clamp && (value > 1 || value < -1)))
        refuse("sample " + std::to_string(place), "a value in [-1, 1]",
               finite(value) ? std::to_string(value) : "NaN or infinity");
      return std::clamp(value, -1.0f, 1.0f);
    }
    if (bits_ == 8) return static_cast<float>(static_cast<int>(bytes[0]) - 128) / 128.0f;
    // The bytes go to the top of 32 bits, so that the sign is in its place whatever the width.
    std::uint32_t value = 0;
    for (const std::byte b : bytes) value = (value >> 8) | (static_cast<std::uint32_t>(b) << 24);
    return static_cast<float>(static_cast<double>(static_cast<std::int32_t>(value)) / 2147483648.0);
  }

  const byte_source& source_;
  const wav_options& options_;
  bool format_seen_ = false, data_seen_ = false, floating_ = false;
  unsigned channels_ = 0, bits_ = 0;
  std::uint32_t rate_ = 0;
  std::uint64_t data_begin_ = 0, data_size_ = 0;
};

}  // namespace io_detail

// A WAV file as float: PCM divided by 2^(bits - 1). Other codecs, more than two channels, RF64 and RIFX are refused by
// name; file_error says which field.
inline wav_audio read_wav(const byte_source& source, const wav_options& options = {}) {
  return io_detail::wav_parser(source, options).parse();
}
inline wav_audio read_wav(const std::string& path, const wav_options& options = {}) {
  return read_wav(byte_source(path), options);
}

// Replaces the file at `path` by PCM16: samples times 32768, rounded, cut to the range; NaN is refused. What read_wav
// gave for a PCM16 file is written back bit for bit.
inline void write_wav(const std::string& path, std::span<const float> samples, int channels, int sample_rate) {
  using namespace io_detail;
  if (channels != 1 && channels != 2) fail(path, "field nChannels", "1 or 2", std::to_string(channels));
  if (sample_rate < 1 || sample_rate > 1'000'000)
    fail(path, "field nSamplesPerSec", "1 to 1000000 Hz", std::to_string(sample_rate));
  const auto lanes = static_cast<std::uint32_t>(channels), rate = static_cast<std::uint32_t>(sample_rate);
  constexpr std::uint64_t largest = 0xffffffffu - 36;
  if (samples.size() % lanes != 0 || samples.size() > largest / 2)
    fail(path, "samples", "whole frames, below 4 GiB", std::to_string(samples.size()));
  const auto size = static_cast<std::uint32_t>(samples.size() * 2);

  std::vector<std::byte> bytes(44 + size);
  std::size_t at = 0;
  const auto word = [&](auto value) {
    store_little(value, std::span(bytes).subspan(at).template first<sizeof value>());
    at += sizeof value;
  };
  const auto id = [&](std::string_view text) {
    for (const char c : text) word(static_cast<std::uint8_t>(c));
  };
  id("RIFF"), word(36 + size), id("WAVEfmt "), word(std::uint32_t{16}), word(std::uint16_t{1});
  word(static_cast<std::uint16_t>(lanes)), word(rate), word(rate * lanes * 2),
      word(static_cast<std::uint16_t>(lanes * 2));
  word(std::uint16_t{16}), id("data"), word(size);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!finite(samples[i])) fail(path, "sample " + std::to_string(i), "a finite value", "NaN or infinity");
    const float scaled = std::clamp(samples[i] * 32768.0f, -32768.0f, 32767.0f);
    word(static_cast<std::int16_t>(std::lrint(scaled)));
  }
  write_file(path, bytes);
}

}  // namespace tectum::inline TECTUM_ABI
