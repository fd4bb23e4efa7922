// All checks of one operator, in order; not a template on the operator.
#pragma once

#include <chrono>
#include <tectum/check/mask_checks.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

class operator_checks : mask_checks {
 public:
  using mask_checks::mask_checks;

  check_report run_all() {
    const auto began = std::chrono::steady_clock::now();
    report_.name = op_.name;
    report_.title = title_of(op_, inputs_);
    check_all();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return std::move(report_);
  }

 private:
  void check_all() {
    if (single_.failed()) return fail(entry("shapes"), single_.mistake());
    if (op_.view != seen_as::copy) {
      const bool alike = single_.size(single_.operand(0), 1) == single_.size(single_.result(0), 1);
      count(entry("view"), alike ? 0 : 1, 0, "the result of a view must be as large as its first input");
    }
    constexpr void (operator_checks::* all[])() = {&operator_checks::check_gradients,
                                                   &operator_checks::check_inference_gradients,
                                                   &operator_checks::check_adds,
                                                   &operator_checks::check_linear,
                                                   &operator_checks::check_writes_all,
                                                   &operator_checks::check_rows,
                                                   &operator_checks::check_samples,
                                                   &operator_checks::check_unwanted,
                                                   &operator_checks::check_scalars_and_engines,
                                                   &operator_checks::check_extremes,
                                                   &operator_checks::check_strides,
                                                   &operator_checks::check_alignments,
                                                   &operator_checks::check_same_value_twice,
                                                   &operator_checks::check_epilogues,
                                                   &operator_checks::check_inference,
                                                   &operator_checks::check_masks,
                                                   &operator_checks::check_guard_pages,
                                                   &operator_checks::check_threads};
    for (const auto check : all) {
      (this->*check)();
      if (!report_.passed && options_.stop_at_failure) return;
    }
  }

  void check_rows() {
    for (const index batch : {0, 1, 2, 5, 31, 32, 33, 65}) {
      const trial_data d = draw_.data(single_, batch, masks_drawn::some);
      const std::string when = "batch " + std::to_string(batch) + ": ";
      const trial_outcome a = valid_only(d, run(on::native_double, d)), b = valid_only(d, run(on::reference_double, d));
      compare(entry("rows"), a, b, options_.engine_tolerance, when);
      for (const auto& y : b.y)
        for (const double v : y)
          if (!finite(v)) count(entry("rows"), 1e300, 0, when + "y is not finite");
      for (const graph_parameter& p : single_.graph().parameters)
        for (const double v : of_parameter(p, b.gradients))
          if ((batch == 0 && v != 0) || !finite(v)) count(entry("rows"), 1e300, 0, when + "gradient of " + p.what.name);
      if (batch > 0) check_direction(d, b, when);
      compare(entry("rows"), valid_only(d, run(on::native_float, d)), b, 10 * options_.float_tolerance,
              when + "float: ", 1);
    }
  }

  void check_samples() {
    if (op_.is_loss || op_.draws || op_.mixes_samples || !options_.independent_samples) return;
    for (int r = 0; r < single_.results(); ++r)
      if (single_.shape_of_value(single_.result(r)).kind == kind::scalar) return;
    const trial_data d = draw_.data(single_, 4, masks_drawn::some);
    for (const on engine : both_engines) {
      const trial_outcome all = run(engine, d);
      for (index b = 0; b < d.batch; ++b) {
        const trial_data one = draw::sample(single_, d, b);
        trial_outcome alone = run(engine, one);
        trial_outcome part;
        const auto cut = [&](const std::vector<double>& x) {
          const index n = static_cast<index>(x.size()) / d.batch;
          return std::vector<double>(x.begin() + b * n, x.begin() + (b + 1) * n);
        };
        for (const auto& y : all.y) part.y.push_back(cut(y));
        for (const auto& x : all.dx) part.dx.push_back(cut(x));
        alone.gradients.clear();
        alone.buffers.clear();
        compare(entry("samples"), valid_only(one, alone), valid_only(one, part), options_.engine_tolerance,
                "sample " + std::to_string(b) + " alone: ");
      }
    }
  }

