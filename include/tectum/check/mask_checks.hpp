// Checks of the laws of masks.
#pragma once

#include <tectum/check/memory_checks.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

class mask_checks : protected memory_checks {
 public:
  using memory_checks::memory_checks;

 protected:
  void check_masks() {
    if (!single_.masked()) return;
    for (const masks_drawn which : {masks_drawn::some, masks_drawn::none}) {
      const trial_data d = draw_.data(single_, 5, which);
      const std::string kind_of = which == masks_drawn::some ? "" : "fully masked: ";
      check_result& finite_result = entry(which == masks_drawn::some ? "masked" : "fully masked");
      for (const on engine : {on::reference_double, on::native_double, on::native_float}) {
        const trial_outcome clean = valid_only(d, run(engine, d));
        for (const auto& y : clean.y)
          for (const double a : y) count(finite_result, finite(a) ? 0 : 1e300, 0, "y is not finite");
        for (const graph_parameter& p : single_.graph().parameters)
          for (const double a : of_parameter(p, clean.gradients))
            count(finite_result, finite(a) ? 0 : 1e300, 0,
                  std::string("gradient of ") + p.what.name + " is not finite");
        for (const double filling : {__builtin_nan(""), 1e30}) {
          const trial_outcome dirty = valid_only(d, run(engine, d, {.fill_invalid = true, .invalid = filling}));
          compare_bits(entry("masked unread"), dirty, clean, kind_of + when_on(engine));
          check_gradients_of_invalid(d, dirty, kind_of + when_on(engine));
        }
        check_gradients_of_invalid(d, clean, kind_of + when_on(engine));
      }
    }
    check_all_valid();
  }

 private:
  void check_gradients_of_invalid(const trial_data& d, const trial_outcome& o, const std::string& when) {
    for (int k = 0; k < single_.operands(); ++k) {
      const int v = single_.operand(k);
      const auto& dx = o.dx[static_cast<std::size_t>(k)];
      const index size = single_.shape_of_value(v).size();
      for (index i = 0; i < static_cast<index>(dx.size()); ++i) {
        if (is_valid(single_, d, v, i / size, i % size)) continue;
        const double a = dx[static_cast<std::size_t>(i)];
        count(entry("masked gradients"),
              a == 0      ? 0
              : is_nan(a) ? 1e300
                          : size_of(a),
              0, when + numbered("dx", static_cast<std::size_t>(k)) + " at " + std::to_string(i));
      }
    }
  }
  // All there gives the bits of the same inputs without masks.
  void check_all_valid() {
    std::vector<shape> plain = inputs_;
    for (shape& s : plain) s = s.unmasked();
    const single_operator unmasked(op_, slots_, plain);
    if (unmasked.failed() || unmasked.size(unmasked.result(0), 1) != single_.size(single_.result(0), 1)) return;
    const trial_data d = draw_.data(single_, 5, masks_drawn::all);
    trial_data bare = d;
    bare.masks.clear();
    for (const on engine : {on::reference_double, on::native_double, on::native_float})
      compare_bits(entry("all valid"), run(engine, d), run(unmasked, engine, bare), when_on(engine));
  }
};

}  // namespace detail
}  // namespace tectum
