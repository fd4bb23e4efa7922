// The header of a safetensors file: what it lists, read strictly; and the whole file read by tensor name.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <tectum/io/json.hpp>
#include <tectum/io/scalar.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

struct tensor_entry {
  std::string name;
  stored_type type = stored_type::f32;
  std::vector<std::int64_t> extents;
  std::uint64_t begin = 0, end = 0;  // bytes from the end of the header
};

struct safetensors_header {
  std::vector<tensor_entry> tensors;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
  std::uint64_t data_begin = 0;  // offset in the file of the first byte of data
};

namespace io_detail {

struct safetensors_dtype {
  const char* text;
  stored_type type;
};
inline constexpr safetensors_dtype safetensors_dtypes[] = {
    {"F64", stored_type::f64},     {"F32", stored_type::f32}, {"F16", stored_type::f16}, {"BF16", stored_type::bf16},
    {"I64", stored_type::i64},     {"I32", stored_type::i32}, {"I16", stored_type::i16}, {"I8", stored_type::i8},
    {"U64", stored_type::u64},     {"U32", stored_type::u32}, {"U16", stored_type::u16}, {"U8", stored_type::u8},
    {"BOOL", stored_type::boolean}};

inline std::string tensor_item(std::string_view tensor) { return "tensor " + shown(tensor); }

// Parses the header of one file; every method either succeeds or throws file_error.
class safetensors_parser {
 public:
  safetensors_parser(const std::string& label, std::span<const std::byte> text, std::uint64_t data_bytes)
      : label_(label),
        json_(text),
        data_bytes_(data_bytes) {}

  safetensors_header parse() {
    safetensors_header header;
    bool metadata_seen = false;
    need(json_.open_object());
    json_string key;
    for (bool more = false; need(json_.next_member(key, more)), more;) {
      if (key == "__metadata__") {
        if (metadata_seen) fail(label_, "header", "one __metadata__", "a second one");
        metadata_seen = true;
        metadata(header);
      } else {
        header.tensors.push_back(entry(key.text()));
      }
    }
    need(json_.end());
    unique(header.tensors);
    cover(header.tensors);
    return header;
  }

 private:
  void need(bool possible) const {
    if (!possible)
      fail(label_, "header, byte " + std::to_string(8 + json_.position()), json_.error(), "something else");
  }

  void metadata(safetensors_header& header) {
    need(json_.open_object());
    json_string key, value;
    for (bool more = false; need(json_.next_member(key, more)), more;) {
      need(json_.string(value));
      std::string text = key.text();
      if (header.metadata.contains(text)) fail(label_, "metadata " + shown(text), "one value", "a second one");
      header.metadata.emplace(std::move(text), value.text());
    }
  }

