// gzip through zlib: a bounded stream, so that a small file cannot become a large one unseen. Link with zlib.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <string>
#include <tectum/io/file.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

// Reads the content of a source that is one gzip member, in order. zlib checks the member's CRC and length.
class gzip_reader {
 public:
  // Deflate packs at most 1032 bytes into one.
  static constexpr std::uint64_t largest_ratio = 1032;

  explicit gzip_reader(const byte_source& source) : source_(source), block_(16384) {
    if (::inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) refuse("memory for zlib", "none");
  }
  gzip_reader(const gzip_reader&) = delete;
  gzip_reader& operator=(const gzip_reader&) = delete;
  ~gzip_reader() { ::inflateEnd(&stream_); }

  // Whether the source begins as gzip does.
  static bool recognises(const byte_source& source) {
    if (source.size() < 2) return false;
    std::byte magic[2];
    source.read(0, magic, "magic");
    return magic[0] == std::byte{0x1f} && magic[1] == std::byte{0x8b};
  }

  // Fills `out` from the content and returns how many bytes that were: fewer than asked for only at the end, when the
  // member's CRC has been verified. file_error: truncated or damaged, or followed by other bytes.
  std::size_t read(std::span<std::byte> out) {
    std::size_t done = 0;
    while (done < out.size() && !ended_) {
      if (stream_.avail_in == 0) refill();
      const auto room = static_cast<uInt>(std::min<std::size_t>(out.size() - done, 1u << 30));
      stream_.next_out = reinterpret_cast<Bytef*>(out.subspan(done).data());
      stream_.avail_out = room;
      const int status = ::inflate(&stream_, Z_NO_FLUSH);
      done += room - stream_.avail_out;
      if (status == Z_STREAM_END) {
        ended_ = true;
        if (stream_.avail_in > 0 || offset_ < source_.size())
          refuse("the end of the file after one member", "more bytes");
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        refuse("valid deflate data and checksum", stream_.msg ? stream_.msg : "an error of zlib");
      }
    }
    return done;
  }

 private:
  [[noreturn]] void refuse(const char* expected, const char* given) const {
    io_detail::fail(source_.label(), "gzip", expected, given);
  }
  void refill() {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(block_.size(), source_.size() - offset_));
    if (count == 0) refuse("the end of the member", "the end of the file: truncated");
    source_.read(offset_, std::span(block_).first(count), "gzip");
    offset_ += count;
    stream_.next_in = reinterpret_cast<Bytef*>(block_.data());
    stream_.avail_in = static_cast<uInt>(count);
  }

  const byte_source& source_;
  std::vector<std::byte> block_;
  std::uint64_t offset_ = 0;
  z_stream stream_{};
  bool ended_ = false;
};

// The content of a gzip source, at most `limit` bytes; memory grows with what is really there.
inline std::vector<std::byte> gunzip(const byte_source& source, std::uint64_t limit) {
  gzip_reader content(source);
  limit = std::min(limit, std::uint64_t{1} << 62);
  std::vector<std::byte> out;
  constexpr std::size_t block = 65536;
  for (;;) {
    const std::size_t before = out.size();
    // One byte over the limit tells a content that is too long from one that fits.
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(std::max(block, before), limit - before + 1));
    out.resize(before + wanted);
    const std::size_t got = content.read(std::span(out).subspan(before));
    out.resize(before + got);
    if (out.size() > limit)
      io_detail::fail(source.label(), "gzip", "a content of at most " + io_detail::bytes_text(limit), "more");
    if (got < wanted) return out;
  }
}

inline std::vector<std::byte> gunzip(const std::string& path, std::uint64_t limit) {
  return gunzip(byte_source(path), limit);
}

}  // namespace tectum::inline TECTUM_ABI
