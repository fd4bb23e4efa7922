// Mutants of backward: an operator of the library, and behind or before its backward one fault that a person could
// make. Which fault is a run-time option, so that an operator is compiled once for all of them.
#pragma once

#include <atomic>
#include <cmath>
#include <string>
#include <tectum/check/steps.hpp>
#include <tectum/model/parameters.hpp>
#include <vector>

namespace mutation {

namespace tt = tectum;

// What is done to a gradient behind backward.
enum class change {
  dropped,
  assigned,
  negated,
  first_negated,
  first_dropped,
  last_dropped,
  last_column_dropped,
  last_row_dropped,
  last_sample_dropped,
  shifted_by_one,
  two_swapped,
  reversed,
  halved,
  absolute,
  slightly_large,
  rounded_to_float,
  dropped_of_large_batches,
  dropped_of_one_sample,
  dropped_when_others_are_unwanted,
  differs_in_native,
  differs_in_float,
  masked_not_zero,
  masked_nan,
  changes_its_mind,
  dropped_when_unaligned,
  count
};
inline constexpr const char* change_names[] = {"dropped",
                                               "assigned, not added",
                                               "negated",
                                               "first element negated",
                                               "first element dropped",
                                               "last element dropped",
                                               "last column dropped",
                                               "last row dropped",
                                               "last sample dropped",
                                               "shifted by one",
                                               "two elements swapped",
                                               "reversed",
                                               "halved",
                                               "absolute value",
                                               "1e-5 too large",
                                               "rounded to float",
                                               "dropped of batches above 32",
                                               "dropped of one sample",
                                               "dropped when others are unwanted",
                                               "1e-8 off in native",
                                               "1e-3 off in float",
                                               "1e-9 at masked places",
                                               "NaN at masked places",
                                               "changes from call to call",
                                               "dropped when unaligned"};
// Of which gradient.
enum class target { first_input, last_input, first_parameter, last_parameter, count };
inline constexpr const char* target_names[] = {"dx of the first input", "dx of the last input",
                                               "gradient of the first parameter", "gradient of the last parameter"};
// What backward is given instead, or does beside.
enum class cause {
  none,
  one_sample_less,
  one_sample_skipped,
  masks_ignored,
  operands_exchanged,
  inputs_forgotten,
  output_forgotten,
  last_dy_dropped,
  dy_shifted,
  dy_doubled,
  parameters_forgotten,
  parameters_shifted,
  saved_forgotten,
  saved_shifted,
  other_random_numbers,
  training_forgotten,
  reads_behind,
  reads_before,
  reads_behind_parameters,
  writes_behind,
  writes_an_input,
  writes_without_samples,
  count
};
inline constexpr const char* cause_names[] = {"",
                                              "one sample less",
                                              "first sample skipped",
                                              "masks ignored",
                                              "operands exchanged",
                                              "inputs taken as zero",
                                              "output taken as zero",
                                              "last dy dropped",
                                              "dy shifted by one",
                                              "dy doubled",
                                              "parameters taken as zero",
                                              "parameters shifted by one",
                                              "saved memory taken as zero",
                                              "saved memory shifted by one",
                                              "other random numbers",
                                              "training taken for inference",
                                              "reads one behind dy",
                                              "reads one before dy",
                                              "reads one behind the parameters",
                                              "writes one behind dx",
                                              "writes into an input",
                                              "writes when there is no sample"};

struct fault {
  cause before = cause::none;
  change behind = change::count;
  target of = target::count;
  std::string text() const {
    if (before != cause::none) return cause_names[static_cast<int>(before)];
    if (behind == change::count) return "none";
    return std::string(target_names[static_cast<int>(of)]) + ": " + change_names[static_cast<int>(behind)];
  }
};

// Whether the fault has made any difference so far: one that makes none is not a mutant.
inline std::atomic<bool> made_a_difference;

// Backward of one call with its fault; `backward(c, x, y, dy, dx)` is the operator's own.
template <class T, class C>
struct faulty_call {
  using values = std::vector<T>;
  fault how;
  C& c;
  std::vector<tt::view<const T>> x;
  tt::view<const T> y, dy;
  std::vector<tt::view<T>> dx;
  std::vector<tt::extents> memory;  // saved

