// The malicious WAV files M41 to M50, each with the error that it must give.
#include <doctest/doctest.h>

#include <tectum/io/wav.hpp>

#include "support.hpp"

using namespace io_test;

namespace {

const auto strict = [](const std::string& path) { (void)tt::read_wav(path); };
const auto tolerant = [](const std::string& path) {
  (void)tt::read_wav(path, {.length = tt::wav_length::tolerate_length});
};

struct fields {
  unsigned codec = 1, channels = 1;
  std::uint64_t rate = 8000;
  long align = -1;  // -1: what follows from the others
  unsigned bits = 16;
};

std::string format(const fields& f) {
  const std::uint64_t align = f.align < 0 ? f.channels * f.bits / 8 : static_cast<std::uint64_t>(f.align);
  bytes out("fmt ");
  return out.little(16, 4)
      .little(f.codec, 2)
      .little(f.channels, 2)
      .little(f.rate, 4)
      .little(f.rate * align, 4)
      .little(align, 2)
      .little(f.bits, 2)
      .text;
}

std::string chunk(std::string_view id, std::string_view content) {
  bytes out(id);
  out.little(content.size(), 4).add(content);
  return content.size() % 2 ? out.zeros(1).text : out.text;
}

std::string riff(const std::string& chunks) {
  return bytes("RIFF").little(4 + chunks.size(), 4).add("WAVE").add(chunks).text;
}

const std::string data = chunk("data", std::string(8, '\0'));
std::string with(const fields& f) { return riff(format(f) + data); }

void both(const std::string& content, std::initializer_list<std::string_view> parts) {
  check_refused(content, strict, parts);
  check_refused(content, tolerant, parts);
}

}  // namespace

TEST_CASE("hostile wav: M41-M44 fields out of range") {
  CHECK(refusal(with({}), strict).empty());
  both(with({.channels = 0}), {"field nChannels: expected 1 or 2, given 0"});
  both(with({.channels = 65535}), {"field nChannels", "given 65535"});
  both(with({.align = 0}), {"field nBlockAlign: expected 2, given 0"});
  both(with({.align = 4}), {"field nBlockAlign: expected 2, given 4"});
  for (const unsigned bits : {0u, 1u, 12u, 64u, 65535u})
    both(with({.bits = bits}), {"field wBitsPerSample: expected 8, 16, 24 or 32, given " + std::to_string(bits)});
  both(with({.codec = 3, .bits = 64}), {"field wBitsPerSample: expected 32 for float, given 64"});
  both(with({.rate = 0}), {"field nSamplesPerSec: expected 1 to 1000000 Hz, given 0"});
  both(with({.rate = 0xffffffffu}), {"given 4294967295"});
  std::string wrong_rate = with({});
  wrong_rate[28] = 1;
  check_refused(wrong_rate, strict, {"field nAvgBytesPerSec: expected 16000, given 15873"});
}

TEST_CASE("hostile wav: M45, M47 sizes that lie") {
  const std::string lying = bytes("LIST").little(0xffffffffu, 4).text;
  both(riff(format({}) + lying + data),
       {"chunk 'LIST' size: expected at most the 16 bytes left in the file, given 4294967295"});
  check_refused(riff(format({}) + chunk("LIST", "abc") + data).substr(0, 12 + 24 + 11), strict, {"RIFF size"});
  std::string unpadded = riff(format({.bits = 8}) + "data" + bytes().little(3, 4).add("abc").text);
  check_refused(unpadded, strict, {"chunk 'data': expected a pad byte after its odd size"});
  CHECK(refusal(unpadded, tolerant).empty());
  const std::string cut = riff(format({}) + "data" + bytes().little(0xffffffffu, 4).zeros(7).text);
  check_refused(cut, strict, {"chunk 'data' size: expected at most the 7 bytes left in the file, given 4294967295"});
  CHECK(refusal(cut, tolerant).empty());
  CHECK(tt::read_wav(file_of(cut), {.length = tt::wav_length::tolerate_length}).samples.size() == 3);
  check_refused(riff(format({}) + chunk("data", "abc")), strict,
                {"chunk data size: expected a multiple of 2, given 3"});
  std::string wrong_size = with({});
  wrong_size[4] = 1;
  check_refused(wrong_size, strict, {"RIFF size: expected 44, given 1"});
  CHECK(refusal(wrong_size, tolerant).empty());
  both(riff(bytes("fmt ").little(15, 4).zeros(16).text + data), {"chunk fmt size: expected 16, 18 or 40, given 15"});
}

TEST_CASE("hostile wav: M46, M48 chunks missing, in another order, twice, or a million") {
  both(riff(data + format({})), {"chunk data: expected chunk fmt before it"});
  both(riff(format({}) + format({}) + data), {"chunk fmt: expected one, given a second one"});
  both(riff(format({}) + data + data), {"chunk data: expected one, given a second one"});
  both(riff(format({})), {"chunk data: expected one, given none"});
  both(riff(""), {"chunk fmt: expected one, given none"});
  std::string many = format({});
  many.reserve(8'000'100);
  for (int i = 0; i < 1'000'000; ++i) many += std::string_view("JUNK\0\0\0\0", 8);
  both(riff(many + data), {"chunks: expected at most 1000, given more"});
}

TEST_CASE("hostile wav: M49, M50 other codecs and containers by name; samples that are no numbers") {
  both(with({.codec = 2}), {"codec: expected PCM or float32, given ADPCM (codec 2)"});
  both(with({.codec = 7}), {"mu-law"});
  both(with({.codec = 6}), {"A-law"});
  both(with({.codec = 0x55}), {"MP3"});
  both(with({.codec = 0x1234}), {"unknown (codec 4660)"});
  bytes extensible("fmt ");
  extensible.little(40, 4)
      .little(0xfffe, 2)
      .little(1, 2)
      .little(8000, 4)
      .little(16000, 4)
      .little(2, 2)
      .little(16, 2)
      .little(22, 2)
      .little(16, 2);
  extensible.little(4, 4).little(1, 2);
  both(riff(extensible.text + std::string(14, 'g') + data), {"WAVE_FORMAT_EXTENSIBLE with an unknown GUID"});
  for (const char* container : {"RF64", "RIFX", "BW64"})
    both(with({}).replace(0, 4, container), {"container: expected RIFF, given ", container});
  both(with({}).replace(0, 4, "OggS"), {"magic: expected RIFF and WAVE"});
  for (const std::uint64_t sample : {0x7fc00000u, 0x7f800000u, 0xff800000u, 0x7e967699u})
    both(riff(format({.codec = 3, .bits = 32}) + chunk("data", bytes().zeros(4).little(sample, 4).text)),
         {"sample 1: expected a value in [-1, 1]"});
}

TEST_CASE("hostile wav: cut at every byte, every byte changed") {
  check_truncations(with({}), strict);
  check_mutations(with({}), strict);
  check_mutations(with({.codec = 3, .bits = 32}), tolerant);
  const std::string whole = with({});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK(refusal(whole.substr(0, length), tolerant).empty() == (length >= 44));  // from the data's header on
  }
}