  void check_scalars_and_engines() {
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    const trial_outcome exact = valid_only(d, run(on::reference_double, d));
    compare(entry("engines"), valid_only(d, run(on::native_double, d)), exact, options_.engine_tolerance,
            "native against reference: ");
    for (const on engine : {on::native_float, on::reference_float})
      compare(entry("float"), valid_only(d, run(engine, d)), exact, options_.float_tolerance, when_on(engine), 1);
  }

  // Large inputs: finite where they are in the reference in double, and there the same in both engines.
  void check_extremes() {
    if (options_.extreme <= 0) return;
    trial_data d = draw_.data(single_, 5, masks_drawn::some);
    const double most = static_cast<double>(static_cast<float>(options_.extreme));
    for (auto& x : d.x)
      for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t sample = i * 5 / x.size();  // the first and the fourth, which nothing masks, all of one sign
        x[i] = sample == 0 ? most : sample == 3 ? -most : most * (draw_.below(2) ? 1 : -1) * (draw_.below(4) ? 1 : 0.5);
      }
    draw::zero_invalid(single_, d);
    const trial_outcome exact = run(on::reference_double, d);
    for (const on engine : {on::native_double, on::native_float, on::reference_float}) {
      const trial_outcome o = run(engine, d);
      const auto both = [&](const std::vector<double>& a, const std::vector<double>& b, const std::string& what) {
        const double scale = larger(largest(b), options_.extreme);  // what saturates has rounding errors for gradients
        for (std::size_t i = 0; i < a.size(); ++i) {
          if (!finite(b[i]) || size_of(b[i]) >= 1e30) continue;
          count(entry("extreme"), finite(a[i]) ? 0 : 1e300, 0,
                when_on(engine) + what + " is not finite at " + std::to_string(i));
          if (engine == on::native_double && scale < 1e30)
            count(entry("extreme"), error(a[i], b[i], scale), 1e3 * options_.engine_tolerance,
                  when_on(engine) + what + " at " + std::to_string(i));
        }
      };
      for (std::size_t r = 0; r < o.y.size(); ++r) both(o.y[r], exact.y[r], numbered("y", r));
      for (std::size_t k = 0; k < o.dx.size(); ++k) both(o.dx[k], exact.dx[k], numbered("dx", k));
      for (const graph_parameter& p : single_.graph().parameters)
        both(of_parameter(p, o.gradients), of_parameter(p, exact.gradients), std::string("gradient of ") + p.what.name);
    }
  }

  void check_epilogues() {
    if (!op_.takes_epilogue) return;
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    const trial_outcome raw = run(on::reference_double, d, {.backward = false});
    for (int act = 1; act <= static_cast<int>(activation::leaky_relu); ++act) {
      trial_outcome want = raw;
      for (auto& y : want.y)
        for (double& a : y) a = activate(static_cast<activation>(act), a);
      for (const on engine : every_engine) {
        const bool single_precision = engine == on::reference_float || engine == on::native_float;
        compare(entry("epilogue"), valid_only(d, run(engine, d, {.backward = false, .act = act})), valid_only(d, want),
                single_precision ? options_.float_tolerance : options_.engine_tolerance,
                when_on(engine) + "activation " + std::to_string(act) + ": ");
      }
    }
  }

  // Without random numbers and buffers, inference computes what training does; and recording changes nothing.
  void check_inference() {
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    for (const on engine : every_engine) {
      trial_outcome recorded = run(engine, d, {.training = false});
      const trial_outcome inference = run(engine, d, {.backward = false, .training = false});
      recorded.dx.clear();
      recorded.gradients.clear();
      compare_bits(entry("inference"), recorded, inference, when_on(engine) + "not recorded: ");
      if (op_.draws || op_.view == seen_as::at_inference || has_buffers()) continue;
      compare_bits(entry("inference"), run(engine, d, {.backward = false}), inference, when_on(engine) + "inference: ");
    }
  }
};

}  // namespace detail

// What check_operator does, of an operator without its type.
inline check_report check_without_type(const detail::checked_operator& op, std::vector<shape> inputs,
                                       const check_options& options) {
  return detail::operator_checks(op, std::move(inputs), options).run_all();
}

}  // namespace tectum
