// The checks themselves; not a template on the operator.
#pragma once

#include <tectum/check/data.hpp>
#include <tectum/check/notes.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

class operator_checks : noted_checks {
 public:
  operator_checks(const operator_table& op, const slot* options, const checked_steps& steps, std::vector<shape> inputs,
                  const check_options& o)
      : noted_checks(single_operator(op, options, inputs)),
        op_(op),
        slots_(options),
        steps_(steps),
        inputs_(std::move(inputs)),
        options_(o),
        draw_(options_) {}

  check_report run() {
    report_.title = title_of(op_, inputs_);
    if (single_.failed()) {
      fail(entry("shapes"), single_.mistake());
      return std::move(report_);
    }
    if (op_.view == seen_as::always) {
      const bool same = single_.size(single_.operand(0), 1) == single_.size(single_.result(0), 1);
      count(entry("view"), same ? 0 : 1, 0, "the result of a view must be as large as its first input");
      return std::move(report_);
    }
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    check_gradients(d);
    check_adds(d);
    check_writes_all(d);
    check_rows();
    check_samples();
    check_unwanted(d);
    check_scalars_and_engines(d);
    check_extremes();
    check_strides(d);
    check_same_value_twice();
    check_epilogues();
    check_inference();
    check_masks();
    if (!damage_.empty()) fail(entry("guards"), damage_);
    return std::move(report_);
  }

 private:
  trial_outcome reference(const trial_data& d, const trial_settings& s = {}) {
    return run_on(single_, steps_.reference_double, d, s);
  }
  trial_outcome native(const trial_data& d, const trial_settings& s = {}) {
    return run_on(single_, steps_.native_double, d, s);
  }

  // --- the checks

  void check_gradients(const trial_data& original) {
    trial_data d = original;
    const trial_outcome exact = reference(d);
    double all = largest(exact.gradients);
    for (const auto& x : exact.dx) all = larger(all, largest(x));
    trial<double> forward(single_, steps_.reference_double, d.batch);
    const trial_settings only_forward{.backward = false};
    const trial_outcome middle = forward(d, only_forward);
    for (std::size_t r = 0; r < middle.y.size(); ++r)
      for (std::size_t i = 0; i < middle.y[r].size(); ++i)
        if (!finite(middle.y[r][i]) && is_valid_result(d, r, i))
          return fail(entry("finite"), "y is not finite for ordinary inputs");
    const auto slope = [&](double& x, double h) {
      const double kept = x;
      x = kept + h;
      const double up = x;
      const trial_outcome a = forward(d, only_forward);
      x = kept - h;
      const double down = x;
      const trial_outcome b = forward(d, only_forward);
      x = kept;
      double s = 0;
      for (std::size_t r = 0; r < a.y.size(); ++r)
        for (std::size_t i = 0; i < a.y[r].size(); ++i)
          if (d.dy[r][i] != 0) s += (a.y[r][i] - b.y[r][i]) * d.dy[r][i];
      return s / (up - down);
    };
    // Smaller steps only where a kink or a steep place lies near: a wrong gradient stays wrong at all of them.
    const auto deviation = [&](double& x, double analytic, double scale) {
      double best = 1e300;
      for (const double h : {1e-3, 5e-5, 2e-6}) {
        const double numeric = (4 * slope(x, h / 2) - slope(x, h)) / 3;
        const double e = error(analytic, numeric, larger(scale, 1e-9));
        if (e < best) best = e;
        if (best <= 1e-8) break;
      }
      return best;
    };
    const auto walk = [&](check_result& c, std::vector<double>& x, const std::vector<double>& analytic,
                          const std::vector<std::size_t>& places, const std::string& what) {
      double scale = 0;
      for (const std::size_t i : places) scale = larger(scale, size_of(analytic[i]));
      scale = larger(scale, 0.01 * all);
      const bool some = places.size() >= 2000;
      for (std::size_t n = 0; n < (some ? 500 : places.size()); ++n) {
        const std::size_t i = places[some ? static_cast<std::size_t>(draw_.below(static_cast<int>(places.size()))) : n];
        count(c, deviation(x[i], analytic[i], scale), options_.gradient_tolerance, what + " at " + std::to_string(i));
      }
    };
    for (int k = 0; k < single_.operands(); ++k) {
      const std::size_t at = static_cast<std::size_t>(k);
      if (d.x[at].empty()) continue;
      const int v = single_.operand(k);
      const index size = single_.shape_of_value(v).size();
      std::vector<std::size_t> places;
      for (index i = 0; i < static_cast<index>(d.x[at].size()); ++i)
        if (is_valid(single_, d, v, i / size, i % size)) places.push_back(static_cast<std::size_t>(i));
      walk(entry("input gradients"), d.x[at], exact.dx[at], places, numbered("dx", at));
    }
    for (const graph_parameter& p : single_.graph().parameters) {
      if (p.what.role == role::buffer) continue;
      std::vector<std::size_t> places;
      each_element(p.what, [&](index, index i) { places.push_back(static_cast<std::size_t>(p.offset + i)); });
      walk(entry("parameter gradients"), d.parameters, exact.gradients, places,
           std::string("gradient of ") + p.what.name);
    }
  }
  void check_adds(const trial_data& d) {
    for (const bool of_native : {false, true}) {
      const trial_settings held{.before = 1};
      const trial_outcome from_zero = of_native ? native(d) : reference(d);
      trial_outcome more = of_native ? native(d, held) : reference(d, held);
      for (auto& x : more.dx)
        for (std::size_t i = 0; i < x.size(); ++i) x[i] -= held_before(1, static_cast<index>(i));
      index number = 0;
      for (const graph_parameter& p : single_.graph().parameters)
        each_element(p.what, [&](index, index at) {
          more.gradients[static_cast<std::size_t>(p.offset + at)] -= held_before(1, number++);
        });
      compare(entry("adds"), valid_only(d, more), valid_only(d, from_zero), 1e-9, "");
    }
  }

