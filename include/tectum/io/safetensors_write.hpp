// Writes safetensors: sorted, gapless, data at a multiple of 8, and the file replaced in one step.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <tectum/io/safetensors_header.hpp>
#include <variant>
#include <vector>

namespace tectum::inline TECTUM_ABI {

// A tensor to be written: its elements, row-major and contiguous, or a function that fills them in when asked.
struct tensor_to_write {
  std::string name;
  std::vector<std::int64_t> extents;
  std::variant<std::span<const float>, std::span<const double>, std::span<const std::int64_t>,
               std::span<const std::int32_t>, std::span<const std::uint8_t>, std::function<void(std::span<float>)>,
               std::function<void(std::span<double>)>>
      source;
};

namespace io_detail {

inline stored_type type_of(const tensor_to_write& tensor) {
  constexpr stored_type types[] = {stored_type::f32, stored_type::f64, stored_type::i64, stored_type::i32,
                                   stored_type::u8,  stored_type::f32, stored_type::f64};
  return types[tensor.source.index()];
}

inline std::string json_text(std::string_view text) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') (out += '\\') += c;
    else if (byte >= 0x20) out += c;
    else ((out += "\\u00") += digits[byte >> 4]) += digits[byte & 15];
  }
  return out + "\"";
}

inline void write_source(atomic_file& file, const tensor_to_write& tensor, std::size_t count) {
  const auto write = [&](const auto& source) {
    if constexpr (requires { source.size(); }) {
      write_elements(file, source);
    } else if constexpr (std::is_invocable_v<decltype(source), std::span<float>>) {
      std::vector<float> elements(count);
      source(std::span(elements));
      write_elements(file, std::span<const float>(elements));
    } else {
      std::vector<double> elements(count);
      source(std::span(elements));
      write_elements(file, std::span<const double>(elements));
    }
  };
  std::visit(write, tensor.source);
}

// Elements of the tensor; fails when its name or its size cannot be written.
inline std::size_t checked_count(const std::string& path, const tensor_to_write& tensor) {
  const std::string item = tensor_item(tensor.name);
  const auto valid = [](std::string_view text) {
    return valid_utf8(text) && text.find('\0') == std::string_view::npos;
  };
  if (!valid(tensor.name) || tensor.name == "__metadata__")
    fail(path, item, "a name in UTF-8 other than __metadata__", "another");
  const auto count = checked_product(tensor.extents);
  if (!count || !checked_product(tensor.extents, size_of(type_of(tensor))))
    fail(path, item, "extents whose product is below 2^63 bytes", text_of(tensor.extents));
  const auto check = [&](const auto& source) {
    if constexpr (requires { source.size(); })
      if (source.size() != *count)
        fail(path, item, std::to_string(*count) + " elements for " + text_of(tensor.extents),
             std::to_string(source.size()));
  };
  std::visit(check, tensor.source);
  return static_cast<std::size_t>(*count);
}

}  // namespace io_detail

// Replaces the file at `path`. Tensors lie by falling element size, then by name, so each is aligned to its own size;
// file_error for a name given twice, extents that do not fit the elements, or a disk that refuses.
inline void write_safetensors(const std::string& path, std::span<const tensor_to_write> tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  using namespace io_detail;
  std::vector<const tensor_to_write*> order(tensors.size());
  std::ranges::transform(tensors, order.begin(), [](const tensor_to_write& t) { return &t; });
  std::ranges::sort(order, {}, &tensor_to_write::name);
  const auto twice = std::ranges::adjacent_find(order, {}, &tensor_to_write::name);
  if (twice != order.end()) fail(path, tensor_item((*twice)->name), "each name once", "the name twice");
  std::ranges::sort(order, [](const tensor_to_write* a, const tensor_to_write* b) {
    const std::size_t left = size_of(type_of(*a)), right = size_of(type_of(*b));
    return left != right ? left > right : a->name < b->name;
  });

  std::string header = "{", separator;
  if (!metadata.empty()) {
    header += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      if (!valid_utf8(key) || !valid_utf8(value) || (key + value).find('\0') != std::string::npos)
        fail(path, "metadata " + shown(key), "UTF-8 without NUL", "something else");
      header += separator + json_text(key) + ":" + json_text(value);
      separator = ",";
    }
    header += "}";
  }
  std::uint64_t at = 0;
  for (const tensor_to_write* t : order) {
    const stored_type type = type_of(*t);
    const std::uint64_t end = at + checked_count(path, *t) * size_of(type);
    const auto* dtype = std::ranges::find(safetensors_dtypes, type, &safetensors_dtype::type);
    header += separator + json_text(t->name) + ":{\"dtype\":\"" + dtype->text + "\",\"shape\":[";
    for (std::size_t i = 0; i < t->extents.size(); ++i) header += (i ? "," : "") + std::to_string(t->extents[i]);
    header += "],\"data_offsets\":[" + std::to_string(at) + "," + std::to_string(end) + "]}";
    separator = ",";
    at = end;
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');

  atomic_file file(path);
  std::byte length[8];
  store_little(static_cast<std::uint64_t>(header.size()), std::span(length));
  file.write(length);
  file.write(std::as_bytes(std::span(header)));
  for (const tensor_to_write* t : order) write_source(file, *t, checked_count(path, *t));
  file.commit();
}

}  // namespace tectum::inline TECTUM_ABI
