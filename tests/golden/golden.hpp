// Runs a network beside a golden case: its tensors in, outputs and gradients out, in the case's own layout.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <tectum/kernels/reference.hpp>
#include <tectum/tectum.hpp>
#include <vector>

namespace tt = tectum;

namespace golden {

// What happens to an element on its way into the network. nonzero: 1 for what is not 0; invert: 1 for 0; barred:
// -infinity for what is not 0, else 0; barred_unless: the other way round.
enum class transform { same, nonzero, invert, barred, barred_unless };

constexpr double transformed(transform how, double v) {
  switch (how) {
    case transform::same: return v;
    case transform::nonzero: return v != 0 ? 1 : 0;
    case transform::invert: return v == 0 ? 1 : 0;
    case transform::barred: return v != 0 ? -__builtin_inf() : 0;
    default: return v == 0 ? -__builtin_inf() : 0;
  }
}

// Elements of a golden tensor (places offset + sum of i * stride) and where they lie in a tensor of the network (at +
// sum of i * at_stride).
struct piece {
  const char* golden;
  long long offset;
  int rank;
  long long extent[6], stride[6];
  long long at;
  long long at_stride[6];
  transform how;
};
struct layout {
  const piece* pieces = nullptr;
  int count = 0;
  int rank = 0;
  long long extent[6] = {};
  long long size() const {
    long long n = 1;
    for (int i = 0; i < rank; ++i) n *= extent[i];
    return n;
  }
};
struct slot {
  const char* name;
  layout what;
};

// A table that a network is given and that is not the case's.
struct constant {
  const char* name;
  const double* values;
  long long size;
};

// f(place in the golden tensor, place in the network's tensor) for every element of a piece.
template <class F>
void each_element(const piece& p, F f) {
  long long at[6] = {};
  for (int i = 0; i < p.rank; ++i)
    if (p.extent[i] == 0) return;
  for (;;) {
    long long from = p.offset, to = p.at;
    for (int i = 0; i < p.rank; ++i) {
      from += at[i] * p.stride[i];
      to += at[i] * p.at_stride[i];
    }
    f(static_cast<std::size_t>(from), static_cast<std::size_t>(to));
    int axis = p.rank - 1;
    while (axis >= 0 && ++at[axis] == p.extent[axis]) at[axis--] = 0;
    if (axis < 0) return;
  }
}

using tensors = std::map<std::string, std::vector<double>>;

// A row-major array with its extents: how this program's tensors come to tectum, as a user's own type would.
template <class T>
struct array {
  std::vector<T> data;
  std::vector<tt::index> extents;
};

// What a case consists of at run time; everything in double, whatever the network computes in.
struct job {
  const tensors* stored;
  tt::range<slot> inputs, masks, parameters, values, after;
  tensors outputs, gradients;  // what the network gave, under the golden names
  std::map<std::string, std::vector<int>> written;
};

template <class T>
class trial {
 public:
  explicit trial(job& j) : job_(j) {}

  tt::index samples() const {
    for (const slot& s : job_.inputs)
      if (s.what.rank > 0) return static_cast<tt::index>(s.what.extent[0]);
    return 1;
  }
  array<T> input(int k) const { return gathered<T>(job_.inputs[k].what); }
  array<long long> ids(int k) const { return gathered<long long>(job_.inputs[k].what); }
  array<int> ids_of_mask(int k) const { return gathered<int>(job_.masks[k].what); }
  array<T> seed(int k) const {
    array<T> a = gathered<T>(job_.values[k].what, "cotangent.");
    if (a.extents.empty()) a.extents = {1};
    return a;
  }

  template <class Model>
  void set_parameters(Model& m) const {
    std::map<std::string, bool> wanted;
    m.for_each_parameter([&](const char* name, const tt::parameter&, const T*) { wanted[name] = false; });
    for (const slot& s : job_.parameters) {
      const array<T> a = gathered<T>(s.what);
      const int i = Model::find(s.name);
      if (i < 0) throw std::runtime_error("the network has no parameter " + std::string(s.name) + list(wanted));
      if (Model::graph().parameters[i].what.size() != static_cast<int>(a.data.size()))
        throw std::runtime_error("the parameter " + std::string(s.name) + " has " +
                                 std::to_string(Model::graph().parameters[i].what.size()) + " elements, the case " +
                                 std::to_string(a.data.size()));
      m.set(s.name, a.data.data());
      wanted[s.name] = true;
    }
    for (const auto& [name, given] : wanted)
      if (!given) throw std::runtime_error("nothing was given for the parameter " + name);
  }

