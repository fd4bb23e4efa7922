// The checker refuses what is wrong: a linear layer in plain loops with one fault at a time fails the check that is
// named for it, and without a fault passes them all.
#include <doctest/doctest.h>

#include <limits>
#include <new>
#include <tectum/check.hpp>
#include <type_traits>

#include "../allocation/counting.hpp"

namespace tt = tectum;

namespace {

enum class fault {
  none,
  assigns_dx,
  assigns_weight_gradient,
  sign,
  last_row,
  no_bias_gradient,
  reads_masked,
  multiplies_masked,
  last_column,
  next_column,
  too_much_saved,
  leaks_between_samples,
  changes_its_mind,
  ignores_activation,
  ignores_strides,
  differs_in_native,
  in_float_precision,
  overflows,
  forgets_training,
  unwanted_changes,
  masked_gradient,
  rounds_when_masked,
  saves_without_samples,
  allocates,
  shares_memory_between_threads,
  reads_behind_an_input,
  reads_before_the_bias,
  aligned_only
};

template <fault Fault>
struct mutant {
  int features;

  static constexpr const char* name = "mutant";
  static constexpr auto masks = tt::tokenwise;
  static constexpr bool takes_epilogue = true, strided_output = true;

  static constexpr bool has(fault f) { return f == Fault; }
  constexpr tt::shape infer(tt::shape x) const { return x.with_width(features); }
  constexpr auto parameters(tt::shape x) const {
    return tt::parameter_list(tt::weight_matrix("weight", features, x.width()),
                              tt::bias_of("bias", features, x.width()));
  }
  constexpr tt::extents saved(tt::shape) const { return {.per_sample = 1}; }

  template <class C>
  void forward(C& c, tt::in<C> x, tt::out<C> y) const noexcept {
    using T = typename C::scalar;
    static int calls = 0;
    const auto w = c.weight(0);
    const tt::matrix<const T> rows = x.as_rows();
    tt::matrix<T> to = y.as_rows();
    if (has(fault::ignores_strides)) to.stride = features;
    const tt::index each = x.shape().rows();
    for (tt::index r = 0; r < rows.rows - has(fault::last_row); ++r) {
      const bool valid = x.valid(r / each, r % each);
      for (tt::index o = 0; o < features - has(fault::last_column); ++o) {
        T s = c.values(1)[o];
        for (tt::index i = 0; i < w.in; ++i) {
          T a = rows(r, i) * w(o, i);
          if (has(fault::in_float_precision)) a = static_cast<T>(static_cast<float>(a));
          s += a;
        }
        if (has(fault::reads_masked) && r > 0) s += T(1e-3) * rows(r - 1, 0);
        if (has(fault::leaks_between_samples)) s += T(1e-3) * T(x.samples);
        if (has(fault::changes_its_mind)) s += T(1e-6) * T(++calls % 4);
        if (has(fault::differs_in_native) && std::is_same_v<typename C::kernels, tt::native>) s *= T(1 + 1e-7);
        if (has(fault::overflows))
          s += T(1e-6) * (tt::math::exp(T(0.01) * rows(r, 0)) - T(1)) / tt::math::exp(T(0.01) * rows(r, 0));
        if (has(fault::forgets_training) && !c.training) s += T(1);
        if (has(fault::rounds_when_masked) && x.mask && valid) s *= T(1) + T(8) * std::numeric_limits<T>::epsilon();
        to(r, o) = has(fault::ignores_activation) ? s : tt::activate(c.act, s);
      }
      if (has(fault::next_column)) to.row(r)[features] = T(0);
    }
    if (has(fault::allocates)) ::operator delete(::operator new(8));
    if (has(fault::shares_memory_between_threads) && x.samples > 0) {
      static std::atomic<int> inside{0};
      const int seen = ++inside;
      for (int i = 0; i < 10 && seen == 1 && inside == 1; ++i)
        std::this_thread::sleep_for(std::chrono::microseconds(20));
      to(0, 0) += T(seen - 1);
      --inside;
    }
    volatile T seen{};
    if (has(fault::reads_behind_an_input) && x.samples > 0) seen = x.sample(x.samples - 1)[x.size()];
    if (has(fault::reads_before_the_bias)) seen = c.values(1)[-1];
    if (has(fault::aligned_only) && x.samples > 0 && reinterpret_cast<std::uintptr_t>(x.data) % 32 != 0)
      to(0, 0) += T(1e-7);
    (void)seen;
    for (tt::index b = 0; b < x.samples + has(fault::too_much_saved); ++b) c.saved()[b] = T(1);
    if (has(fault::saves_without_samples)) c.saved()[0] = T(2);
  }
  template <class C>
  void backward(C& c, tt::in<C> x, tt::in<C>, tt::in<C> dy, tt::out<C> dx) const noexcept {
    using T = typename C::scalar;
    const auto w = c.weight(0);
    const tt::matrix<const T> rows = x.as_rows(), d = dy.as_rows();
    const tt::index each = x.shape().rows();
    for (tt::index r = 0; r < rows.rows; ++r) {
      const bool valid = x.valid(r / each, r % each);
      if (!valid && has(fault::masked_gradient) && dx) dx.as_rows()(r, 0) += T(1e-12);
      if (!valid && !has(fault::multiplies_masked)) continue;
      if (dx && valid)
        for (tt::index i = 0; i < w.in; ++i) {
          T s = 0;
          for (tt::index o = 0; o < features; ++o) s += d(r, o) * w(o, i);
          if (has(fault::sign) && i == 0) s = -s;
          if (has(fault::assigns_dx)) dx.as_rows()(r, i) = s;
          else dx.as_rows()(r, i) += s;
        }
      if (!c.gradients) continue;
      const auto dw = c.weight_gradient(0);
      for (tt::index o = 0; o < features; ++o) {
        for (tt::index i = 0; i < w.in; ++i) {
          if (has(fault::assigns_weight_gradient) && r == 0) dw(o, i) = d(r, o) * rows(r, i);
          else dw(o, i) += d(r, o) * rows(r, i) * T(valid);
        }
        if (!has(fault::no_bias_gradient)) c.gradient(1)[o] += d(r, o);
        if (has(fault::unwanted_changes) && !dx) c.gradient(1)[o] += T(1e-12);
      }
    }
  }
};

const tt::shape plain = tt::features_of(3);
const tt::shape sequences = tt::shape_of(tt::sequence{.length = 4, .width = 3, .padded = true});

template <fault Fault>
tt::check_report check(const tt::shape& x) {
  tt::check_options options{.threads = Fault == fault::shares_memory_between_threads ? 4 : 0};
  if (Fault == fault::allocates || Fault == fault::none) options.allocations = [] { return allocations.load(); };
  return tt::check_operator(mutant<Fault>{5}, {x}, options);
}
template <fault Fault>
void dies_of(const char* what, const tt::shape& x) {
  const tt::check_report r = check<Fault>(x);
  CAPTURE(r.text());
  INFO(std::string(what));
  CHECK(!r.passed);
  CHECK(r.failed(what));
}

}  // namespace

