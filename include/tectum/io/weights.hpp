// A model's parameters in a safetensors file, by name and in their canonical shapes.
#pragma once

#include <tectum/io/safetensors.hpp>
#include <tectum/model/model.hpp>

namespace tectum::inline TECTUM_ABI {

namespace io_detail {

inline std::vector<std::int64_t> canonical_extents(const parameter& p) {
  return std::vector<std::int64_t>(p.extent, p.extent + p.rank);
}

}  // namespace io_detail

// Writes every parameter, as "equation.operator.name" with its canonical shape; the file is replaced in one step.
template <const auto& Architecture, class T, class Engine>
void save(const model<Architecture, T, Engine>& m, const std::string& path) {
  std::vector<tensor_to_write> all;
  m.for_each_parameter([&](const char* name, const parameter& p, const T* stored) {
    all.push_back(
        {name, io_detail::canonical_extents(p), std::function<void(std::span<T>)>([&p, stored](std::span<T> canonical) {
           read_parameter(p, stored, canonical.data());
         })});
  });
  write_safetensors(path, all, {{"format", "tectum"}});
}

// Reads every parameter. A file with an unknown, missing or wrongly shaped tensor throws one file_error that lists them
// all, and leaves the model as it was. Stored float16 and bfloat16 widen; float64 into a float model only if
// options.narrow allows it.
template <const auto& Architecture, class T, class Engine>
void load(model<Architecture, T, Engine>& m, const std::string& path, const safetensors_options& options = {}) {
  std::vector<expected_tensor> all;
  m.for_each_parameter([&](const char* name, const parameter& p, T* stored) {
    all.push_back({name, io_detail::canonical_extents(p),
                   std::function<void(std::span<const T>)>(
                       [&p, stored](std::span<const T> canonical) { store_parameter(p, canonical.data(), stored); })});
  });
  read_safetensors(path, all, options);
}

}  // namespace tectum