  template <class Result>
  void values(const Result& r) {
    if constexpr (requires { r.items; }) {
      for (int k = 0; k < job_.values.size(); ++k) take(job_.values[k], r.items[k]);
    } else {
      take(job_.values[0], r);
    }
  }
  void input_gradient(int k, const tt::result<T>& g) { add(job_.inputs[k].what, dense(g, job_.inputs[k].what)); }
  template <class Model>
  void parameter_gradients(const Model& m, typename Model::workspace_type& w) {
    for (const slot& s : job_.parameters) {
      std::vector<double> g(static_cast<std::size_t>(s.what.size()));
      m.get_gradient(w, s.name, g.data());
      add(s.what, g);
    }
  }
  template <class Model>
  void buffers_after(const Model& m) {
    for (const slot& s : job_.after) {
      std::vector<double> b(static_cast<std::size_t>(s.what.size()));
      if (!m.get(s.name, b.data())) throw std::runtime_error("the network has no buffer " + std::string(s.name));
      put(s, b, job_.outputs);
    }
  }

 private:
  static std::string list(const std::map<std::string, bool>& names) {
    std::string s = "; it has";
    for (const auto& n : names) s += " " + n.first;
    return s;
  }
  const std::vector<double>& stored(const std::string& name) const {
    static const std::vector<double> zero{0};
    if (name == "zeros") return zero;
    const auto found = job_.stored->find(name);
    if (found == job_.stored->end()) throw std::runtime_error("the file has no tensor " + name);
    return found->second;
  }
  template <class X>
  array<X> gathered(const layout& l, const char* role = nullptr) const {
    array<X> a;
    a.data.resize(static_cast<std::size_t>(l.size()));
    for (int i = 0; i < l.rank; ++i) a.extents.push_back(static_cast<tt::index>(l.extent[i]));
    for (int k = 0; k < l.count; ++k) {
      std::string name = l.pieces[k].golden;
      if (role) name = role + name.substr(name.find('.') + 1);
      const std::vector<double>& from = stored(name);
      each_element(l.pieces[k], [&](std::size_t g, std::size_t at) {
        a.data.at(at) = static_cast<X>(transformed(l.pieces[k].how, from.at(g)));
      });
    }
    return a;
  }
  static std::vector<double> dense(const tt::result<T>& r, const layout& l) {
    std::vector<double> d(static_cast<std::size_t>(l.size()), 0);
    if (!r.data() || d.empty()) return d;
    if (r.size() != static_cast<tt::index>(d.size()))
      throw std::runtime_error("a result has " + std::to_string(r.size()) + " elements, the case " +
                               std::to_string(d.size()));
    const tt::index n = r.width();
    for (tt::index b = 0; b < r.samples(); ++b)
      for (tt::index i = 0; i < n; ++i)
        d[static_cast<std::size_t>(b * n + i)] =
            static_cast<double>(r.data()[b * (r.rank() == 0 ? 0 : r.stride(0)) + i]);
    return d;
  }
  void take(const slot& s, const tt::result<T>& r) { put(s, dense(r, s.what), job_.outputs); }
  void put(const slot& s, const std::vector<double>& from, tensors& to) {
    for (int k = 0; k < s.what.count; ++k) {
      const piece& p = s.what.pieces[k];
      std::vector<double>& t = to[p.golden];
      std::vector<int>& times = job_.written[p.golden];
      t.resize(stored(p.golden).size());
      times.resize(t.size());
      each_element(p, [&](std::size_t g, std::size_t at) {
        t.at(g) = from.at(at);
        ++times.at(g);
      });
    }
  }
  void add(const layout& l, const std::vector<double>& from) {
    for (int k = 0; k < l.count; ++k) {
      std::vector<double>& t = job_.gradients[std::string("grad.") + l.pieces[k].golden];
      t.resize(stored(l.pieces[k].golden).size());
      each_element(l.pieces[k], [&](std::size_t g, std::size_t at) { t.at(g) += from.at(at); });
    }
  }

  job& job_;
};

struct entry;
inline std::vector<const entry*>& entries() {
  static std::vector<const entry*> all;
  return all;
}
struct entry {
  const char* id;
  const char* name;
  tt::range<slot> inputs, masks, parameters, values, after;
  tt::range<constant> constants;
  void (*in_double)(trial<double>&);
  void (*in_float)(trial<float>&);

  entry(const char* i, const char* n, tt::range<slot> in, tt::range<slot> m, tt::range<slot> p, tt::range<slot> v,
        tt::range<slot> a, tt::range<constant> c, void (*d)(trial<double>&), void (*f)(trial<float>&))
      : id(i),
        name(n),
        inputs(in),
        masks(m),
        parameters(p),
        values(v),
        after(a),
        constants(c),
        in_double(d),
        in_float(f) {
    entries().push_back(this);
  }
};

#ifndef TECTUM_GOLDEN_ENGINE
#define TECTUM_GOLDEN_ENGINE native
#endif
template <const auto& Architecture, class T>
using model_for = tt::model<Architecture, T, tt::TECTUM_GOLDEN_ENGINE>;

}  // namespace golden

template <class T>
struct tectum::tensor_traits<golden::array<T>> {
  using scalar = T;
  static auto layout(const golden::array<T>& a) noexcept {
    return tectum::row_major_layout(a.data.data(), a.extents.data(), static_cast<int>(a.extents.size()));
  }
};
