// One operator on its own with made-up numbers, forward and backward, in plain memory: for values from elsewhere.
#pragma once

#include <cmath>
#include <tectum/kernels/native.hpp>
#include <tectum/kernels/reference.hpp>
#include <tectum/model/parameters.hpp>
#include <tectum/operators/operator.hpp>
#include <vector>

#include "../numbers.hpp"

namespace bare {

namespace tt = tectum;
using tt::index;

using tests::made_up;

// The sum of v[i] cos(0.7 i + 0.1): another order or sign of the elements gives another sum.
template <class T>
double mix(const std::vector<T>& v) {
  double s = 0;
  for (std::size_t i = 0; i < v.size(); ++i)
    s += static_cast<double>(v[i]) * std::cos(0.7 * static_cast<double>(i) + 0.1);
  return s;
}

// Inputs x[k][i] = made_up(i + 100 k), parameters 0.4 made_up(n) in their order, gradients of results cos(0.9 i + r).
template <class Op, class T, class Engine>
struct trial {
  Op op;
  std::vector<tt::shape> shapes, result_shapes;
  index samples;
  std::vector<std::vector<T>> x, y, dx, dy, parameters, parameter_gradients;  // the last two in canonical order
  std::vector<std::vector<std::uint8_t>> masks;
  std::vector<bool> wanted;  // results that have a gradient

  trial(const Op& o, std::vector<tt::shape> in, index batch) : op(o), shapes(std::move(in)), samples(batch) {
    const tt::range<tt::shape> all{shapes.data(), static_cast<int>(shapes.size())};
    const tt::shapes out(tt::detail::with_shapes<arity>(all, [&](const auto&... s) { return op.infer(s...); }));
    result_shapes.assign(out.items, out.items + out.count);
    wanted.assign(result_shapes.size(), true);
    for (const tt::shape& s : shapes) {
      const int k = static_cast<int>(x.size());
      x.emplace_back(elements(s));
      for (std::size_t i = 0; i < x.back().size(); ++i)
        x.back()[i] = static_cast<T>(made_up(static_cast<int>(i) + 100 * k));
      masks.emplace_back(static_cast<std::size_t>(samples * (s.padded ? s.length() : 1)), std::uint8_t{1});
    }
    for (const tt::shape& s : result_shapes) {
      const double r = static_cast<double>(dy.size());
      dy.emplace_back(elements(s));
      for (std::size_t i = 0; i < dy.back().size(); ++i)
        dy.back()[i] = static_cast<T>(std::cos(0.9 * static_cast<double>(i) + r));
    }
    if constexpr (requires { &Op::parameters; })
      list_ = tt::detail::with_shapes<arity>(all, [&](const auto&... s) { return op.parameters(s...); });
    int n = 0;
    for (int p = 0; p < list_.count; ++p) {
      described_.push_back({.what = list_.items[p], .offset = stored_});
      stored_ += list_.items[p].stored_size();
      parameters.emplace_back();
      for (int i = 0; i < list_.items[p].size(); ++i) parameters.back().push_back(static_cast<T>(0.4 * made_up(n++)));
    }
  }
  void lengths(std::size_t k, const std::vector<int>& of_sample) {
    for (index b = 0; b < samples; ++b)
      for (int t = 0; t < shapes[k].length(); ++t)
        masks[k][static_cast<std::size_t>(b * shapes[k].length() + t)] = t < of_sample[static_cast<std::size_t>(b)];
  }

