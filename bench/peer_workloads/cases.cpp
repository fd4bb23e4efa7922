#include "cases.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace peer_bench {

namespace {

std::vector<char> bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A tensor as a line of the manifest describes it.
struct description {
  bool ids = false;
  std::vector<tt::index> extents;
};

description read_description(std::istream& line) {
  std::string type;
  int rank = 0;
  line >> type >> rank;
  description d{type == "i64", std::vector<tt::index>(static_cast<std::size_t>(rank))};
  for (tt::index& extent : d.extents) line >> extent;
  if (!line || (type != "i64" && type != "f32"))
    throw std::runtime_error("manifest.txt: a tensor of type '" + type + "'");
  return d;
}

template <class Stored, class T>
samples<T> read_samples(const std::string& path, const description& d) {
  const std::vector<char> bytes = bytes_of(path);
  std::size_t count = 1;
  for (const tt::index extent : d.extents) count *= static_cast<std::size_t>(extent);
  if (bytes.size() != count * sizeof(Stored)) throw std::runtime_error(path + ": not as long as the manifest says");
  samples<T> read{std::vector<T>(count), d.extents};
  for (std::size_t i = 0; i < count; ++i) {
    Stored value;
    std::copy_n(bytes.data() + i * sizeof(Stored), sizeof(Stored), reinterpret_cast<char*>(&value));
    read.values[i] = static_cast<T>(value);
  }
  return read;
}

}  // namespace

std::vector<bench_case> read_cases(const std::string& folder, const std::string& workload,
                                   const std::vector<int>& batches) {
  std::ifstream manifest(folder + "/manifest.txt");
  if (!manifest) throw std::runtime_error("cannot read " + folder + "/manifest.txt");
  std::vector<bench_case> all;
  for (std::string text; std::getline(manifest, text);) {
    std::istringstream line(text);
    bench_case c;
    bool exported = false;
    std::size_t inputs = 0;
    line >> c.workload >> c.batch >> exported >> c.trains >> inputs;
    if (!line || c.workload != workload) continue;
    if (!batches.empty() && std::ranges::find(batches, c.batch) == batches.end()) continue;
    const std::string stem = folder + "/" + workload + "_" + std::to_string(c.batch);
    c.given.resize(inputs);
    c.given_ids.resize(inputs);
    for (std::size_t k = 0; k < inputs; ++k) {
      const description d = read_description(line);
      const std::string path = stem + ".x" + std::to_string(k) + ".bin";
      if (d.ids) c.given_ids[k] = read_samples<std::int64_t, std::int32_t>(path, d);
      else c.given[k] = read_samples<float, float>(path, d);
    }
    const description target = read_description(line);
    if (target.ids) c.label = read_samples<std::int64_t, std::int32_t>(stem + ".t.bin", target);
    else c.target = read_samples<float, float>(stem + ".t.bin", target);
    c.expected = read_samples<float, float>(stem + ".y.bin", read_description(line));
    all.push_back(std::move(c));
  }
  return all;
}

void state_dict::all_read() const {
  for (const tt::tensor_entry& entry : file_.tensors())
    if (!entry.name.ends_with("num_batches_tracked") && std::ranges::find(asked_, entry.name) == asked_.end())
      throw std::runtime_error(path_ + ": nothing takes the tensor " + entry.name);
}

std::vector<float> transposed(const std::vector<float>& values, std::size_t rows, std::size_t columns) {
  std::vector<float> result(values.size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) result[c * rows + r] = values[r * columns + c];
  return result;
}

std::vector<float> part(const std::vector<float>& values, std::size_t number, std::size_t of) {
  const std::size_t n = values.size() / of;
  return std::vector<float>(values.data() + number * n, values.data() + (number + 1) * n);
}

std::vector<float> last_row_first(const std::vector<float>& values, std::size_t blocks, std::size_t rows,
                                  std::size_t columns) {
  std::vector<float> result;
  result.reserve(values.size());
  for (std::size_t b = 0; b < blocks; ++b) {
    const float* const block = values.data() + b * rows * columns;
    result.insert(result.end(), block + (rows - 1) * columns, block + rows * columns);
    result.insert(result.end(), block, block + (rows - 1) * columns);
  }
  return result;
}

}  // namespace peer_bench
