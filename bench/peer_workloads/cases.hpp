// What the peers were given: weights by the names of their state_dict, and for each batch inputs, targets and results.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tectum/io/safetensors.hpp>
#include <tectum/tectum.hpp>
#include <vector>

namespace tt = tectum;

namespace peer_bench {

// Samples as a file has them, row-major.
template <class T>
struct samples {
  std::vector<T> values;
  std::vector<tt::index> extents;
};
using numbers = samples<float>;
using ids = samples<std::int32_t>;

// One workload at one batch.
struct bench_case {
  std::string workload;
  int batch = 0;
  bool trains = false;
  std::vector<numbers> given;  // floats of input k, or
  std::vector<ids> given_ids;  // its ids; one of the two is empty
  numbers target, expected;    // a target of floats, and the peers' result
  ids label;                   // a target of classes
  const numbers& x(int k) const { return given[static_cast<std::size_t>(k)]; }
  const ids& words(int k) const { return given_ids[static_cast<std::size_t>(k)]; }
};

// Reads the cases of a workload that the folder's manifest lists. Throws std::runtime_error.
std::vector<bench_case> read_cases(const std::string& folder, const std::string& workload,
                                   const std::vector<int>& batches);

// Parameters under the peers' names; keeps account of what nobody asked for.
class state_dict {
 public:
  explicit state_dict(const std::string& path) : path_(path), file_(path) {}

  bool contains(const std::string& name) const { return file_.contains(name); }
  std::vector<float> read(const std::string& name) const {
    asked_.push_back(name);
    return file_.read<float>(name).data;
  }
  std::vector<float> read_ids(const std::string& name) const {
    asked_.push_back(name);
    const std::vector<std::int64_t> stored = file_.read<std::int64_t>(name).data;
    return {stored.begin(), stored.end()};
  }
  // Throws where a tensor was not read; counters of batches do not count.
  void all_read() const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  tt::safetensors_file file_;
  mutable std::vector<std::string> asked_;
};

// Rows of a weight as they are needed elsewhere: [rows, columns] transposed, and a part of the rows.
std::vector<float> transposed(const std::vector<float>& values, std::size_t rows, std::size_t columns);
std::vector<float> part(const std::vector<float>& values, std::size_t number, std::size_t of);
// Of [blocks, rows, columns]: the last row of every block becomes its first, as the constant 1 stands first here.
std::vector<float> last_row_first(const std::vector<float>& values, std::size_t blocks, std::size_t rows,
                                  std::size_t columns);

// Brings a state_dict into a model, or the gradients and results that stand under the same names.
template <class Model>
class loader {
 public:
  loader(Model& model, const state_dict& from)
      : from_(from),
        model_(model),
        given_(static_cast<std::size_t>(Model::graph().parameters.size())) {}

  bool has(const std::string& theirs) const { return from_.contains(theirs); }
  std::vector<float> read(const std::string& theirs) const { return from_.read(theirs); }
  std::vector<float> read_ids(const std::string& theirs) const { return from_.read_ids(theirs); }

  void put(const std::string& ours, const std::vector<float>& values) {
    const int i = Model::find(ours.c_str());
    if (i < 0) throw std::runtime_error("no parameter " + ours + "; there are" + all_names());
    const long long size = Model::graph().parameters[i].what.size();
    if (size != static_cast<long long>(values.size()))
      throw std::runtime_error(ours + ": expected " + std::to_string(size) + " numbers, got " +
                               std::to_string(values.size()));
    model_.set(ours.c_str(), values.data());
    given_[static_cast<std::size_t>(i)] = true;
  }
  void copy(const std::string& ours, const std::string& theirs) { put(ours, read(theirs)); }
  // Weight and bias under the same last names.
  void layer(const std::string& ours, const std::string& theirs) {
    for (const char* last : {".weight", ".bias"})
      if (has(theirs + last)) copy(ours + last, theirs + last);
  }
  // Projections of attention: q and o of their own, k above v in one matrix.
  void attention(const std::string& ours, const std::string& theirs) {
    for (const std::string last : {"weight", "bias"}) {
      if (!has(theirs + "q." + last)) continue;
      copy(ours + ".q_" + last, theirs + "q." + last);
      const std::vector<float> both = read(theirs + "kv." + last);
      put(ours + ".k_" + last, part(both, 0, 2));
      put(ours + ".v_" + last, part(both, 1, 2));
      copy(ours + ".out_" + last, theirs + "o." + last);
    }
  }
  // Throws unless every parameter was given and everything was taken.
  void done() const {
    for (int i = 0; i < Model::graph().parameters.size(); ++i)
      if (!given_[static_cast<std::size_t>(i)])
        throw std::runtime_error(std::string("nothing was given for the parameter ") + name_of(i));
    from_.all_read();
  }

 private:
  static std::string name_of(int i) { return tt::parameter_name(Model::graph(), i).data(); }
  static std::string all_names() {
    std::string all;
    for (int i = 0; i < Model::graph().parameters.size(); ++i) all += " " + name_of(i);
    return all;
  }

  const state_dict& from_;
  Model& model_;
  std::vector<bool> given_;
};

}  // namespace peer_bench

template <class T>
struct tectum::tensor_traits<peer_bench::samples<T>> {
  using scalar = T;
  static tensor_layout<const T> layout(const peer_bench::samples<T>& x) noexcept {
    return row_major_layout(x.values.data(), x.extents.data(), static_cast<int>(x.extents.size()));
  }
};