  void check_writes_all(const trial_data& d) {
    for (const bool of_native : {false, true}) {
      const trial_settings numbers{.unwritten = 777};
      const trial_outcome a = of_native ? native(d) : reference(d),
                          b = of_native ? native(d, numbers) : reference(d, numbers);
      compare_bits(entry("writes all"), a, b, "memory that held something else: ");
      for (std::size_t r = 0; r < a.y.size(); ++r)
        for (std::size_t i = 0; i < a.y[r].size(); ++i)
          if (is_valid_result(d, r, i))
            count(entry("writes all"), is_nan(a.y[r][i]) ? 1e300 : 0, 0,
                  numbered("y", r) + " holds NaN at " + std::to_string(i));
      compare_bits(entry("repeats"), a, of_native ? native(d) : reference(d), "second run: ");
    }
  }

  void check_rows() {
    std::vector<index> batches{0, 1, 2, 5};
    if (options_.thorough) batches.insert(batches.end(), {31, 32, 33, 65});
    for (const index batch : batches) {
      const trial_data d = draw_.data(single_, batch, masks_drawn::some);
      const std::string when = "batch " + std::to_string(batch) + ": ";
      const trial_outcome a = valid_only(d, native(d)), b = valid_only(d, reference(d));
      compare(entry("rows"), a, b, options_.engine_tolerance, when);
      for (const auto& y : b.y)
        for (const double v : y) count(entry("rows"), finite(v) ? 0 : 1e300, 0, when + "y is not finite");
      for (const graph_parameter& p : single_.graph().parameters)
        for (const double v : of_parameter(p, b.gradients))
          count(entry("rows"), (batch == 0 && v != 0) || !finite(v) ? 1e300 : 0, 0,
                when + "gradient of " + p.what.name);
      run_on(single_, steps_.native_float, d);
    }
  }

  void check_samples() {
    if (op_.is_loss || op_.draws || !options_.independent_samples) return;
    for (int r = 0; r < single_.results(); ++r)
      if (single_.shape_of_value(single_.result(r)).kind == kind::scalar) return;
    const trial_data d = draw_.data(single_, 4, masks_drawn::some);
    for (const bool of_native : {false, true}) {
      const trial_outcome all = of_native ? native(d) : reference(d);
      for (index b = 0; b < d.batch; ++b) {
        const trial_data one = draw::sample(single_, d, b);
        trial_outcome alone = of_native ? native(one) : reference(one);
        trial_outcome part;
        const auto cut = [&](const std::vector<double>& x) {
          const index n = static_cast<index>(x.size()) / d.batch;
          return std::vector<double>(x.begin() + b * n, x.begin() + (b + 1) * n);
        };
        for (const auto& y : all.y) part.y.push_back(cut(y));
        for (const auto& x : all.dx) part.dx.push_back(cut(x));
        alone.gradients.clear();
        compare(entry("samples"), valid_only(one, alone), valid_only(one, part), options_.engine_tolerance,
                "sample " + std::to_string(b) + " alone: ");
      }
    }
  }

