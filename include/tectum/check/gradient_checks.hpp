// Checks of gradients: what they are, that they are added, and that none depends on which others are wanted.
#pragma once

#include <tectum/check/data.hpp>
#include <tectum/check/notes.hpp>
#include <tectum/check/steps.hpp>
#include <tectum/check/trial.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

class gradient_checks : protected noted_checks {
 public:
  gradient_checks(const checked_operator& op, std::vector<shape> inputs, const check_options& o)
      : noted_checks(single_operator(*op.table, op.slots.data(), inputs)),
        op_(*op.table),
        slots_(op.slots.data()),
        steps_(op.steps),
        inputs_(std::move(inputs)),
        options_(o),
        draw_(options_) {}

 protected:
  template <class F>
  auto with_steps(on engine, F f) const {
    switch (engine) {
      case on::reference_double: return f(steps_.reference_double);
      case on::native_double: return f(steps_.native_double);
      case on::reference_float: return f(steps_.reference_float);
      default: return f(steps_.native_float);
    }
  }
  trial_outcome run(on engine, const trial_data& d, trial_settings s = {}, const trial_layout& layout = {}) {
    return run(single_, engine, d, s, layout);
  }
  trial_outcome run(const single_operator& o, on engine, const trial_data& d, trial_settings s = {},
                    const trial_layout& layout = {}) {
    s.allocations = options_.allocations;
    trial_outcome out =
        with_steps(engine, [&]<class T>(const step_functions<T>& f) { return trial<T>(o, f, d.batch, layout)(d, s); });
    note(engine, out, layout.where == placing::watched ? "guards" : "guard pages");
    return out;
  }
  void note(on engine, const trial_outcome& out, const char* guards) {
    ++entry(guards).count;
    if (!out.damage.empty()) fail(entry(guards), when_on(engine) + out.damage);
    if (options_.allocations)
      count(entry("allocations"), static_cast<double>(out.allocations), 0, when_on(engine) + "allocated");
  }
  bool has_buffers() const {
    for (const graph_parameter& p : single_.graph().parameters)
      if (p.what.role == role::buffer) return true;
    return false;
  }

  std::vector<std::size_t> valid_places(const trial_data& d, int k) const {
    const int v = single_.operand(k);
    const index size = single_.shape_of_value(v).size();
    std::vector<std::size_t> places;
    for (index i = 0; i < static_cast<index>(d.x[static_cast<std::size_t>(k)].size()); ++i)
      if (is_valid(single_, d, v, i / size, i % size)) places.push_back(static_cast<std::size_t>(i));
    return places;
  }
  static std::vector<std::size_t> places_of(const graph_parameter& p) {
    std::vector<std::size_t> places;
    each_element(p.what, [&](index, index i) { places.push_back(static_cast<std::size_t>(p.offset + i)); });
    return places;
  }