  struct numbers {  // all gradients, packed
    std::vector<values> dx, parameters;
    // By more than rounding, of the largest gradient of all.
    bool differs(const numbers& right) const {
      double most = 1e-3, difference = 0;
      const auto look = [&](const std::vector<values>& a, const std::vector<values>& b) {
        for (std::size_t k = 0; k < a.size(); ++k)
          for (std::size_t i = 0; i < a[k].size(); ++i) {
            const double e = std::fabs(static_cast<double>(a[k][i]) - static_cast<double>(b[k][i]));
            most = std::fmax(most, std::fabs(static_cast<double>(b[k][i])));
            difference = e <= 1e300 ? std::fmax(difference, e) : 1e300;
          }
      };
      look(dx, right.dx);
      look(parameters, right.parameters);
      return difference > most * (sizeof(T) == 4 ? 1e-5 : 1e-12);
    }
  };

  template <class F>
  void each(const tt::view<T>& v, F f) const {
    for (tt::index b = 0; v && b < v.samples; ++b)
      for (tt::index i = 0; i < v.size(); ++i) f(v.sample(b)[i]);
  }
  int parameter_count = 0;
  numbers read() const {
    numbers n;
    for (const auto& d : dx) {
      n.dx.emplace_back();
      each(d, [&](T& a) { n.dx.back().push_back(a); });
    }
    for (int p = 0; c.gradients && p < parameter_count; ++p) {
      n.parameters.emplace_back();
      tt::detail::each_element(c.described[p].what,
                               [&](tt::index, tt::index at) { n.parameters.back().push_back(c.gradient(p)[at]); });
    }
    return n;
  }
  void write(const numbers& n) const {
    for (std::size_t k = 0; k < dx.size(); ++k) {
      std::size_t i = 0;
      each(dx[k], [&](T& a) { a = n.dx[k][i++]; });
    }
    for (std::size_t p = 0; p < n.parameters.size(); ++p) {
      std::size_t i = 0;
      tt::detail::each_element(c.described[p].what, [&](tt::index, tt::index at) {
        c.gradient(static_cast<int>(p))[at] = n.parameters[p][i++];
      });
    }
  }

  template <class Backward>
  void run(Backward backward) {
    if (how.before == cause::none && how.behind == change::count) return backward(c, x, y, dy, dx);
    const numbers before = read();
    if (how.before != cause::none) {
      backward(c, x, y, dy, dx);
      const numbers right = read();
      write(before);
      with_cause(backward);
      if (read().differs(right)) made_a_difference = true;
      return;
    }
    backward(c, x, y, dy, dx);
    const numbers right = read();
    numbers wrong = right;
    const bool input = how.of == target::first_input || how.of == target::last_input;
    if (input) {
      const std::size_t k = how.of == target::first_input ? 0 : dx.size() - 1;
      bool others = c.gradients != nullptr;
      for (std::size_t j = 0; j < dx.size(); ++j) others = others && dx[j];
      if (!wrong.dx[k].empty())
        alter(wrong.dx[k], before.dx[k], dx[k].width(), dx[k].size(), others, dx[k].data, &x[k]);
    } else if (c.gradients && parameter_count > 0) {
      const std::size_t p = how.of == target::first_parameter ? 0 : wrong.parameters.size() - 1;
      const tt::parameter& what = c.described[p].what;
      bool others = true;
      for (const auto& d : dx) others = others && d;
      if (what.role != tt::role::buffer)
        alter(wrong.parameters[p], before.parameters[p], what.extent[what.rank > 0 ? what.rank - 1 : 0], what.size(),
              others, dy.data, nullptr);
    }
    write(wrong);
    if (wrong.differs(right)) made_a_difference = true;
  }