  void check_unwanted(const trial_data& d) {
    for (const bool of_native : {false, true}) {
      const auto run = [&](const trial_settings& s) { return of_native ? native(d, s) : reference(d, s); };
      const trial_outcome all = run({});
      const auto look = [&](const trial_outcome& o, const std::string& when) {
        for (std::size_t k = 0; k < o.dx.size(); ++k)
          if (!o.dx[k].empty()) compare_bits(entry("unwanted"), o.dx[k], all.dx[k], when + numbered("dx", k));
      };
      const trial_outcome frozen = run({.parameter_gradients = false});
      look(frozen, "frozen: ");
      for (int k = 0; k < single_.operands(); ++k) {
        if (single_.shape_of_value(single_.operand(k)).holds_ids()) continue;
        const trial_outcome o = run({.unwanted = 1u << k});
        const std::string when = numbered("without dx", static_cast<std::size_t>(k)) + ": ";
        look(o, when);
        compare_bits(entry("unwanted"), o.gradients, all.gradients, when + "parameter gradients");
      }
      const trial_outcome none = run({.unwanted = ~0u});
      compare_bits(entry("unwanted"), none.gradients, all.gradients, "without any dx: parameter gradients");
    }
  }

  void check_scalars_and_engines(const trial_data& d) {
    const trial_outcome exact = valid_only(d, reference(d));
    compare(entry("engines"), valid_only(d, native(d)), exact, options_.engine_tolerance, "native against reference: ");
    compare(entry("float"), valid_only(d, run_on(single_, steps_.native_float, d)), exact, options_.float_tolerance,
            "native: ");
    compare(entry("float"), valid_only(d, run_on(single_, steps_.reference_float, d)), exact, options_.float_tolerance,
            "reference: ");
  }

  void check_extremes() {
    if (options_.extreme <= 0) return;
    trial_data d = draw_.data(single_, 3, masks_drawn::some);
    for (auto& x : d.x)
      for (double& a : x)
        a = static_cast<double>(static_cast<float>(options_.extreme)) * (draw_.below(2) ? 1 : -1) *
            (draw_.below(4) ? 1 : 0.5);
    draw::zero_invalid(single_, d);
    const trial_outcome exact = reference(d);
    const auto look = [&](const trial_outcome& o, const std::string& when) {
      const auto both = [&](const std::vector<double>& a, const std::vector<double>& b, const std::string& what) {
        for (std::size_t i = 0; i < a.size(); ++i)
          if (finite(b[i]) && size_of(b[i]) < 1e30)
            count(entry("extreme"), finite(a[i]) ? 0 : 1e300, 0,
                  when + what + " is not finite at " + std::to_string(i));
      };
      for (std::size_t r = 0; r < o.y.size(); ++r) both(o.y[r], exact.y[r], numbered("y", r));
      for (std::size_t k = 0; k < o.dx.size(); ++k) both(o.dx[k], exact.dx[k], numbered("dx", k));
      for (const graph_parameter& p : single_.graph().parameters)
        both(of_parameter(p, o.gradients), of_parameter(p, exact.gradients), std::string("gradient of ") + p.what.name);
    };
    look(native(d), "double, native: ");
    look(run_on(single_, steps_.native_float, d), "float, native: ");
    look(run_on(single_, steps_.reference_float, d), "float, reference: ");
  }

  void check_strides(const trial_data& d) {
    bool any = false;
    for (const shape& s : inputs_) any = any || (s.rank == 1 && !s.holds_ids());
    if (!any) return;
    const trial_settings spread{.strided = true};
    compare(entry("strides"), valid_only(d, native(d, spread)), valid_only(d, native(d)), 1e-12, "native: ");
    compare(entry("strides"), valid_only(d, reference(d, spread)), valid_only(d, reference(d)), 1e-12, "reference: ");
    run_on(single_, steps_.native_float, d, spread);
  }

  void check_same_value_twice() {
    if (inputs_.size() < 2 || !(inputs_[0] == inputs_[1]) || inputs_[0].holds_ids()) return;
    const single_operator twice(op_, slots_, inputs_, true);
    if (twice.failed()) return;
    // The same numbers, once as one value and once as two.
    trial_data d = draw_.data(twice, 3, masks_drawn::some), two = draw_.data(single_, 3, masks_drawn::some);
    two.x = d.x;
    two.x[1] = d.x[0];
    d.x[1] = d.x[0];
    two.ids = d.ids;
    two.parameters = d.parameters;
    two.dy = d.dy;
    for (int m = 0; m < single_.masks(); ++m) {  // masks of the operands, in their order
      if (single_.mask(m).any_of >= 0) continue;
      int from = 0;
      for (int k = 0; k < single_.operands(); ++k)
        if (single_.mask_of_value(single_.operand(k)) == m) {
          from = twice.mask_of_value(twice.operand(k));
          break;
        }
      two.masks[static_cast<std::size_t>(m)] = d.masks[static_cast<std::size_t>(from)];
    }
    draw::zero_invalid(single_, two);
    for (const bool of_native : {false, true}) {
      trial_outcome a = run_on(twice, of_native ? steps_.native_double : steps_.reference_double, d);
      trial_outcome b = of_native ? native(two) : reference(two);
      for (std::size_t i = 0; i < b.dx[0].size(); ++i) b.dx[0][i] += b.dx[1][i];
      b.dx[1] = b.dx[0];
      compare(entry("same value twice"), valid_only(two, a), valid_only(two, b), options_.engine_tolerance, "");
    }
  }

