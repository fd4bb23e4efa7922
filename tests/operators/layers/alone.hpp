// One operator of one input on its own, in plain memory: for values from elsewhere, and for special cases.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <tectum/kernels/native.hpp>
#include <tectum/kernels/reference.hpp>
#include <tectum/model/parameters.hpp>
#include <tectum/operators/operator.hpp>
#include <vector>

namespace alone {

namespace tt = tectum;
using numbers = std::vector<double>;

inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// Quarters between -1.5 and 1.5 or so: ((i step + 3) mod period - below) / 4.
inline numbers ramp(int n, int step = 7, int period = 11, int below = 5) {
  numbers v;
  for (int i = 0; i < n; ++i) v.push_back(((i * step + 3) % period - below) / 4.0);
  return v;
}
inline numbers ramp_of_gradients(int n) { return ramp(n, 5, 13, 6); }

struct result {
  numbers y, dx;
  std::vector<numbers> gradients, parameters;  // canonical; the latter as they are afterwards: buffers may have moved
};

struct given {
  tt::shape shape;
  numbers x;
  std::vector<numbers> parameters{};
  numbers dy{};  // ramp_of_gradients where it is empty
  std::vector<std::uint8_t> mask{};
  bool training = false;
};

template <class T, class Engine, class Op>
result run(const Op& op, const given& g) {
  const tt::shape in = g.shape, out = op.infer(in);
  REQUIRE_MESSAGE(!out.fault, out.fault.sentence);
  const tt::index samples = static_cast<tt::index>(g.x.size()) / in.size();
  const auto n = [&](const tt::shape& s) { return static_cast<std::size_t>(samples * s.size()); };
  const auto cast = [](const numbers& v) {
    std::vector<T> to;
    for (const double a : v) to.push_back(static_cast<T>(a));
    return to;
  };
  tt::parameter_list list;
  tt::extents saved, scratch;
  if constexpr (requires { &Op::parameters; }) list = op.parameters(in);
  if constexpr (requires { &Op::saved; }) saved = op.saved(in);
  if constexpr (requires { &Op::scratch; }) scratch = op.scratch(in);
  std::vector<tt::graph_parameter> described;
  long long stored = 0;
  for (int p = 0; p < list.count; ++p) {
    described.push_back({.what = list.items[p], .group = 0, .offset = stored});
    stored += (list.items[p].stored_size() + 15) / 16 * 16;
  }
  const auto room = [&](long long elements) {
    return std::vector<T>(static_cast<std::size_t>(elements) + 1, static_cast<T>(missing));
  };
  std::vector<T> values(static_cast<std::size_t>(stored) + 1), slopes = values;
  std::vector<T> kept = room(saved.per_sample * samples), kept_fixed = room(saved.fixed),
                 space = room(scratch.per_sample * samples), space_fixed = room(scratch.fixed);
  REQUIRE(g.parameters.size() == described.size());
  for (std::size_t p = 0; p < described.size(); ++p) {
    REQUIRE(g.parameters[p].size() == static_cast<std::size_t>(described[p].what.size()));
    tt::store_parameter(described[p].what, g.parameters[p].data(), values.data() + described[p].offset);
  }
  std::vector<T> x = cast(g.x), dy = cast(g.dy.empty() ? ramp_of_gradients(static_cast<int>(n(out))) : g.dy);
  std::vector<T> y(n(out), static_cast<T>(missing)), dx(n(in));
  tt::context<T, Engine> c;
  c.described = described.data();
  c.parameters = values.data();
  c.buffers = g.training ? values.data() : nullptr;
  c.gradients = slopes.data();
  c.saved_memory = kept.data();
  c.saved_fixed_memory = kept_fixed.data();
  c.scratch_memory = space.data();
  c.scratch_fixed_memory = space_fixed.data();
  c.training = g.training;
  c.recording = true;
  c.batch = samples;
  const std::uint8_t* const mask = g.mask.empty() ? nullptr : g.mask.data();
  const tt::view<const T> from{x.data(), samples, in.size(), &in, mask};
  const tt::view<T> to{y.data(), samples, out.size(), &out, mask};
  op.forward(c, from, to);
  c.buffers = nullptr;
  op.backward(c, from, tt::view<const T>(to), tt::view<const T>{dy.data(), samples, out.size(), &out, mask},
              tt::view<T>{dx.data(), samples, in.size(), &in, nullptr});
  result r{numbers(y.begin(), y.end()), numbers(dx.begin(), dx.end()), {}, {}};
  for (const tt::graph_parameter& p : described) {
    r.gradients.emplace_back(static_cast<std::size_t>(p.what.size()));
    r.parameters.emplace_back(static_cast<std::size_t>(p.what.size()));
    tt::read_parameter(p.what, slopes.data() + p.offset, r.gradients.back().data());
    tt::read_parameter(p.what, values.data() + p.offset, r.parameters.back().data());
  }
  return r;
}

inline void are(const char* what, const numbers& found, const numbers& expected, double tolerance = 1e-12) {
  INFO(what);
  REQUIRE(found.size() == expected.size());
  double scale = 1e-300;
  for (const double a : expected) scale = std::fmax(scale, std::fabs(a));
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO("at " << i << ": " << found[i] << " against " << expected[i]);
    CHECK(std::fabs(found[i] - expected[i]) <= tolerance * scale);
  }
}

// In double on both engines.
template <class Op>
void gives(const Op& op, const given& g, const numbers& y, const numbers& dx,
           const std::vector<numbers>& gradients = {}, const std::vector<numbers>& buffers = {}) {
  const auto look = [&](const char* engine, const result& r) {
    INFO(engine);
    are("y", r.y, y);
    are("dx", r.dx, dx);
    for (std::size_t p = 0; p < gradients.size(); ++p) are("parameter gradient", r.gradients[p], gradients[p]);
    for (std::size_t p = 0; p < buffers.size(); ++p)
      are("buffer", r.parameters[r.parameters.size() - buffers.size() + p], buffers[p]);
  };
  look("native", run<double, tt::native>(op, g));
  look("reference", run<double, tt::reference>(op, g));
}

// Why the shape is refused; "" if it is not.
template <class Op>
std::string refusal(const Op& op, const tt::shape& x) {
  const tt::shape y = op.infer(x);
  return y.fault ? y.fault.sentence : "";
}

inline tt::shape padded(int length, int width) { return tt::shape_of(tt::sequence{length, width, true}); }
inline tt::shape sound(int channels, int samples) {
  return tt::shape_of(tt::waveform{.samples = samples, .channels = channels});
}

}  // namespace alone