  void run() {
    constexpr auto whole = [](long long n) { return static_cast<std::size_t>(n); };
    const tt::range<tt::shape> all{shapes.data(), static_cast<int>(shapes.size())};
    tt::extents saved{}, scratch{};
    const T nan = static_cast<T>(__builtin_nan(""));
    if constexpr (requires { &Op::saved; })
      saved = tt::detail::with_shapes<arity>(all, [&](const auto&... s) { return op.saved(s...); });
    if constexpr (requires { &Op::scratch; })
      scratch = tt::detail::with_shapes<arity>(all, [&](const auto&... s) { return op.scratch(s...); });
    std::vector<T> stored(whole(stored_) + 1), gradients(whole(stored_) + 1);
    std::vector<T> saved_samples(whole(saved.per_sample * samples) + 1, nan), saved_fixed(whole(saved.fixed) + 1, nan),
        room(whole(scratch.per_sample * samples) + 1, nan), fixed_room(whole(scratch.fixed) + 1, nan);
    for (std::size_t p = 0; p < parameters.size(); ++p)
      tt::store_parameter(described_[p].what, parameters[p].data(), stored.data() + described_[p].offset);
    tt::context<T, Engine> c;
    c.described = described_.data();
    c.parameters = stored.data();
    c.gradients = gradients.data();
    c.saved_memory = saved_samples.data();
    c.saved_fixed_memory = saved_fixed.data();
    c.scratch_memory = room.data();
    c.scratch_fixed_memory = fixed_room.data();
    c.training = c.recording = true;
    c.batch = samples;
    y.clear();
    dx.clear();
    std::vector<tt::view<const T>> in, upper;
    std::vector<tt::view<T>> out, lower;
    for (const tt::shape& s : result_shapes) y.emplace_back(elements(s), nan);
    for (const tt::shape& s : shapes) dx.emplace_back(elements(s), T(0));
    for (std::size_t k = 0; k < shapes.size(); ++k) {
      const std::uint8_t* mask = shapes[k].masked() ? masks[k].data() : nullptr;
      in.push_back({x[k].data(), samples, shapes[k].size(), &shapes[k], mask});
      lower.push_back({dx[k].data(), samples, shapes[k].size(), &shapes[k], nullptr});
    }
    for (std::size_t r = 0; r < result_shapes.size(); ++r) {
      const tt::shape& s = result_shapes[r];
      out.push_back({y[r].data(), samples, s.size(), &s, nullptr});
      upper.push_back({wanted[r] ? dy[r].data() : nullptr, samples, s.size(), &s, nullptr});
    }
    call(c, in, out, upper, lower, std::make_index_sequence<inputs>(), std::make_index_sequence<results>());
    parameter_gradients.clear();
    for (const tt::graph_parameter& p : described_) {
      parameter_gradients.emplace_back(whole(p.what.size()));
      tt::read_parameter(p.what, gradients.data() + p.offset, parameter_gradients.back().data());
    }
  }
  // Of the results, the inputs' gradients, the parameters' gradients.
  std::vector<double> sums() const {
    std::vector<double> s;
    for (const auto* group : {&y, &dx, &parameter_gradients})
      for (const auto& v : *group) s.push_back(mix(v));
    return s;
  }

 private:
  static constexpr int arity = tt::detail::arity_of<Op>();
  static constexpr std::size_t inputs = arity == tt::any_number ? 0 : static_cast<std::size_t>(arity),
                               results = static_cast<std::size_t>(tt::detail::results_of<Op>());

  std::size_t elements(const tt::shape& s) const { return static_cast<std::size_t>(samples * s.size()); }
  template <std::size_t... I, std::size_t... R>
  void call(tt::context<T, Engine>& c, const std::vector<tt::view<const T>>& in, const std::vector<tt::view<T>>& out,
            const std::vector<tt::view<const T>>& upper, const std::vector<tt::view<T>>& lower,
            std::index_sequence<I...>, std::index_sequence<R...>) {
    if constexpr (arity == tt::any_number) {
      const int n = static_cast<int>(in.size());
      const tt::range<tt::view<const T>> from{in.data(), n};
      op.forward(c, from, out[R]...);
      op.backward(c, from, tt::view<const T>(out[R])..., upper[R]..., tt::range<tt::view<T>>{lower.data(), n});
    } else {
      op.forward(c, in[I]..., out[R]...);
      op.backward(c, in[I]..., tt::view<const T>(out[R])..., upper[R]..., lower[I]...);
    }
  }

  tt::parameter_list list_;
  std::vector<tt::graph_parameter> described_;
  long long stored_ = 0;
};

}  // namespace bare
