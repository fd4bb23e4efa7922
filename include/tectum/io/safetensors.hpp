// safetensors, strict by name: all tensors of a model at once, or one error with everything that is wrong.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <tectum/io/safetensors_header.hpp>
#include <tectum/io/safetensors_write.hpp>
#include <variant>
#include <vector>

namespace tectum::inline TECTUM_ABI {

// A tensor that a file must hold. The sink gets its elements, row-major and contiguous, valid during the call only;
// what it takes (float or double) is what the stored scalar is converted to. A sink must not throw.
struct expected_tensor {
  std::string name;
  std::vector<std::int64_t> extents;
  std::variant<std::function<void(std::span<const float>)>, std::function<void(std::span<const double>)>> sink;
};

struct safetensors_options {
  bool narrow = false;  // float64 in the file may be rounded to float
  // Bytes of header beyond twice what the expected tensors need: room for metadata.
  std::uint64_t header_slack = std::uint64_t{1} << 16;
};

namespace io_detail {

// Least insertions, deletions and replacements from a to b; charges its work to `budget`, -1 when that is spent.
inline int edit_distance(std::string_view a, std::string_view b, std::uint64_t& budget) {
  constexpr std::size_t longest = 255;
  a = a.substr(0, longest);
  b = b.substr(0, longest);
  const std::uint64_t cost = a.size() * b.size() + 1;
  if (cost > budget) return -1;
  budget -= cost;
  int row[longest + 1];
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (std::size_t i = 0; i < a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const int replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

// " (nearest name ... )" when a candidate is near enough to be a slip of the pen; else nothing.
inline std::string suggestion(std::string_view wanted, std::span<const std::string_view> candidates, const char* where,
                              std::uint64_t& budget) {
  int best = static_cast<int>(std::min<std::size_t>(wanted.size(), 255) * 2 / 3) + 1;
  const std::string_view* nearest = nullptr;
  for (const std::string_view& candidate : candidates) {
    const int distance = edit_distance(wanted, candidate, budget);
    if (distance >= 0 && distance < best) {
      best = distance;
      nearest = &candidate;
    }
  }
  return nearest ? std::string(" (nearest name ") + where + ": " + shown(*nearest) + ")" : "";
}

inline std::string typed(stored_type type, std::span<const std::int64_t> extents) {
  return std::string(name_of(type)) + " " + text_of(extents);
}

// Compares what is expected with what is there. found[i] is the entry of expected[i].
class safetensors_matcher {
 public:
  safetensors_matcher(std::span<const expected_tensor> expected, std::span<const tensor_entry> given, bool narrow) {
    std::vector<const tensor_entry*> sorted(given.size());
    std::ranges::transform(given, sorted.begin(), [](const tensor_entry& e) { return &e; });
    std::ranges::sort(sorted, {}, &tensor_entry::name);
    std::vector<bool> used(given.size());
    found.resize(expected.size());
    std::vector<std::string_view> missing, unknown;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto place = std::ranges::lower_bound(sorted, expected[i].name, {}, &tensor_entry::name);
      if (place == sorted.end() || (*place)->name != expected[i].name) {
        missing.push_back(expected[i].name);
        continue;
      }
      found[i] = *place;
      used[static_cast<std::size_t>(place - sorted.begin())] = true;
      check(expected[i], **place, narrow);
    }
    for (std::size_t k = 0; k < sorted.size(); ++k)
      if (!used[k]) unknown.push_back(sorted[k]->name);

    // A slip of the pen leaves one name missing and one unknown, so those are compared; the work is bounded.
    std::uint64_t budget = 2'000'000;
    for (std::size_t i = 0; i < expected.size(); ++i)
      if (!found[i])
        add(expected[i].name, text_of(expected[i].extents),
            "none" + suggestion(expected[i].name, unknown, "in the file", budget));
    std::vector<std::string_view> all;
    if (missing.empty())
      for (const expected_tensor& e : expected) all.push_back(e.name);
    std::size_t k = 0;
    for (const tensor_entry* e : sorted)
      if (k < unknown.size() && unknown[k] == e->name) {
        ++k;
        add(e->name, "no such tensor" + suggestion(e->name, missing.empty() ? all : missing, "in the model", budget),
            typed(e->type, e->extents));
      }
    if (dropped_) problems.push_back({"more", "none", std::to_string(dropped_) + " further problems"});
  }

  std::vector<const tensor_entry*> found;
  std::vector<file_problem> problems;

 private:
  void add(std::string_view title, std::string wanted, std::string given) {
    constexpr std::size_t most = 500;  // a hostile file must not make an error of many megabytes
    if (problems.size() < most) problems.push_back({tensor_item(title), std::move(wanted), std::move(given)});
    else ++dropped_;
  }
  void check(const expected_tensor& e, const tensor_entry& given, bool narrow) {
    const bool wide = e.sink.index() == 1;
    if (given.extents != e.extents) add(e.name, text_of(e.extents), typed(given.type, given.extents));
    else if (!is_floating(given.type))
      add(e.name, wide ? "floating point" : "floating point of at most 32 bits", name_of(given.type));
    else if (given.type == stored_type::f64 && !wide && !narrow)
      add(e.name, "at most 32 bits, or the option narrow", "float64");
  }

  std::size_t dropped_ = 0;
};

// The longest header that a writer could need for these tensors, twice over.
inline std::uint64_t header_limit(std::span<const expected_tensor> expected, std::uint64_t slack) {
  std::uint64_t need = 0;
  for (const expected_tensor& e : expected) need += 6 * e.name.size() + 24 * e.extents.size() + 128;
  return 2 * need + slack;
}

template <class T>
void deliver(const byte_source& source, std::uint64_t begin, const tensor_entry& entry, std::vector<T>& elements) {
  elements.resize(static_cast<std::size_t>((entry.end - entry.begin) / size_of(entry.type)));
  read_elements(source, begin + entry.begin, entry.type, std::endian::little, std::span(elements),
                tensor_item(entry.name));
}

inline std::map<std::string, std::string> read_safetensors(const byte_source& file,
                                                           std::span<const expected_tensor> expected,
                                                           const safetensors_options& options) {
  safetensors_header header = read_safetensors_header(file, header_limit(expected, options.header_slack));
  safetensors_matcher matched(expected, header.tensors, options.narrow);
  if (!matched.problems.empty()) fail(file.label(), std::move(matched.problems));

  // The sizes are now those of the model. All bytes are read and every value is converted once before the first sink
  // sees any, so that neither a failing disk nor a value out of range leaves a model half loaded.
  std::vector<std::byte> data(static_cast<std::size_t>(file.size() - header.data_begin));
  file.read(header.data_begin, data, "data");
  const byte_source bytes(data, file.label());
  std::vector<float> floats;
  std::vector<double> doubles;
  for (const bool final : {false, true})
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const tensor_entry& entry = *matched.found[i];
      if (const auto* sink = std::get_if<0>(&expected[i].sink)) {
        if (!final && entry.type != stored_type::f64) continue;  // nothing can fail
        deliver(bytes, 0, entry, floats);
        if (final && *sink) (*sink)(floats);
      } else if (final) {
        deliver(bytes, 0, entry, doubles);
        if (const auto& wide = std::get<1>(expected[i].sink)) wide(doubles);
      }
    }
  return std::move(header.metadata);
}

}  // namespace io_detail

// Reads exactly the expected tensors and returns the metadata. Every missing, unknown, wrongly shaped or wrongly typed
// tensor stands in one file_error, with the nearest name; no sink has been called when it is thrown. Stored float64,
// float32, float16 and bfloat16 are accepted (float64 into a float sink only with options.narrow), integers are not.
inline std::map<std::string, std::string> read_safetensors(const std::string& path,
                                                           std::span<const expected_tensor> expected,
                                                           const safetensors_options& options = {}) {
  return io_detail::read_safetensors(byte_source(path), expected, options);
}

// The same from memory; `label` names it in errors.
inline std::map<std::string, std::string> read_safetensors(std::span<const std::byte> memory, const std::string& label,
                                                           std::span<const expected_tensor> expected,
                                                           const safetensors_options& options = {}) {
  return io_detail::read_safetensors(byte_source(memory, label), expected, options);
}

}  // namespace tectum::inline TECTUM_ABI