  void check_gradients() { check_gradients(true, "input gradients", "parameter gradients"); }
  // What behaves differently in training has gradients of its own at inference.
  void check_inference_gradients() {
    if (op_.draws || has_buffers()) check_gradients(false, "inference gradients", "inference gradients");
  }
  void check_gradients(bool training, const char* of_inputs, const char* of_parameters) {
    trial_data d = draw_.data(single_, 3, masks_drawn::some);
    const trial_outcome exact = run(on::reference_double, d, {.training = training});
    double all = largest(exact.gradients);
    for (const auto& x : exact.dx) all = larger(all, largest(x));
    trial<double> forward(single_, steps_.reference_double, d.batch);
    const trial_settings only_forward{.backward = false, .training = training, .watched = false};
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
      const std::size_t most = static_cast<std::size_t>(options_.gradient_elements);
      const bool some = !options_.thorough && places.size() > most;
      for (std::size_t n = 0; n < (some ? most : places.size()); ++n) {  // the first and the last in any case
        const std::size_t i = places[!some    ? n
                                     : n == 0 ? 0
                                     : n == 1 ? places.size() - 1
                                              : static_cast<std::size_t>(draw_.below(static_cast<int>(places.size())))];
        count(c, deviation(x[i], analytic[i], scale), options_.gradient_tolerance, what + " at " + std::to_string(i));
      }
    };
    for (int k = 0; k < single_.operands(); ++k) {
      const std::size_t at = static_cast<std::size_t>(k);
      if (d.x[at].empty()) continue;
      walk(entry(of_inputs), d.x[at], exact.dx[at], valid_places(d, k), numbered("dx", at));
    }
    for (const graph_parameter& p : single_.graph().parameters) {
      if (p.what.role == role::buffer) continue;
      walk(entry(of_parameters), d.parameters, exact.gradients, places_of(p),
           std::string("gradient of ") + p.what.name);
    }
  }

  // Of any batch, each gradient as a whole: along a direction, against a difference.
  void check_direction(const trial_data& original, const trial_outcome& exact, const std::string& when) {
    trial_data d = original;
    trial<double> forward(single_, steps_.reference_double, d.batch);
    const trial_outcome here = forward(d, {.backward = false, .watched = false});
    const auto along = [&](std::vector<double>& x, const std::vector<double>& analytic,
                           const std::vector<std::size_t>& places, const std::string& what) {
      if (places.empty()) return;
      double best = 1e300;
      for (const double h : {1e-5, 1e-6, 1e-7}) {
        const std::vector<double> kept = x;
        double expected = 0, scale = 0;
        for (const std::size_t i : places) {
          const double step = draw_.between(0.5, 1) * (draw_.below(2) ? 1 : -1);
          expected += step * analytic[i];
          scale += size_of(step * analytic[i]);
          x[i] = kept[i] + h * step;
        }
        const trial_outcome a = forward(d, {.backward = false, .watched = false});
        for (const std::size_t i : places) x[i] = 2 * kept[i] - x[i];
        const trial_outcome b = forward(d, {.backward = false, .watched = false});
        x = kept;
        double up = 0, down = 0, size = 0;
        for (std::size_t r = 0; r < a.y.size(); ++r)
          for (std::size_t i = 0; i < a.y[r].size(); ++i)
            if (d.dy[r][i] != 0) {
              up += (a.y[r][i] - here.y[r][i]) * d.dy[r][i] / h;
              down += (here.y[r][i] - b.y[r][i]) * d.dy[r][i] / h;
              size += size_of(here.y[r][i] * d.dy[r][i]);
            }
        // At a kink one side is right. What the difference cannot see: the rounding of y, divided by the step.
        double e = 1e300;
        for (const double numeric : {(up + down) / 2, up, down})
          if (size_of(expected - numeric) < e) e = size_of(expected - numeric);
        e -= 1e-14 * size / h;
        const double relative = e <= 0 ? 0 : e / larger(scale, 1e-6);
        if (!(best <= relative)) best = relative;
        if (best <= options_.gradient_tolerance) break;
      }
      count(entry("rows"), best, 10 * options_.gradient_tolerance, when + what + " along a direction");
    };
    for (int k = 0; k < single_.operands(); ++k) {
      const std::size_t at = static_cast<std::size_t>(k);
      if (!d.x[at].empty()) along(d.x[at], exact.dx[at], valid_places(d, k), numbered("dx", at));
    }
    for (const graph_parameter& p : single_.graph().parameters)
      if (p.what.role != role::buffer)
        along(d.parameters, exact.gradients, places_of(p), std::string("gradient of ") + p.what.name);
  }

  // Backward is linear in dy, to the last bits of the scalar.
  void check_linear() {
    const trial_data d = draw_.data(single_, 33, masks_drawn::some);
    trial_data thrice = d;
    for (auto& dy : thrice.dy)
      for (double& a : dy) a *= 3;
    for (const on engine : both_engines) {
      trial_outcome want = run(engine, d);
      for (auto& dx : want.dx)
        for (double& a : dx) a *= 3;
      for (double& a : want.gradients) a *= 3;
      compare(entry("linear"), valid_only(d, run(engine, thrice)), valid_only(d, want), 1e-11, when_on(engine));
    }
  }

  void check_adds() {
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    for (const on engine : every_engine) {
      const bool single_precision = engine == on::reference_float || engine == on::native_float;
      const trial_settings held{.before = 1};
      const trial_outcome from_zero = run(engine, d);
      trial_outcome more = run(engine, d, held);
      for (std::size_t k = 0; k < more.dx.size(); ++k) {
        const int v = single_.operand(static_cast<int>(k));
        const index size = single_.shape_of_value(v).size();
        for (index i = 0; i < static_cast<index>(more.dx[k].size()); ++i) {
          double& a = more.dx[k][static_cast<std::size_t>(i)];
          a -= held_before(1, i);
          if (!is_valid(single_, d, v, i / size, i % size))
            count(entry("adds"), is_nan(a) ? 1e300 : size_of(a), 0, when_on(engine) + numbered("masked dx", k));
        }
      }
      index number = 0;
      for (const graph_parameter& p : single_.graph().parameters)
        each_element(p.what, [&](index, index at) {
          more.gradients[static_cast<std::size_t>(p.offset + at)] -= held_before(1, number++);
        });
      // Sums with what was held are rounded to as much of it.
      compare(entry("adds"), valid_only(d, more), valid_only(d, from_zero), single_precision ? 1e-3 : 1e-9,
              when_on(engine), held_before(1, 6));
    }
  }

  void check_unwanted() {
    const trial_data d = draw_.data(single_, 3, masks_drawn::some);
    for (const on engine : both_engines) {
      const trial_outcome all = run(engine, d);
      const auto look = [&](const trial_outcome& o, const std::string& when) {
        for (std::size_t k = 0; k < o.dx.size(); ++k)
          if (!o.dx[k].empty()) compare_bits(entry("unwanted"), o.dx[k], all.dx[k], when + numbered("dx", k));
      };
      const trial_outcome frozen = run(engine, d, {.parameter_gradients = false});
      look(frozen, "frozen: ");
      for (int k = 0; k < single_.operands(); ++k) {
        if (single_.shape_of_value(single_.operand(k)).holds_ids()) continue;
        const std::string when = numbered("without dx", static_cast<std::size_t>(k)) + ": ";
        const trial_outcome o = run(engine, d, {.unwanted = 1u << k});
        look(o, when);
        compare_bits(entry("unwanted"), o.gradients, all.gradients, when + "parameter gradients");
        look(run(engine, d, {.parameter_gradients = false, .unwanted = 1u << k}), "frozen, " + when);
        const trial_outcome alone = run(engine, d, {.unwanted = ~(1u << k)});
        look(alone, numbered("dx", static_cast<std::size_t>(k)) + " alone: ");
      }
      const trial_outcome none = run(engine, d, {.unwanted = ~0u});
      compare_bits(entry("unwanted"), none.gradients, all.gradients, "without any dx: parameter gradients");
      // A result whose gradient nobody wants counts as one whose gradient is zero.
      for (int r = 0; r < single_.results() && single_.results() > 1; ++r) {
        trial_data zero = d;
        for (double& a : zero.dy[static_cast<std::size_t>(r)]) a = 0;
        compare(entry("unwanted"), run(engine, d, {.unwanted_results = 1u << r}), run(engine, zero),
                options_.engine_tolerance, numbered("without dy", static_cast<std::size_t>(r)) + ": ");
      }
    }
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
      if (single_.mask(m).is_derived()) continue;
      int from = 0;
      for (int k = 0; k < single_.operands(); ++k)
        if (single_.mask_of_value(single_.operand(k)) == m) {
          from = twice.mask_of_value(twice.operand(k));
          break;
        }
      two.masks[static_cast<std::size_t>(m)] = d.masks[static_cast<std::size_t>(from)];
    }
    draw::zero_invalid(single_, two);
    for (const on engine : both_engines) {
      trial_outcome a = run(twice, engine, d);
      trial_outcome b = run(engine, two);
      // The two may cancel: what is left is compared to what there was.
      const double before = 100 * larger(largest(b.dx[0]), largest(b.dx[1]));
      for (std::size_t i = 0; i < b.dx[0].size(); ++i) b.dx[0][i] += b.dx[1][i];
      b.dx[1] = b.dx[0];
      compare(entry("same value twice"), valid_only(two, a), valid_only(two, b), options_.engine_tolerance, "", before);
    }
  }

  const operator_table& op_;
  const slot* const slots_;
  const checked_steps steps_;
  const std::vector<shape> inputs_;
  const check_options options_;
  draw draw_;
};

}  // namespace detail
}  // namespace tectum