 private:
  void alter(values& g, const values& before, tt::index width, tt::index sample, bool others, const void* aligned,
             const tt::view<const T>* masked) const {
    static std::atomic<int> calls{0};
    const std::size_t n = g.size(), w = static_cast<std::size_t>(width), s = static_cast<std::size_t>(sample);
    values d(n);
    for (std::size_t i = 0; i < n; ++i) d[i] = g[i] - before[i];
    const auto set = [&](std::size_t i, T delta) { g[i] = before[i] + delta; };
    const auto drop = [&](auto which) {
      for (std::size_t i = 0; i < n; ++i)
        if (which(i)) g[i] = before[i];
    };
    const auto scale = [&](double by) {
      for (std::size_t i = 0; i < n; ++i) set(i, static_cast<T>(static_cast<double>(d[i]) * by));
    };
    constexpr bool native = std::is_same_v<typename C::kernels, tt::native>, single = sizeof(T) == 4;
    switch (how.behind) {
      case change::dropped: return drop([](std::size_t) { return true; });
      case change::assigned: g = d; return;
      case change::negated: return scale(-1);
      case change::first_negated: return set(0, -d[0]);
      case change::first_dropped: return drop([](std::size_t i) { return i == 0; });
      case change::last_dropped: return drop([&](std::size_t i) { return i + 1 == n; });
      case change::last_column_dropped: return drop([&](std::size_t i) { return i % w + 1 == w; });
      case change::last_row_dropped: return drop([&](std::size_t i) { return i % s + w >= s; });
      case change::last_sample_dropped: return drop([&](std::size_t i) { return i + s >= n; });
      case change::shifted_by_one:
        for (std::size_t i = 0; i < n; ++i) set(i, i == 0 ? T(0) : d[i - 1]);
        return;
      case change::two_swapped:
        if (n > 1) {
          set(0, d[1]);
          set(1, d[0]);
        }
        return;
      case change::reversed:
        for (std::size_t i = 0; i < n; ++i) set(i, d[n - 1 - i]);
        return;
      case change::halved: return scale(0.5);
      case change::absolute:
        for (std::size_t i = 0; i < n; ++i) set(i, d[i] < 0 ? -d[i] : d[i]);
        return;
      case change::slightly_large: return scale(1 + 1e-5);
      case change::rounded_to_float:
        for (std::size_t i = 0; i < n; ++i) set(i, static_cast<T>(static_cast<float>(d[i])));
        return;
      case change::dropped_of_large_batches: return drop([&](std::size_t) { return c.batch > 32; });
      case change::dropped_of_one_sample: return drop([&](std::size_t) { return c.batch == 1; });
      case change::dropped_when_others_are_unwanted: return drop([&](std::size_t) { return !others; });
      case change::differs_in_native: return scale(native && !single ? 1 + 1e-8 : 1);
      case change::differs_in_float: return scale(single ? 1 + 1e-3 : 1);
      case change::masked_not_zero:
      case change::masked_nan:
        if (masked && masked->mask)
          for (std::size_t i = 0; i < n; ++i) {
            const auto at = static_cast<tt::index>(i);
            const tt::index token = masked->size() / masked->length();
            if (!masked->valid(at / sample, masked->shape().padded ? at % sample / token : 0))
              set(i, static_cast<T>(how.behind == change::masked_nan ? __builtin_nan("") : 1e-9));
          }
        return;
      case change::changes_its_mind: return set(n - 1, d[n - 1] * static_cast<T>(1 + 1e-9 * (++calls % 5)));
      case change::dropped_when_unaligned:
        return drop([&](std::size_t i) { return i % 2 == 0 && reinterpret_cast<std::uintptr_t>(aligned) % 64 != 0; });
      default: return;
    }
  }

