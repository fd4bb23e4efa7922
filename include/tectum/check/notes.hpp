// How the checks compare the outcomes of runs and note what they find.
#pragma once

#include <bit>
#include <tectum/check/report.hpp>
#include <tectum/check/trial_data.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// "linear [3, 5] padded"
inline std::string title_of(const operator_table& op, const std::vector<shape>& inputs) {
  sentence<256> s;
  s << op.name;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    s << (k ? ", [" : " [");
    for (int i = 0; i < inputs[k].rank; ++i) s << (i ? ", " : "") << inputs[k].extent[i];
    s << "]" << (inputs[k].padded ? " padded" : "") << (inputs[k].optional ? " optional" : "");
  }
  return s.data();
}

class noted_checks {
 protected:
  explicit noted_checks(single_operator single) : single_(std::move(single)) {
    report_.checks.reserve(64);  // entries are held while others are added
  }

  check_result& entry(const char* name) {
    for (check_result& c : report_.checks)
      if (same_text(c.check, name)) return c;
    report_.checks.push_back({.check = name, .detail = {}});
    return report_.checks.back();
  }
  void fail(check_result& c, const std::string& detail) {
    if (c.passed) c.detail = detail;
    c.passed = report_.passed = false;
  }
  void count(check_result& c, double error, double tolerance, const std::string& what) {
    ++c.count;
    if (!(error <= c.worst)) c.worst = error;
    if (error <= tolerance) return;
    char number[40];
    std::snprintf(number, sizeof number, ": error %.2e", error);
    fail(c, what + number);
  }
  static bool is_nan(double a) { return math::is_nan(a); }
  static bool finite(double a) { return !math::is_nan(a) && !math::is_infinite(a); }
  static double size_of(double a) { return a < 0 ? -a : a; }
  static double largest(const std::vector<double>& x) {
    double m = 0;
    for (const double a : x) m = finite(a) && size_of(a) > m ? size_of(a) : m;
    return m;
  }
  static double error(double a, double b, double scale) {
    if (is_nan(a) || is_nan(b)) return is_nan(a) && is_nan(b) ? 0 : 1e300;
    return a == b ? 0 : size_of(a - b) / (scale > 1e-30 ? scale : 1e-30);
  }
  void compare(check_result& c, const std::vector<double>& a, const std::vector<double>& b, double scale,
               double tolerance, const std::string& what) {
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
      const double e = error(a[i], b[i], scale);
      count(c, e, tolerance, e <= tolerance ? std::string() : what + " at " + std::to_string(i));
    }
  }
  static bool same_bits(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (is_nan(a) && is_nan(b));
  }
  void compare_bits(check_result& c, const std::vector<double>& a, const std::vector<double>& b,
                    const std::string& what) {
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
      const double e = same_bits(a[i], b[i]) ? 0 : is_nan(a[i]) || is_nan(b[i]) ? 1e300 : size_of(a[i] - b[i]) + 1e-300;
      count(c, e, 0, e == 0 ? std::string() : what + " at " + std::to_string(i));
    }
  }
  static std::string numbered(const char* what, std::size_t i) { return what + std::to_string(i); }

  // Values of two runs, each tensor relative to its largest; small tensors relative to a hundredth of the largest of
  // all, and of `least`.
  void compare(check_result& c, const trial_outcome& a, const trial_outcome& b, double tolerance,
               const std::string& when, double least = 0) {
    double y = 0, g = least;
    for (const auto& x : b.y) y = larger(y, largest(x));
    for (const auto& x : b.dx) g = larger(g, largest(x));
    g = larger(g, largest(b.gradients));
    for (std::size_t r = 0; r < a.y.size(); ++r)
      compare(c, a.y[r], b.y[r], larger(largest(b.y[r]), 0.01 * y), tolerance, when + numbered("y", r));
    for (std::size_t k = 0; k < a.dx.size(); ++k)
      compare(c, a.dx[k], b.dx[k], larger(largest(b.dx[k]), 0.01 * g), tolerance, when + numbered("dx", k));
    compare(c, a.buffers, b.buffers, largest(b.buffers), tolerance, when + "buffers");
    for (const graph_parameter& p : single_.graph().parameters) {
      if (a.gradients.empty() || b.gradients.empty()) break;
      const std::vector<double> pa = of_parameter(p, a.gradients), pb = of_parameter(p, b.gradients);
      compare(c, pa, pb, larger(largest(pb), 0.01 * g), tolerance, when + "gradient of " + p.what.name);
    }
  }
  static double larger(double a, double b) { return a > b ? a : b; }
  static std::vector<double> of_parameter(const graph_parameter& p, const std::vector<double>& all) {
    std::vector<double> v(static_cast<std::size_t>(p.what.size()));
    each_element(p.what, [&](index at, index stored) {
      v[static_cast<std::size_t>(at)] = all[static_cast<std::size_t>(p.offset + stored)];
    });
    return v;
  }
  void compare_bits(check_result& c, const trial_outcome& a, const trial_outcome& b, const std::string& when) {
    for (std::size_t r = 0; r < a.y.size(); ++r) compare_bits(c, a.y[r], b.y[r], when + numbered("y", r));
    for (std::size_t k = 0; k < a.dx.size(); ++k) compare_bits(c, a.dx[k], b.dx[k], when + numbered("dx", k));
    compare_bits(c, a.gradients, b.gradients, when + "parameter gradients");
    compare_bits(c, a.buffers, b.buffers, when + "buffers");
  }
  // What stands in masked places of results is nobody's business.
  trial_outcome valid_only(const trial_data& d, trial_outcome o) const {
    for (std::size_t r = 0; r < o.y.size(); ++r) {
      const int v = single_.result(static_cast<int>(r));
      const index size = single_.shape_of_value(v).size();
      for (index i = 0; i < static_cast<index>(o.y[r].size()); ++i)
        if (!is_valid(single_, d, v, i / size, i % size)) o.y[r][static_cast<std::size_t>(i)] = 0;
    }
    return o;
  }

  bool is_valid_result(const trial_data& d, std::size_t r, std::size_t i) const {
    const int v = single_.result(static_cast<int>(r));
    const index size = single_.shape_of_value(v).size();
    return is_valid(single_, d, v, static_cast<index>(i) / size, static_cast<index>(i) % size);
  }

  single_operator single_;
  check_report report_;
};

}  // namespace detail
}  // namespace tectum
