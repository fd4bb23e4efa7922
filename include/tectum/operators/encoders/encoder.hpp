// The encoder interface: what turns a modality into features or a sequence, whoever wrote it.
//
// Three kinds of thing are encoders, and stand in an architecture in the same way, tt::encoder(it, modality, result):
//   a pipeline                    tt::conv2d{...} | tt::relu | tt::flatten | tt::linear{64}
//   an architecture of one input
//   a type of your own, an external runtime behind it, say:
//     struct my_encoder {
//       static constexpr tt::shape modality = tt::shape_of(tt::picture{.channels = 3, .height = 32, .width = 32});
//       static constexpr tt::shape result = tt::shape_of(tt::features{64});
//       void operator()(tt::view<const float> samples, tt::view<float> features) const noexcept;   // writes all
//     };
//   It is made anew for each call (a session is reached through a static member), gets all samples of a call at once,
//   and is never trained through: no gradient flows into it. What it gives for a sample never changes, so tt::encoded
//   runs it once and keeps it.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

template <class E>
concept external_encoder = requires {
  { std::remove_cvref_t<E>::modality } -> std::convertible_to<shape>;
  { std::remove_cvref_t<E>::result } -> std::convertible_to<shape>;
};
// Whatever tt::encoder takes.
template <class E>
concept encoder_like = part<E> || external_encoder<E>;

namespace detail {

// A shape as options.
struct shape_options {
  tectum::kind kind = kind::none;
  int rank = 0, first = 1, second = 1, third = 1, fourth = 1;
  constexpr bool matches(const shape& s) const {
    return s.kind == kind && s.rank == rank && s.extent[0] == first && s.extent[1] == second && s.extent[2] == third &&
           s.extent[3] == fourth;
  }
};
constexpr shape_options options_of(const shape& s) {
  return {s.kind, s.rank, s.extent[0], s.extent[1], s.extent[2], s.extent[3]};
}

// Nothing but a check: what flows through must have the shape that the encoder declares.
struct declared_shape_operator {
  shape_options expected;
  bool is_result = false;

  static constexpr const char* name = "encoder";
  static constexpr auto masks = tokenwise;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr auto result_view = seen_as::always;

  constexpr shape infer(shape x) const {
    if (!expected.matches(x))
      return is_result ? wrong("encoder: what comes out is not what the encoder declares as its result")
                       : wrong("encoder: the input is not of the modality that the encoder declares");
    return x;
  }
  constexpr long long multiply_adds(shape) const { return 0; }
  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    C::kernels::copy(x.as_samples(), y.as_samples());
  }
  template <class C>
  void backward(C&, in<C>, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (dx) C::kernels::add(dy.as_samples(), dx.as_samples());
  }
};

}  // namespace detail

// An encoder from outside as an operator. Presence goes through; the gradient ends here.
template <external_encoder E>
struct external {
  static constexpr const char* name = "external";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;
  static constexpr bool takes_batch = true;

  constexpr shape infer(shape x) const {
    if (!detail::options_of(E::modality).matches(x))
      return wrong("encoder: the input is not of the modality that the encoder declares");
    return shape(E::result).unmasked();
  }
  constexpr long long multiply_adds(shape) const { return 0; }
  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    static_assert(std::is_invocable_v<const E&, in<C>, out<C>>,
                  "tectum: an external encoder is called with views of the model's scalar: (in, out)");
    E{}(x, y);
  }
  template <class C>
  void backward(C&, in<C>, in<C>, in<C>, out<C>) const noexcept {}
};

// The encoder `e` as a pipeline that takes the modality and gives the result declared here; another shape on either
// side is one compile error.
template <encoder_like E, class Modality, class Result>
constexpr auto encoder(const E& e, Modality modality, Result result) {
  const detail::declared_shape_operator before{detail::options_of(shape_of(modality)), false},
      after{detail::options_of(shape_of(result)), true};
  if constexpr (external_encoder<E>) return before | external<E>{} | after;
  else return before | e | after;
}

}  // namespace tectum