  tensor_entry entry(std::string title) {
    constexpr std::size_t longest_name = 4096, most_extents = 32;
    const std::string item = tensor_item(title);
    if (title.size() > longest_name)
      fail(label_, item, "a name of at most " + bytes_text(longest_name), bytes_text(title.size()));
    tensor_entry result;
    result.name = std::move(title);
    bool dtype = false, extents = false, offsets = false;
    const auto once = [&](bool& seen, const char* field) {
      if (seen) fail(label_, item, std::string("one field ") + field, "a second one");
      seen = true;
    };
    need(json_.open_object());
    json_string key;
    for (bool more = false; need(json_.next_member(key, more)), more;) {
      if (key == "dtype") {
        once(dtype, "dtype");
        json_string text;
        need(json_.string(text));
        const auto* found =
            std::ranges::find_if(safetensors_dtypes, [&](const safetensors_dtype& d) { return text == d.text; });
        if (found == std::ranges::end(safetensors_dtypes))
          fail(label_, item, "a supported dtype", "the unsupported dtype " + shown(text.text()));
        result.type = found->type;
      } else if (key == "shape") {
        once(extents, "shape");
        need(json_.open_array());
        for (bool element = false; need(json_.next_element(element)), element;) {
          std::uint64_t extent = 0;
          need(json_.unsigned_integer(extent));
          if (extent > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            fail(label_, item, "extents below 2^63", std::to_string(extent));
          if (result.extents.size() == most_extents) fail(label_, item, "at most 32 extents", "more");
          result.extents.push_back(static_cast<std::int64_t>(extent));
        }
      } else if (key == "data_offsets") {
        once(offsets, "data_offsets");
        bool element = false;
        need(json_.open_array());
        for (std::uint64_t* out : {&result.begin, &result.end}) {
          need(json_.next_element(element));
          if (!element) fail(label_, item, "two data_offsets", "fewer");
          need(json_.unsigned_integer(*out));
        }
        need(json_.next_element(element));
        if (element) fail(label_, item, "two data_offsets", "more");
      } else {
        fail(label_, item, "the fields dtype, shape and data_offsets", "the field " + shown(key.text()));
      }
    }
    if (!dtype || !extents || !offsets)
      fail(label_, item, std::string("a field ") + (!dtype ? "dtype" : !extents ? "shape" : "data_offsets"), "none");
    measure(result, item);
    return result;
  }

  void measure(const tensor_entry& e, const std::string& item) const {
    const std::string given = "data_offsets [" + std::to_string(e.begin) + ", " + std::to_string(e.end) + "]";
    if (e.end < e.begin) fail(label_, item, "data_offsets that run forward", given);
    if (e.end > data_bytes_)
      fail(label_, item, "data within the file's " + bytes_text(data_bytes_) + " of data", given);
    const auto bytes = checked_product(e.extents, size_of(e.type));
    if (!bytes) fail(label_, item, "extents whose product is below 2^63 bytes", text_of(e.extents));
    if (*bytes != e.end - e.begin)
      fail(label_, item, bytes_text(*bytes) + " for " + name_of(e.type) + " " + text_of(e.extents), given);
  }

  void unique(const std::vector<tensor_entry>& entries) const {
    std::vector<std::string_view> names(entries.size());
    std::ranges::transform(entries, names.begin(), [](const tensor_entry& e) -> std::string_view { return e.name; });
    std::ranges::sort(names);
    const auto twice = std::ranges::adjacent_find(names);
    if (twice != names.end()) fail(label_, tensor_item(*twice), "each name once", "the name twice");
  }

  // One tensor begins where the other ends, from the first byte of data to the last.
  void cover(std::vector<tensor_entry>& entries) const {
    std::ranges::sort(entries, [](const tensor_entry& a, const tensor_entry& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    std::uint64_t at = 0;
    for (const tensor_entry& e : entries) {
      if (e.begin != at)
        fail(label_, tensor_item(e.name), "data from byte " + std::to_string(at) + " on, without overlap or hole",
             "from byte " + std::to_string(e.begin));
      at = e.end;
    }
    if (at != data_bytes_)
      fail(label_, "data", bytes_text(at) + " as listed in the header", bytes_text(data_bytes_) + " in the file");
  }

  const std::string& label_;
  json_reader json_;
  std::uint64_t data_bytes_;
};

inline safetensors_header read_safetensors_header(const byte_source& source, std::uint64_t limit) {
  std::byte prefix[8];
  source.read(0, prefix, "header length");
  const auto length = load_little<std::uint64_t>(prefix);
  const std::uint64_t left = source.size() - sizeof prefix;
  if (length > left)
    fail(source.label(), "header length", "at most the " + bytes_text(left) + " left in the file",
         std::to_string(length));
  if (length > limit)
    fail(source.label(), "header length", "at most " + bytes_text(limit) + " for these tensors",
         std::to_string(length));
  std::vector<std::byte> text(static_cast<std::size_t>(length));
  source.read(sizeof prefix, text, "header");
  safetensors_header header = safetensors_parser(source.label(), text, left - length).parse();
  header.data_begin = sizeof prefix + length;
  return header;
}

}  // namespace io_detail

// A safetensors file of unknown content, read by name: its list is verified when it is opened. `header_limit` bounds
// the bytes of its list (default 16 MiB); file_error when anything is wrong with it.
class safetensors_file {
 public:
  static constexpr std::uint64_t default_header_limit = std::uint64_t{1} << 24;

  explicit safetensors_file(const std::string& path, std::uint64_t header_limit = default_header_limit)
      : source_(path),
        header_(io_detail::read_safetensors_header(source_, header_limit)) {}
  safetensors_file(std::span<const std::byte> memory, const std::string& label,
                   std::uint64_t header_limit = default_header_limit)
      : source_(memory, label),
        header_(io_detail::read_safetensors_header(source_, header_limit)) {}

  const std::vector<tensor_entry>& tensors() const noexcept { return header_.tensors; }
  const std::map<std::string, std::string>& metadata() const noexcept { return header_.metadata; }

  // The entry of that name; null when there is none.
  const tensor_entry* find(std::string_view tensor) const {
    const auto found = std::ranges::find(header_.tensors, tensor, &tensor_entry::name);
    return found == header_.tensors.end() ? nullptr : &*found;
  }
  bool contains(std::string_view tensor) const { return find(tensor) != nullptr; }

  // One tensor, converted to T; file_error when there is none of that name or a value does not fit T.
  template <class T>
  array_data<T> read(std::string_view tensor) const {
    const tensor_entry* found = find(tensor);
    if (!found) io_detail::fail(source_.label(), io_detail::tensor_item(tensor), "a tensor of that name", "none");
    array_data<T> out;
    out.extents = found->extents;
    out.data.resize(static_cast<std::size_t>((found->end - found->begin) / size_of(found->type)));
    io_detail::read_elements(source_, header_.data_begin + found->begin, found->type, std::endian::little,
                             std::span(out.data), io_detail::tensor_item(tensor));
    return out;
  }

 private:
  byte_source source_;
  safetensors_header header_;
};

// What a safetensors file lists.
inline std::vector<tensor_entry> list_safetensors(const std::string& path) { return safetensors_file(path).tensors(); }

}  // namespace tectum::inline TECTUM_ABI
