// NumPy's .npy, versions 1 to 3: read with the sizes checked before anything is allocated, and written.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <tectum/io/npy_header.hpp>
#include <tectum/io/scalar.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

template <class T>
using npy_array = array_data<T>;

// An open .npy file of which the shape is known and the size verified. Refused by name: objects (pickle), structured
// types, text, complex numbers, dates; a file with fewer or more bytes than its shape needs.
class npy_reader {
 public:
  explicit npy_reader(const std::string& path) : source_(path) { open(); }
  npy_reader(std::span<const std::byte> memory, const std::string& label) : source_(memory, label) { open(); }

  const std::vector<std::int64_t>& extents() const noexcept { return extents_; }
  stored_type type() const noexcept { return type_; }
  bool fortran_order() const noexcept { return fortran_; }
  std::uint64_t count() const noexcept { return count_; }

  // The elements in row-major order, whatever the order in the file; file_error when a value does not fit T.
  template <class T>
  npy_array<T> read() const {
    npy_array<T> out;
    out.extents = extents_;
    out.data.resize(static_cast<std::size_t>(count_));
    io_detail::read_elements(source_, data_begin_, type_, order_, std::span(out.data), "data");
    if (fortran_ && extents_.size() > 1 && count_ > 0) {
      std::vector<T> rows(out.data.size());
      // `at` is the place in the file of the next row-major element; the file's first axis moves fastest.
      std::vector<std::int64_t> place(extents_.size(), 0);
      std::vector<std::size_t> step(extents_.size(), 1);
      for (std::size_t k = 1; k < step.size(); ++k) step[k] = step[k - 1] * static_cast<std::size_t>(extents_[k - 1]);
      std::size_t at = 0;
      for (T& element : rows) {
        element = out.data[at];
        for (std::size_t axis = place.size(); axis > 0; --axis) {
          const std::size_t k = axis - 1;
          at += step[k];
          if (++place[k] < extents_[k]) break;
          at -= step[k] * static_cast<std::size_t>(extents_[k]);
          place[k] = 0;
        }
      }
      out.data = std::move(rows);
    }
    return out;
  }

 private:
  void open() {
    using namespace io_detail;
    const std::string& label = source_.label();
    std::byte prefix[12];
    source_.read(0, std::span(prefix).first(10), "magic");
    constexpr unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
    for (std::size_t i = 0; i < sizeof magic; ++i)
      if (prefix[i] != static_cast<std::byte>(magic[i])) fail(label, "magic", "\\x93NUMPY", "another");
    const int major = static_cast<int>(prefix[6]), minor = static_cast<int>(prefix[7]);
    if (major < 1 || major > 3 || minor != 0)
      fail(label, "version", "1.0, 2.0 or 3.0", std::to_string(major) + "." + std::to_string(minor));
    std::uint64_t begin = 10, length = load_little<std::uint16_t>(std::span(prefix).subspan<8, 2>());
    if (major > 1) {
      begin = 12;
      source_.read(0, prefix, "header length");
      length = load_little<std::uint32_t>(std::span(prefix).subspan<8, 4>());
    }
    constexpr std::uint64_t longest = 65536;
    const std::uint64_t left = source_.size() - begin;
    if (length > std::min(longest, left))
      fail(label, "header length", "at most " + bytes_text(std::min(longest, left)), std::to_string(length));
    std::vector<std::byte> text(static_cast<std::size_t>(length));
    source_.read(begin, text, "header");
    npy_header_parser header(label, text);
    header.parse();
    set_type(header.descr);
    fortran_ = header.fortran;
    extents_ = std::move(header.extents);
    data_begin_ = begin + length;

    const auto bytes = checked_product(extents_, size_of(type_));
    if (!bytes) fail(label, "field shape", "extents whose product is below 2^63 bytes", text_of(extents_));
    if (*bytes != left - length)
      fail(label, "data", bytes_text(*bytes) + " for " + name_of(type_) + " " + text_of(extents_),
           bytes_text(left - length));
    count_ = *bytes / size_of(type_);
  }

  void set_type(std::string_view descr) {
    struct known {
      const char* text;
      stored_type type;
    };
    constexpr known types[] = {{"f8", stored_type::f64}, {"f4", stored_type::f32}, {"f2", stored_type::f16},
                               {"i8", stored_type::i64}, {"i4", stored_type::i32}, {"i2", stored_type::i16},
                               {"i1", stored_type::i8},  {"u8", stored_type::u64}, {"u4", stored_type::u32},
                               {"u2", stored_type::u16}, {"u1", stored_type::u8},  {"b1", stored_type::boolean}};
    const char order = descr.empty() ? '\0' : descr.front();
    if (order == '<' || order == '>' || order == '|' || order == '=')
      for (const known& k : types)
        if (descr.substr(1) == k.text && (order != '|' || size_of(k.type) == 1)) {
          type_ = k.type;
          order_ = order == '<' ? std::endian::little : order == '>' ? std::endian::big : std::endian::native;
          return;
        }
    const std::string_view code = descr.substr(descr.empty() ? 0 : 1);
    const char* what = code.starts_with('O')   ? "objects (pickle) "
                       : code.starts_with('U') ? "text "
                       : code.starts_with('S') ? "text "
                       : code.starts_with('c') ? "complex numbers "
                                               : "";
    io_detail::fail(source_.label(), "field descr", "b1, i1, i2, i4, i8, u1, u2, u4, u8, f2, f4 or f8",
                    what + io_detail::shown(descr));
  }

  byte_source source_;
  stored_type type_ = stored_type::f32;
  std::endian order_ = std::endian::little;
  bool fortran_ = false;
  std::vector<std::int64_t> extents_;
  std::uint64_t count_ = 0, data_begin_ = 0;
};

// A whole .npy file as T, row-major.
template <class T>
npy_array<T> read_npy(const std::string& path) {
  return npy_reader(path).read<T>();
}

// Replaces the file at `path` by `data`, row-major with these extents, as version 1.0 in little-endian order.
template <class T>
void write_npy(const std::string& path, std::span<const T> data, std::span<const std::int64_t> extents) {
  using namespace io_detail;
  const auto count = checked_product(extents);
  if (!count || *count != data.size())
    fail(path, "data", "as many elements as " + text_of(extents) + " has", std::to_string(data.size()));
  constexpr stored_type type = stored_type_of<T>();
  std::string header = std::string("{'descr': '") + (sizeof(T) == 1 ? "|" : "<") +
                       (is_floating(type)     ? "f"
                        : std::is_signed_v<T> ? "i"
                                              : "u") +
                       std::to_string(sizeof(T)) + "', 'fortran_order': False, 'shape': (";
  for (const std::int64_t extent : extents) header += std::to_string(extent) + ", ";
  header += "), }";
  header.append((64 - (header.size() + 11) % 64) % 64, ' ');
  header += "\n";
  if (header.size() > 65535) fail(path, "header", "fewer extents", std::to_string(extents.size()));

  std::vector<std::byte> prefix(10);
  constexpr unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  for (std::size_t i = 0; i < sizeof magic; ++i) prefix[i] = static_cast<std::byte>(magic[i]);
  store_little(static_cast<std::uint16_t>(header.size()), std::span(prefix).template subspan<8, 2>());
  atomic_file file(path);
  file.write(prefix);
  file.write(std::as_bytes(std::span(header)));
  write_elements(file, data);
  file.commit();
}

}  // namespace tectum::inline TECTUM_ABI
