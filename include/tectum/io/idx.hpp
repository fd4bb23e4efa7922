// IDX, the format of the MNIST files, plain or gzipped. Link with zlib.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <tectum/io/gzip.hpp>
#include <tectum/io/scalar.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

namespace io_detail {

// The bytes of an IDX file in order, whichever way they are stored.
class idx_stream {
 public:
  explicit idx_stream(const byte_source& source) : source_(source) {
    if (gzip_reader::recognises(source)) unpacked_.emplace(source);
  }
  // Bytes that the rest can have at most; deflate's own ratio bounds what is compressed.
  std::uint64_t most_left() const {
    if (!unpacked_) return source_.size() - offset_;
    return checked_product({source_.size(), gzip_reader::largest_ratio}).value_or(0);
  }
  std::size_t read(std::span<std::byte> out) {
    if (unpacked_) return unpacked_->read(out);
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), source_.size() - offset_));
    source_.read(offset_, out.first(count), "data");
    offset_ += count;
    return count;
  }
  void fill(std::span<std::byte> out, const char* item) {
    const std::size_t got = read(out);
    if (got != out.size()) fail(source_.label(), item, bytes_text(out.size()), bytes_text(got));
  }

 private:
  const byte_source& source_;
  std::optional<gzip_reader> unpacked_;
  std::uint64_t offset_ = 0;
};

inline stored_type idx_type(const std::string& label, unsigned code) {
  switch (code) {
    case 0x08: return stored_type::u8;
    case 0x09: return stored_type::i8;
    case 0x0b: return stored_type::i16;
    case 0x0c: return stored_type::i32;
    case 0x0d: return stored_type::f32;
    case 0x0e: return stored_type::f64;
    default: fail(label, "type byte", "8, 9, 11, 12, 13 or 14", std::to_string(code));
  }
}

}  // namespace io_detail

// All elements as T, row-major. file_error: unknown type byte, no extents, an extent of 0, more or fewer bytes than the
// extents need, a value that does not fit T, a damaged gzip member. Memory grows with what is really in the file.
template <class T>
array_data<T> read_idx(const byte_source& source) {
  using namespace io_detail;
  const std::string& label = source.label();
  idx_stream stream(source);
  std::byte magic[4];
  stream.fill(magic, "magic");
  if (magic[0] != std::byte{0} || magic[1] != std::byte{0}) fail(label, "magic", "two zero bytes", "others");
  const stored_type type = idx_type(label, static_cast<unsigned>(magic[2]));
  const auto rank = static_cast<std::size_t>(magic[3]);
  constexpr std::size_t most_extents = 8;
  if (rank == 0 || rank > most_extents) fail(label, "number of extents", "1 to 8", std::to_string(rank));
  array_data<T> out;
  for (std::size_t k = 0; k < rank; ++k) {
    std::byte extent[4];
    stream.fill(extent, "extents");
    out.extents.push_back(static_cast<std::int64_t>(load_big<std::uint32_t>(extent)));
  }
  if (std::ranges::find(out.extents, 0) != out.extents.end())
    fail(label, "extents", "extents of at least 1", text_of(out.extents));
  const auto bytes = checked_product(out.extents, size_of(type));
  if (!bytes) fail(label, "extents", "extents whose product is below 2^63 bytes", text_of(out.extents));
  if (*bytes > stream.most_left())
    fail(label, "data", bytes_text(*bytes) + " for " + name_of(type) + " " + text_of(out.extents),
         "at most " + bytes_text(stream.most_left()));

  constexpr std::uint64_t block = 65536;
  std::vector<std::byte> raw(static_cast<std::size_t>(std::min(block, *bytes)));
  for (std::uint64_t done = 0; done < *bytes; done += raw.size()) {
    raw.resize(static_cast<std::size_t>(std::min<std::uint64_t>(raw.size(), *bytes - done)));
    stream.fill(raw, "data");
    const std::size_t first = out.data.size(), count = raw.size() / size_of(type);
    out.data.resize(first + count);
    std::size_t bad = 0;
    if (!convert_elements(raw, type, std::endian::big, std::span(out.data).subspan(first), bad))
      fail(label, "element " + std::to_string(first + bad),
           std::string("a value that fits ") + name_of(stored_type_of<T>()),
           std::string(name_of(type)) + " that does not");
  }
  std::byte after[1];
  if (stream.read(after) != 0) fail(label, "data", "nothing after " + bytes_text(*bytes), "more bytes");
  return out;
}

template <class T>
array_data<T> read_idx(const std::string& path) {
  return read_idx<T>(byte_source(path));
}

// Labels of an IDX file with one extent: every one of them in [0, classes), or file_error naming the element.
inline std::vector<std::int32_t> read_idx_labels(const byte_source& source, std::int32_t classes) {
  array_data<std::int32_t> labels = read_idx<std::int32_t>(source);
  if (labels.extents.size() != 1)
    io_detail::fail(source.label(), "extents", "one extent", io_detail::text_of(labels.extents));
  for (std::size_t i = 0; i < labels.data.size(); ++i)
    if (labels.data[i] < 0 || labels.data[i] >= classes)
      io_detail::fail(source.label(), "element " + std::to_string(i),
                      "a label from 0 to " + std::to_string(classes - 1), std::to_string(labels.data[i]));
  return std::move(labels.data);
}

inline std::vector<std::int32_t> read_idx_labels(const std::string& path, std::int32_t classes) {
  return read_idx_labels(byte_source(path), classes);
}

}  // namespace tectum::inline TECTUM_ABI
