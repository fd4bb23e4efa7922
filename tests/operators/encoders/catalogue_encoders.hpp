// What stands on both sides of an encoder.
#pragma once

#include <tectum/operators/encoders/encoder.hpp>

#include "../catalogue.hpp"

namespace catalogue {
namespace detail {

// An encoder from outside: which of two neighbours is larger. Its derivative is zero, as is what an external encoder
// gives back.
struct comparing {
  static constexpr tt::shape modality = tt::features_of(6), result = tt::features_of(3);
  template <class T>
  void operator()(tt::view<const T> x, tt::view<T> y) const noexcept {
    for (tt::index b = 0; b < x.samples; ++b)
      for (int k = 0; k < 3; ++k) y.sample(b)[k] = x.sample(b)[2 * k] > x.sample(b)[2 * k + 1] ? T(1) : T(0);
  }
};

}  // namespace detail

template <class Visit>
void encoders(Visit&& visit) {
  visit([](dice& d) {
    const tt::shape x = d.anything();
    return drawn(tt::detail::declared_shape_operator{tt::detail::options_of(x), d.coin()}, {x});
  });
  visit([](dice& d) {
    return drawn(tt::external<detail::comparing>{}, {d.masked(detail::comparing::modality, may_be::absent)});
  });
}

}  // namespace catalogue