  template <class Backward>
  void with_cause(Backward backward) {
    C other = c;
    std::vector<values> kept(8);
    std::vector<std::uint8_t> ones;
    const auto copied = [&](values& to, const tt::view<const T>& v, auto f) {
      tt::view<const T> result = v;
      if (!v) return result;
      for (tt::index b = 0; b < v.samples; ++b)
        for (tt::index i = 0; i < v.size(); ++i) to.push_back(v.sample(b)[i]);
      f(to);
      to.push_back(T(0));
      result.data = to.data();
      result.stride = v.size();
      return result;
    };
    const auto zero = [](values& v) {
      for (T& a : v) a = T(0);
    };
    const auto change_samples = [&](auto f) {
      for (auto& v : x) f(v);
      for (auto& v : dx) f(v);
      f(y);
      f(dy);
    };
    volatile T seen{};
    switch (how.before) {
      case cause::one_sample_less:
        change_samples([](auto& v) { v.samples -= v.samples > 0 && v.shape().kind != tt::kind::scalar; });
        other.batch -= c.batch > 0;
        break;
      case cause::one_sample_skipped:
        if (c.batch > 1)
          dy = copied(kept[0], dy, [&](values& v) {
            for (tt::index i = 0; dy.shape().kind != tt::kind::scalar && i < dy.size(); ++i)
              v[static_cast<std::size_t>(i)] = T(0);
          });
        break;
      case cause::masks_ignored: {
        tt::index most = 0;
        for (const auto& v : x) most = v.samples * v.length() > most ? v.samples * v.length() : most;
        ones.assign(static_cast<std::size_t>(most + 64), 1);
        change_samples([&](auto& v) { v.mask = v.mask ? ones.data() : nullptr; });
        break;
      }
      case cause::operands_exchanged:
        if (x.size() > 1 && x[0] && x[0].shape().same_extents(x[1].shape()))
          std::swap(x[0].data, x[1].data), std::swap(x[0].stride, x[1].stride);
        break;
      case cause::inputs_forgotten:
        for (std::size_t k = 0; k < x.size() && k < 4; ++k) x[k] = copied(kept[k], x[k], zero);
        break;
      case cause::output_forgotten: y = copied(kept[0], y, zero); break;
      case cause::last_dy_dropped:
        dy = copied(kept[0], dy, [](values& v) { v.empty() ? void() : void(v.back() = T(0)); });
        break;
      case cause::dy_shifted:
        dy = copied(kept[0], dy, [](values& v) {
          for (std::size_t i = v.size(); i-- > 1;) v[i] = v[i - 1];
        });
        break;
      case cause::dy_doubled:
        dy = copied(kept[0], dy, [](values& v) {
          for (T& a : v) a *= 2;
        });
        break;
      case cause::parameters_forgotten:
      case cause::parameters_shifted:
        if (parameter_count > 0) {
          const auto& last = c.described[parameter_count - 1];
          const auto end = static_cast<std::size_t>(last.offset + last.what.stored_size());
          kept[0].assign(end + 1, T(0));
          for (int p = 0; p < parameter_count && how.before == cause::parameters_shifted; ++p) {
            const auto from = static_cast<std::size_t>(c.described[p].offset);
            for (std::size_t i = 0; i < static_cast<std::size_t>(c.described[p].what.stored_size()); ++i)
              kept[0][from + i + 1] = c.parameters[from + i];
          }
          other.parameters = kept[0].data();
        }
        break;
      case cause::saved_forgotten:
      case cause::saved_shifted: {
        const auto n = static_cast<std::size_t>(memory[0].per_sample * c.batch);
        if (n == 0 || c.saved_memory == nullptr) break;
        kept[0].assign(n, T(0));
        for (std::size_t i = 0; i + 1 < n && how.before == cause::saved_shifted; ++i)
          kept[0][i] = c.saved_memory[i + 1];
        other.saved_memory = kept[0].data();
        break;
      }
      case cause::other_random_numbers: other.random.stream += 1; break;
      case cause::training_forgotten: other.training = false; break;
      case cause::reads_behind:
        if (dy && dy.samples > 0) seen = dy.sample(dy.samples - 1)[dy.size()], made_a_difference = true;
        break;
      case cause::reads_before:
        if (dy && dy.samples > 0) seen = dy.data[-1], made_a_difference = true;
        break;
      case cause::reads_behind_parameters:
        if (parameter_count > 0) {
          const auto& last = c.described[parameter_count - 1];
          seen = c.parameters[last.offset + last.what.stored_size()];
          made_a_difference = true;
        }
        break;
      case cause::writes_behind:
        if (!dx.empty() && dx[0] && dx[0].samples > 0)
          dx[0].sample(dx[0].samples - 1)[dx[0].size()] = T(0), made_a_difference = true;
        break;
      case cause::writes_an_input:
        if (!x.empty() && x[0] && x[0].samples > 0) const_cast<T*>(x[0].data)[0] += T(1), made_a_difference = true;
        break;
      case cause::writes_without_samples:
        if (c.batch == 0 && parameter_count > 0 && c.gradients) c.gradient(0)[0] += T(1), made_a_difference = true;
        break;
      default: break;
    }
    (void)seen;
    backward(other, x, y, dy, dx);
  }
};

#define TECTUM_TEST_SAME_AS_OPERATOR                                                                              \
  Op op;                                                                                                          \
  cause before = cause::none;                                                                                     \
  change behind = change::count;                                                                                  \
  target of = target::count;                                                                                      \
  static constexpr const char* name = Op::name;                                                                   \
  static constexpr int arity = tt::detail::arity_of<Op>();                                                        \
  static constexpr auto masks = tt::detail::masks_of<Op>();                                                       \
  static constexpr auto backward_reads = tt::detail::backward_reads_of<Op>();                                     \
  static constexpr auto result_view = tt::detail::result_view_of<Op>();                                           \
  static constexpr bool takes_epilogue = tt::detail::takes_epilogue_of<Op>(),                                     \
                        strided_output = tt::detail::strided_output_of<Op>(), draws = tt::detail::draws_of<Op>(), \
                        is_loss = tt::detail::is_loss_of<Op>(), separate_masks = tt::detail::separate_masks_of<Op>();

// What an operator says of itself, whether it says it or not.
template <class Op>
constexpr tt::parameter_list parameters_of(const Op& op, const auto&... s) {
  if constexpr (requires { &Op::parameters; }) return op.parameters(s...);
  else return {};
}
template <class Op>
constexpr tt::extents saved_of(const Op& op, const auto&... s) {
  if constexpr (requires { &Op::saved; }) return op.saved(s...);
  else return {};
}
template <class Op>
constexpr tt::extents scratch_of(const Op& op, const auto&... s) {
  if constexpr (requires { &Op::scratch; }) return op.scratch(s...);
  else return {};
}

template <class Op>
struct of_one {
  TECTUM_TEST_SAME_AS_OPERATOR
  constexpr tt::shape infer(tt::shape x) const { return op.infer(x); }
  constexpr tt::parameter_list parameters(tt::shape x) const { return parameters_of(op, x); }
  constexpr tt::extents saved(tt::shape x) const { return saved_of(op, x); }
  constexpr tt::extents scratch(tt::shape x) const { return scratch_of(op, x); }
  template <class C>
  void forward(C& c, tt::in<C> x, tt::out<C> y) const noexcept {
    op.forward(c, x, y);
  }
  template <class C>
  void backward(C& c, tt::in<C> x, tt::in<C> y, tt::in<C> dy, tt::out<C> dx) const noexcept {
    faulty_call<typename C::scalar, C> f{{before, behind, of}, c, {x}, y, dy, {dx}, {saved(x.shape())}};
    f.parameter_count = parameters(x.shape()).count;
    f.run([&](C& in, const auto& xs, const auto& ys, const auto& dys, const auto& dxs) {
      op.backward(in, xs[0], ys, dys, dxs[0]);
    });
  }
};
template <class Op>
struct of_two {
  TECTUM_TEST_SAME_AS_OPERATOR
  constexpr tt::shape infer(tt::shape a, tt::shape b) const { return op.infer(a, b); }
  constexpr tt::parameter_list parameters(tt::shape a, tt::shape b) const { return parameters_of(op, a, b); }
  constexpr tt::extents saved(tt::shape a, tt::shape b) const { return saved_of(op, a, b); }
  constexpr tt::extents scratch(tt::shape a, tt::shape b) const { return scratch_of(op, a, b); }
  template <class C>
  void forward(C& c, tt::in<C> a, tt::in<C> b, tt::out<C> y) const noexcept {
    op.forward(c, a, b, y);
  }
  template <class C>
  void backward(C& c, tt::in<C> a, tt::in<C> b, tt::in<C> y, tt::in<C> dy, tt::out<C> da,
                tt::out<C> db) const noexcept {
    faulty_call<typename C::scalar, C> f{{before, behind, of},         c, {a, b}, y, dy, {da, db},
                                         {saved(a.shape(), b.shape())}};
    f.parameter_count = parameters(a.shape(), b.shape()).count;
    f.run([&](C& in, const auto& xs, const auto& ys, const auto& dys, const auto& dxs) {
      op.backward(in, xs[0], xs[1], ys, dys, dxs[0], dxs[1]);
    });
  }
};
template <class Op>
struct of_many {
  TECTUM_TEST_SAME_AS_OPERATOR
  constexpr tt::shape infer(tt::range<tt::shape> x) const { return op.infer(x); }
  constexpr tt::parameter_list parameters(tt::range<tt::shape> x) const { return parameters_of(op, x); }
  constexpr tt::extents saved(tt::range<tt::shape> x) const { return saved_of(op, x); }
  constexpr tt::extents scratch(tt::range<tt::shape> x) const { return scratch_of(op, x); }
  template <class C>
  void forward(C& c, tt::inputs<C> x, tt::out<C> y) const noexcept {
    op.forward(c, x, y);
  }
  template <class C>
  void backward(C& c, tt::inputs<C> x, tt::in<C> y, tt::in<C> dy, tt::outputs<C> dx) const noexcept {
    std::vector<tt::shape> shapes;
    for (const auto& v : x) shapes.push_back(v.shape());
    const tt::range<tt::shape> all{shapes.data(), static_cast<int>(shapes.size())};
    faulty_call<typename C::scalar, C> f{{before, behind, of},   c,           {x.begin(), x.end()}, y, dy,
                                         {dx.begin(), dx.end()}, {saved(all)}};
    f.parameter_count = parameters(all).count;
    f.run([&](C& in, const auto& xs, const auto& ys, const auto& dys, const auto& dxs) {
      const int n = static_cast<int>(xs.size());
      op.backward(in, tt::inputs<C>{xs.data(), n}, ys, dys, tt::outputs<C>{dxs.data(), n});
    });
  }
};
#undef TECTUM_TEST_SAME_AS_OPERATOR

template <class Op>
auto mutant(const Op& op, const fault& f) {
  constexpr int arity = tt::detail::arity_of<Op>();
  if constexpr (arity == 1) return of_one<Op>{op, f.before, f.behind, f.of};
  else if constexpr (arity == 2) return of_two<Op>{op, f.before, f.behind, f.of};
  else return of_many<Op>{op, f.before, f.behind, f.of};
}

// Every fault that makes a difference to this operator must fail a check; without a fault it passes.
class table {
 public:
  explicit table(const char* title) : title_(title) {}
  ~table();  // prints
  template <class Op>
  void add(const Op& op, const std::vector<std::vector<tt::shape>>& draws) {
    add(Op::name, tt::detail::without_type(mutant(op, {})), fault(), draws);
    for (int b = 1; b < static_cast<int>(cause::count); ++b) {
      const fault f{.before = static_cast<cause>(b)};
      add(Op::name, tt::detail::without_type(mutant(op, f)), f, draws);
    }
    for (int t = 0; t < static_cast<int>(target::count); ++t)
      for (int b = 0; b < static_cast<int>(change::count); ++b) {
        const fault f{.behind = static_cast<change>(b), .of = static_cast<target>(t)};
        add(Op::name, tt::detail::without_type(mutant(op, f)), f, draws);
      }
  }

 private:
  void add(const char* name, const tt::detail::checked_operator& op, const fault& f,
           const std::vector<std::vector<tt::shape>>& draws);
  const char* title_;
  int mutants_ = 0, killed_ = 0, operators_ = 0;
};

}  // namespace mutation
