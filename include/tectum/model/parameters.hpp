// The parameters of a model: one flat aligned array, in the layout that the kernels read; canonical shapes at the
// border.
#pragma once

#include <new>
#include <tectum/architecture/graph.hpp>
#include <tectum/kernels/random.hpp>
#include <tectum/tensor/view.hpp>

namespace tectum::inline TECTUM_ABI {

struct seed {
  std::uint64_t value = 0;
};

// An aligned array that owns its memory; zeros at first.
template <class T>
class memory {
 public:
  memory() = default;
  explicit memory(index n) { resize(n); }
  memory(const memory& o) { *this = o; }
  memory(memory&& o) noexcept : data_(o.data_), size_(o.size_) {
    o.data_ = nullptr;
    o.size_ = 0;
  }
  memory& operator=(const memory& o) {
    if (this == &o) return *this;
    resize(o.size_);
    for (index i = 0; i < size_; ++i) data_[i] = o.data_[i];
    return *this;
  }
  memory& operator=(memory&& o) noexcept {
    T* const d = data_;
    const index n = size_;
    data_ = o.data_;
    size_ = o.size_;
    o.data_ = d;
    o.size_ = n;
    return *this;
  }
  ~memory() { release(); }

  // Zeros throughout; what was there is lost.
  void resize(index n) {
    T* const fresh =
        n == 0 ? nullptr
               : static_cast<T*>(::operator new(static_cast<std::size_t>(n) * sizeof(T), std::align_val_t{64}));
    release();
    data_ = fresh;
    size_ = n;
    for (index i = 0; i < n; ++i) data_[i] = T(0);
  }
  T* data() const { return data_; }
  index size() const { return size_; }

 private:
  void release() {
    if (data_) ::operator delete(data_, std::align_val_t{64});
    data_ = nullptr;
    size_ = 0;
  }
  T* data_ = nullptr;
  index size_ = 0;
};

namespace detail {

// Calls f(canonical place, stored place) for every element of a parameter.
template <class F>
void each_element(const parameter& p, F f) {
  if (!p.in_panels()) {
    for (index i = 0; i < p.size(); ++i) f(i, i);
    return;
  }
  for (index c = 0; c < p.count; ++c)
    for (index o = 0; o < p.out; ++o)
      for (index i = 0; i < p.in; ++i)
        f(c * p.matrix_step + o * p.out_step + i * p.in_step,
          c * packed_size(p.out, p.in) + ((o / panel_width) * p.in + i) * panel_width + o % panel_width);
}

template <class T>
T initial_value(const parameter& p, std::uint64_t seed, std::uint64_t stream, index place) {
  const auto counter = static_cast<std::uint64_t>(place);
  const auto uniform = [&](double bound) {
    return static_cast<T>(bound * (2.0 * static_cast<double>(random::uniform(seed, stream, counter)) - 1.0));
  };
  const auto normal = [&](double deviation) {
    return static_cast<T>(deviation * static_cast<double>(random::normal(seed, stream, counter)));
  };
  const double in = p.fan_in > 0 ? p.fan_in : 1, out = p.fan_out > 0 ? p.fan_out : 1;
  const double value = static_cast<double>(p.value), gain = p.value > 0 ? value : 1;
  switch (p.initial) {
    case initial::zeros: return T(0);
    case initial::ones: return T(1);
    case initial::constant: return static_cast<T>(value);
    case initial::uniform: return uniform(value);
    case initial::normal: return normal(value);
    case initial::fan_in_uniform: return uniform(1 / __builtin_sqrt(in));
    case initial::xavier_uniform: return uniform(gain * __builtin_sqrt(6 / (in + out)));
    case initial::xavier_normal: return normal(gain * __builtin_sqrt(2 / (in + out)));
    case initial::kaiming_normal: return normal(__builtin_sqrt(2 / in));
  }
  return T(0);
}

}  // namespace detail

// Canonical, row-major values into the stored layout; padding of panels stays as it is (zero).
template <class From, class T>
void store_parameter(const parameter& p, const From* canonical, T* stored) {
  detail::each_element(p, [&](index c, index s) { stored[s] = static_cast<T>(canonical[c]); });
}
template <class T, class To>
void read_parameter(const parameter& p, const T* stored, To* canonical) {
  detail::each_element(p, [&](index c, index s) { canonical[c] = static_cast<To>(stored[s]); });
}
// The values depend on the seed, the parameter's number and the canonical place: not on the layout, nor on the scalar.
template <class T>
void initialise_parameters(const graph_view& g, seed s, T* all) {
  for (int i = 0; i < g.parameters.size(); ++i) {
    const graph_parameter& p = g.parameters[i];
    detail::each_element(p.what, [&](index c, index at) {
      all[p.offset + at] = detail::initial_value<T>(p.what, s.value, static_cast<std::uint64_t>(i), c);
    });
  }
}

}  // namespace tectum
