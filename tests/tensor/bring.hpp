// What the tests of the boundary share: one input brought in, and the sentence of an error.
#pragma once

#include <string>
#include <tectum/tensor/binding.hpp>
#include <vector>

namespace bring {
namespace tt = tectum;

struct any_name;

template <class T>
struct brought {
  tt::bound<T> in;
  std::vector<T> copy;
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> mask;
  tt::index size;

  std::vector<T> values() const {
    std::vector<T> all;
    for (tt::index b = 0; b < in.samples; ++b)
      for (tt::index i = 0; i < size; ++i) all.push_back(in.data[b * in.stride + i]);
    return all;
  }
  std::vector<std::int32_t> id_values() const {
    std::vector<std::int32_t> all;
    for (tt::index b = 0; b < in.samples; ++b)
      for (tt::index i = 0; i < size; ++i) all.push_back(in.ids[b * in.stride + i]);
    return all;
  }
};

// Brings a bound tensor in as a model would; the buffers hold rubbish before.
template <class T = float, class B>
brought<T> in(const B& binding, const tt::shape& expected, tt::index batch = -1) {
  const tt::source s = binding.source();
  const tt::index samples = tt::check(s, expected, "x", batch);
  const tt::index n = samples < 0 ? batch : samples;
  brought<T> out{};
  out.size = expected.size();
  const auto places = static_cast<std::size_t>(n < 0 ? 0 : n * out.size);
  out.copy.assign(places + 1, T(-77));
  out.ids.assign(places + 1, -77);
  out.mask.assign(static_cast<std::size_t>(n < 0 ? 0 : n * expected.length()) + 1, 99);
  out.in = tt::bring_in<T>(s, expected, "x", n, out.copy.data(), out.ids.data(), out.mask.data());
  return out;
}

template <class X>
auto bind(X&& x) {
  return tt::bind<any_name>(static_cast<X&&>(x));
}

// The text of the error that `body` throws, or "no error".
template <class F>
std::string error_of(F body) {
  try {
    body();
  } catch (const tt::error& e) {
    return e.what();
  }
  return "no error";
}

template <class X>
std::string refuses(X&& x, const tt::shape& expected, const char* name = "image", tt::index batch = -1) {
  return error_of([&] { tt::check(tt::bind<any_name>(static_cast<X&&>(x)).source(), expected, name, batch); });
}

}  // namespace bring