TEST_CASE("without a fault it passes") {
  CHECK_MESSAGE(check<fault::none>(plain).passed, check<fault::none>(plain).text());
  CHECK_MESSAGE(check<fault::none>(sequences).passed, check<fault::none>(sequences).text());
}

TEST_CASE("faults of the gradients") {
  dies_of<fault::assigns_dx>("adds", plain);
  dies_of<fault::assigns_weight_gradient>("adds", plain);
  dies_of<fault::sign>("input gradients", plain);
  dies_of<fault::no_bias_gradient>("parameter gradients", plain);
  dies_of<fault::unwanted_changes>("unwanted", plain);
}

TEST_CASE("faults of what is written") {
  dies_of<fault::last_row>("writes all", sequences.unmasked());
  dies_of<fault::last_column>("writes all", plain);
  dies_of<fault::next_column>("guards", plain);
  dies_of<fault::too_much_saved>("guards", plain);
  dies_of<fault::saves_without_samples>("guards", plain);  // a batch of no samples
  dies_of<fault::ignores_strides>("strides", plain);
}

TEST_CASE("faults of memory and threads") {
  dies_of<fault::allocates>("allocations", plain);
  dies_of<fault::shares_memory_between_threads>("threads", plain);
  dies_of<fault::aligned_only>("alignments", plain);
  if (!tt::detail::has_pages) return;
  dies_of<fault::reads_behind_an_input>("guard pages", plain);
  dies_of<fault::reads_before_the_bias>("guard pages", plain);
  const std::string behind = check<fault::reads_behind_an_input>(plain).find("guard pages")->detail;
  CHECK_MESSAGE(behind.find("forward touched behind the end of x0") != std::string::npos, behind);
  const std::string before = check<fault::reads_before_the_bias>(plain).find("guard pages")->detail;
  CHECK_MESSAGE(before.find("forward touched before the beginning of parameter bias") != std::string::npos, before);
}

TEST_CASE("faults of masks") {
  dies_of<fault::reads_masked>("masked unread", sequences);
  dies_of<fault::multiplies_masked>("masked unread", sequences);
  dies_of<fault::masked_gradient>("masked gradients", sequences);
  dies_of<fault::rounds_when_masked>("all valid", sequences);
}

TEST_CASE("faults of values") {
  dies_of<fault::leaks_between_samples>("samples", plain);
  dies_of<fault::changes_its_mind>("repeats", plain);
  dies_of<fault::ignores_activation>("epilogue", plain);
  dies_of<fault::differs_in_native>("engines", plain);
  dies_of<fault::in_float_precision>("input gradients", plain);
  dies_of<fault::overflows>("extreme", plain);
  dies_of<fault::forgets_training>("inference", plain);
}
