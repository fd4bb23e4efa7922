// Random inputs for check_operator.
#pragma once

#include <tectum/check/report.hpp>
#include <tectum/check/trial_data.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// Some places masked away: all of sample 0 is there, of sample 2 nothing; or everywhere 1 or 0.
enum class masks_drawn : unsigned char { some, all, none };

class draw {
 public:
  explicit draw(const check_options& options) : options_(options) {}

  // A float in [low, high).
  double between(double low, double high) {
    const double u = static_cast<double>(random::uniform(options_.seed, stream_, counter_++));
    return static_cast<double>(static_cast<float>(low + (high - low) * u));
  }
  std::int32_t below(int n) {
    return static_cast<std::int32_t>(random::whole(options_.seed, stream_, counter_++, static_cast<std::uint32_t>(n)));
  }

  trial_data data(const single_operator& o, index batch, masks_drawn masks) {
    const graph_view g = o.graph();
    trial_data d;
    d.batch = batch;
    for (int m = 0; m < o.masks(); ++m) {
      const index length = o.mask(m).length;
      std::vector<std::uint8_t> bytes(static_cast<std::size_t>(batch * length), masks == masks_drawn::none ? 0 : 1);
      if (masks == masks_drawn::some)
        for (index b = 0; b < batch; ++b)
          for (index t = 0; t < length; ++t) {
            const bool here = b % 3 == 0 || (b % 3 == 1 && (length == 1 ? m % 2 == 0 : below(2) == 1));
            bytes[static_cast<std::size_t>(b * length + t)] = here;
          }
      d.masks.push_back(std::move(bytes));
    }
    for (int k = 0; k < o.operands(); ++k) {
      const int v = o.operand(k);
      const shape& s = o.shape_of_value(v);
      std::vector<double> x;
      std::vector<std::int32_t> ids;
      for (index i = 0; i < o.size(v, batch); ++i) {
        if (s.holds_ids()) ids.push_back(below(s.limit > 0 ? s.limit : options_.vocabulary));
        else x.push_back(between(options_.low, options_.high));
      }
      d.x.push_back(std::move(x));
      d.ids.push_back(std::move(ids));
    }
    zero_invalid(o, d);
    d.parameters.assign(static_cast<std::size_t>(g.parameter_elements), 0);
    for (const graph_parameter& p : g.parameters)
      each_element(p.what, [&](index at, index stored) {
        const double start = initial_value<float>(p.what, options_.seed, static_cast<std::uint64_t>(p.offset), at);
        const bool buffer = p.what.role == role::buffer;  // as a variance: not negative
        d.parameters[static_cast<std::size_t>(p.offset + stored)] =
            static_cast<double>(static_cast<float>(start + (buffer ? between(0, 0.5) : between(-0.3, 0.3))));
      });
    for (int r = 0; r < o.results(); ++r) {
      const int v = o.result(r);
      std::vector<double> dy;
      const index size = o.shape_of_value(v).size();
      for (index i = 0; i < o.size(v, batch); ++i) {
        const double a = between(-1, 1);
        dy.push_back(is_valid(o, d, v, i / size, i % size) ? a : 0);
      }
      d.dy.push_back(std::move(dy));
    }
    return d;
  }

  // As the boundary of a model leaves it.
  static void zero_invalid(const single_operator& o, trial_data& d) {
    for (int k = 0; k < o.operands(); ++k) {
      const int v = o.operand(k);
      const index size = o.shape_of_value(v).size();
      std::vector<double>& x = d.x[static_cast<std::size_t>(k)];
      std::vector<std::int32_t>& ids = d.ids[static_cast<std::size_t>(k)];
      for (index i = 0; i < o.size(v, d.batch); ++i) {
        if (is_valid(o, d, v, i / size, i % size)) continue;
        if (x.empty()) ids[static_cast<std::size_t>(i)] = 0;
        else x[static_cast<std::size_t>(i)] = 0;
      }
    }
  }

  // Sample b alone.
  static trial_data sample(const single_operator& o, const trial_data& d, index b) {
    trial_data one;
    one.batch = 1;
    one.parameters = d.parameters;
    const auto part = [b](const auto& all, index size) {
      return std::remove_cvref_t<decltype(all)>(all.begin() + b * size, all.begin() + (b + 1) * size);
    };
    for (int m = 0; m < o.masks(); ++m)
      one.masks.push_back(part(d.masks[static_cast<std::size_t>(m)], o.mask(m).length));
    for (int k = 0; k < o.operands(); ++k) {
      const std::size_t at = static_cast<std::size_t>(k);
      const index size = o.shape_of_value(o.operand(k)).size();
      const bool of_ids = o.shape_of_value(o.operand(k)).holds_ids();
      one.x.push_back(of_ids ? d.x[at] : part(d.x[at], size));
      one.ids.push_back(of_ids ? part(d.ids[at], size) : d.ids[at]);
    }
    for (int r = 0; r < o.results(); ++r)
      one.dy.push_back(part(d.dy[static_cast<std::size_t>(r)], o.shape_of_value(o.result(r)).size()));
    return one;
  }

 private:
  const check_options& options_;
  std::uint64_t stream_ = 1, counter_ = 0;
};

}  // namespace detail
}  // namespace tectum
