// Learning-rate schedules: values that give, for each training step, the factor of the optimiser's learning rate.
#pragma once

#include <cmath>
#include <numbers>
#include <tectum/config.hpp>

namespace tectum::inline TECTUM_ABI {

// Each has `double at(step, total)`: step counts from 0; total is 0 where nobody knows it. A function of yours with
// this member is a schedule too.
template <class S>
concept schedule = requires(const S& s, long long n) { double(s.at(n, n)); };

// The learning rate as it is.
struct constant {
  double at(long long, long long) const noexcept { return 1; }
};

// Half a cosine from 1 at the first step down to `last` at the end (Loshchilov and Hutter 2017).
struct cosine {
  double last = 0;
  double at(long long step, long long total) const noexcept {
    if (total <= 0) return 1;
    const double done = step >= total ? 1 : static_cast<double>(step) / static_cast<double>(total);
    return last + (1 - last) * 0.5 * (1 + std::cos(std::numbers::pi * done));
  }
};

// Multiplied by `factor` after every `every` steps.
struct step_decay {
  long long every = 1000;
  double factor = 0.1;
  double at(long long step, long long) const noexcept {
    return every < 1 ? 1 : std::pow(factor, static_cast<double>(step / every));
  }
};

// Rises linearly over the first `steps` steps (the first has 1 / steps), then follows `then`.
template <class Then = constant>
struct warm_up {
  long long steps = 100;
  Then then{};
  double at(long long step, long long total) const noexcept {
    if (step < steps) return static_cast<double>(step + 1) / static_cast<double>(steps);
    return then.at(step - steps, total > steps ? total - steps : 0);
  }
};
warm_up(long long) -> warm_up<constant>;
template <class Then>
warm_up(long long, Then) -> warm_up<Then>;

}  // namespace tectum