  void check_epilogues() {
    if (!op_.takes_epilogue) return;
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    const trial_settings plain{.backward = false};
    const trial_outcome raw = reference(d, plain);
    for (int act = 1; act <= static_cast<int>(activation::leaky_relu); ++act) {
      trial_outcome want = raw;
      for (auto& y : want.y)
        for (double& a : y) a = activate(static_cast<activation>(act), a);
      const trial_settings folded{.backward = false, .act = act};
      const std::string when = "activation " + std::to_string(act) + ": ";
      compare(entry("epilogue"), valid_only(d, reference(d, folded)), valid_only(d, want), options_.engine_tolerance,
              when);
      compare(entry("epilogue"), valid_only(d, native(d, folded)), valid_only(d, want), options_.engine_tolerance,
              when);
    }
  }

  // Without random numbers and buffers, inference computes what training does.
  void check_inference() {
    if (op_.draws || op_.view == seen_as::at_inference) return;
    for (const graph_parameter& p : single_.graph().parameters)
      if (p.what.role == role::buffer) return;
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    for (const bool of_native : {false, true}) {
      const trial_settings training{.backward = false}, inference{.backward = false, .training = false};
      compare_bits(entry("inference"), of_native ? native(d, training) : reference(d, training),
                   of_native ? native(d, inference) : reference(d, inference), "inference: ");
    }
  }

  void check_masks() {
    if (!single_.masked()) return;
    for (const masks_drawn which : {masks_drawn::some, masks_drawn::none}) {
      const trial_data d = draw_.data(single_, 5, which);
      const char* const kind_of = which == masks_drawn::some ? "" : "fully masked: ";
      for (const bool of_native : {false, true}) {
        const auto run = [&](const trial_settings& s) { return of_native ? native(d, s) : reference(d, s); };
        const trial_outcome clean = valid_only(d, run({}));
        check_result& finite_result = entry(which == masks_drawn::some ? "masked" : "fully masked");
        for (const auto& y : clean.y)
          for (const double a : y) count(finite_result, finite(a) ? 0 : 1e300, 0, "y is not finite");
        for (const graph_parameter& p : single_.graph().parameters)
          for (const double a : of_parameter(p, clean.gradients))
            count(finite_result, finite(a) ? 0 : 1e300, 0,
                  std::string("gradient of ") + p.what.name + " is not finite");
        for (const double filling : {__builtin_nan(""), 1e30}) {
          const trial_outcome dirty = valid_only(d, run({.fill_invalid = true, .invalid = filling}));
          compare_bits(entry("masked unread"), dirty, clean, kind_of);
          for (const trial_outcome* o : {&clean, &dirty})
            for (int k = 0; k < single_.operands(); ++k) {
              const int v = single_.operand(k);
              const auto& dx = o->dx[static_cast<std::size_t>(k)];
              const index size = single_.shape_of_value(v).size();
              for (index i = 0; i < static_cast<index>(dx.size()); ++i)
                if (!is_valid(single_, d, v, i / size, i % size)) {
                  const double a = dx[static_cast<std::size_t>(i)];
                  count(
                      entry("masked gradients"),
                      a == 0      ? 0
                      : is_nan(a) ? 1e300
                                  : size_of(a),
                      0,
                      std::string(kind_of) + numbered("dx", static_cast<std::size_t>(k)) + " at " + std::to_string(i));
                }
            }
        }
      }
    }
    std::vector<shape> plain = inputs_;
    for (shape& s : plain) s = s.unmasked();
    const single_operator unmasked(op_, slots_, plain);
    if (unmasked.failed() || unmasked.size(unmasked.result(0), 1) != single_.size(single_.result(0), 1)) return;
    const trial_data d = draw_.data(single_, 5, masks_drawn::all);
    trial_data bare = d;
    bare.masks.clear();
    compare_bits(entry("all valid"), native(d), run_on(unmasked, steps_.native_double, bare), "native: ");
    compare_bits(entry("all valid"), reference(d), run_on(unmasked, steps_.reference_double, bare), "reference: ");
    compare_bits(entry("all valid"), run_on(single_, steps_.native_float, d),
                 run_on(unmasked, steps_.native_float, bare), "float: ");
  }

  const operator_table& op_;
  const slot* slots_;
  const checked_steps steps_;
  const std::vector<shape> inputs_;
  const check_options options_;
  draw draw_;
};

}  // namespace detail
}  // namespace tectum
