// An operator seen from an architecture: the compile-time half of its contract, without its type.
#pragma once

#include <tectum/architecture/growing.hpp>
#include <tectum/architecture/options.hpp>
#include <tectum/architecture/parameter.hpp>
#include <type_traits>

namespace tectum::inline TECTUM_ABI {

// What an operator does with the validity of its inputs.
//   refuses      a masked input is a compile error (the default: no mask is dropped silently)
//   samplewise   each sample by itself: presence goes through, padding is refused
//   tokenwise    each token by itself: padding and presence go through
//   reads        the operator reads the bytes; `infer` says what is left of them on its result
enum class masking : unsigned char { refuses, samplewise, tokenwise, reads };
inline constexpr masking refuses_masks = masking::refuses, samplewise = masking::samplewise,
                         tokenwise = masking::tokenwise, reads_masks = masking::reads;

// What backward looks at beside the gradients; the rest is not kept for it.
enum class reads : unsigned char { nothing = 0, inputs = 1, output = 2, both = 3 };

// Whose tokens the mask of a padded result is about, when it is not an input's mask as it is.
//   of_input  an input's                             joined  those of all inputs, one behind the other
//   one_each  every input is one token, there or not part    those of the first input from `begin` on
enum class mask_from : unsigned char { of_input, joined, one_each, part };
struct token_mask {
  mask_from from = mask_from::of_input;
  int begin = 0;
  constexpr bool joins() const { return from == mask_from::joined || from == mask_from::one_each; }
};

// Whether the result is the first input seen under another shape, without a copy.
enum class seen_as : unsigned char { copy, always, at_inference };

inline constexpr int any_number = -1;
inline constexpr int most_inputs = 16, most_results = 4;

// Named results of one operator.
struct shapes {
  shape items[most_results]{};
  int count = 0;
  constexpr shapes() = default;
  template <class... S>
  constexpr shapes(const shape& first, const S&... more)
      : items{first, more...},
        count(1 + static_cast<int>(sizeof...(S))) {}
};

struct operator_table {
  const char* name;
  int arity;
  int results;
  masking masks;
  reads backward_reads;
  bool takes_epilogue;   // can apply an activation while it stores its result
  int epilogue;          // is such an activation: its number (kernels/epilogue.hpp); -1 if not
  seen_as view;          // the result lies where the first input lies
  bool strided_output;   // forward can write rows of features with any stride
  bool joins_last_axis;  // is a concatenation: its inputs may be written where they will lie
  bool draws;            // uses random numbers in training
  bool mixes_samples;    // in training, its samples look at one another
  bool takes_batch;      // is called once with all samples, never with a part of them or from several threads
  bool output_gradient;  // of an epilogue: its derivative can be told from its output alone
  bool is_loss;
  bool separate_masks;  // takes sequences whose padding differs, as attention does
  int options;
  shapes (*infer)(const slot*, range<shape>);
  parameter_list (*describe)(const slot*, range<shape>);
  extents (*saved)(const slot*, range<shape>);
  extents (*scratch)(const slot*, range<shape>);
  long long (*multiply_adds)(const slot*, range<shape>);
  token_mask (*result_mask)(const slot*, range<shape>);
  int (*id_limit)(const slot*);  // of an operator that looks ids up: they are below it; 0 of all others
};

namespace detail {

// Calls f with the shapes, one by one or, for an operator of any number of inputs, together.
template <int Arity, class F>
constexpr auto with_shapes(range<shape> in, F f) {
  if constexpr (Arity == any_number) return f(in);
  else if constexpr (Arity == 0) return f();
  else if constexpr (Arity == 1) return f(in[0]);
  else if constexpr (Arity == 2) return f(in[0], in[1]);
  else if constexpr (Arity == 3) return f(in[0], in[1], in[2]);
  else if constexpr (Arity == 4) return f(in[0], in[1], in[2], in[3]);
  else return f(in[0], in[1], in[2], in[3], in[4]);
}

template <class Op>
consteval int arity_of() {
  if constexpr (requires { Op::arity; }) return Op::arity;
  else return 1;
}
template <class Op>
consteval int results_of() {
  if constexpr (requires { Op::results; }) return Op::results;
  else return 1;
}

#define TECTUM_TRAIT(trait, type, otherwise)                 \
  template <class Op>                                        \
  consteval type trait##_of() {                              \
    if constexpr (requires { Op::trait; }) return Op::trait; \
    else return otherwise;                                   \
  }
TECTUM_TRAIT(masks, masking, masking::refuses)
TECTUM_TRAIT(backward_reads, reads, reads::inputs)
TECTUM_TRAIT(takes_epilogue, bool, false)
TECTUM_TRAIT(result_view, seen_as, seen_as::copy)
TECTUM_TRAIT(gradient_from_output, bool, false)
TECTUM_TRAIT(strided_output, bool, false)
TECTUM_TRAIT(joins_last_axis, bool, false)
TECTUM_TRAIT(draws, bool, false)
TECTUM_TRAIT(mixes_samples, bool, false)
TECTUM_TRAIT(takes_batch, bool, false)
TECTUM_TRAIT(is_loss, bool, false)
TECTUM_TRAIT(separate_masks, bool, false)
#undef TECTUM_TRAIT

template <class Op>
consteval int epilogue_of() {
  if constexpr (requires { Op::epilogue; }) return static_cast<int>(Op::epilogue);
  else return -1;
}

// Nearly all of this runs while compiling; what is left of it in a program is not worth optimising.
template <class Op>
struct erased {
  static constexpr int arity = arity_of<Op>();

  [[gnu::cold]] static constexpr shapes infer(const slot* options, range<shape> in) {
    const Op op = restore_options<Op>(options);
    return shapes(with_shapes<arity>(in, [&](const auto&... s) { return op.infer(s...); }));
  }
  [[gnu::cold]] static constexpr parameter_list describe(const slot* options, range<shape> in) {
    if constexpr (requires { &Op::parameters; }) {
      const Op op = restore_options<Op>(options);
      return with_shapes<arity>(in, [&](const auto&... s) { return op.parameters(s...); });
    } else {
      return {};
    }
  }
  [[gnu::cold]] static constexpr extents saved(const slot* options, range<shape> in) {
    if constexpr (requires { &Op::saved; }) {
      const Op op = restore_options<Op>(options);
      return with_shapes<arity>(in, [&](const auto&... s) { return op.saved(s...); });
    } else {
      return {};
    }
  }
  [[gnu::cold]] static constexpr extents scratch(const slot* options, range<shape> in) {
    if constexpr (requires { &Op::scratch; }) {
      const Op op = restore_options<Op>(options);
      return with_shapes<arity>(in, [&](const auto&... s) { return op.scratch(s...); });
    } else {
      return {};
    }
  }
  [[gnu::cold]] static constexpr token_mask result_mask(const slot* options, range<shape> in) {
    if constexpr (requires { &Op::result_mask; }) {
      const Op op = restore_options<Op>(options);
      return with_shapes<arity>(in, [&](const auto&... s) { return op.result_mask(s...); });
    } else {
      return {};
    }
  }
  [[gnu::cold]] static constexpr int id_limit(const slot* options) {
    if constexpr (requires { &Op::id_limit; }) return restore_options<Op>(options).id_limit();
    else return 0;
  }
  // Unless the operator says otherwise: each weight once for every row of the first input.
  [[gnu::cold]] static constexpr long long multiply_adds(const slot* options, range<shape> in) {
    if constexpr (requires { &Op::multiply_adds; }) {
      const Op op = restore_options<Op>(options);
      return with_shapes<arity>(in, [&](const auto&... s) { return op.multiply_adds(s...); });
    } else {
      const parameter_list all = describe(options, in);
      long long n = 0;
      for (int i = 0; i < all.count; ++i)
        if (all.items[i].role == role::weight && all.items[i].in_panels()) n += all.items[i].size();
      return n * (in.count > 0 ? in[0].rows() : 1);
    }
  }
};

}  // namespace detail

// The operator concept, structural part; what the functions must do stands in operators/operator.hpp.
template <class Op>
concept describes_operator = std::is_aggregate_v<Op> && requires { Op::name; } && requires { &Op::infer; };

template <class Op>
inline constexpr operator_table table_of_operator{
    .name = Op::name,
    .arity = detail::arity_of<Op>(),
    .results = detail::results_of<Op>(),
    .masks = detail::masks_of<Op>(),
    .backward_reads = detail::backward_reads_of<Op>(),
    .takes_epilogue = detail::takes_epilogue_of<Op>(),
    .epilogue = detail::epilogue_of<Op>(),
    .view = detail::result_view_of<Op>(),
    .strided_output = detail::strided_output_of<Op>(),
    .joins_last_axis = detail::joins_last_axis_of<Op>(),
    .draws = detail::draws_of<Op>(),
    .mixes_samples = detail::mixes_samples_of<Op>(),
    .takes_batch = detail::takes_batch_of<Op>(),
    .output_gradient = detail::gradient_from_output_of<Op>(),
    .is_loss = detail::is_loss_of<Op>(),
    .separate_masks = detail::separate_masks_of<Op>(),
    .options = option_count<Op>,
    .infer = &detail::erased<Op>::infer,
    .describe = &detail::erased<Op>::describe,
    .saved = &detail::erased<Op>::saved,
    .scratch = &detail::erased<Op>::scratch,
    .multiply_adds = &detail::erased<Op>::multiply_adds,
    .result_mask = &detail::erased<Op>::result_mask,
    .id_limit = &detail::erased<Op>::id_limit,
};

}  // namespace tectum
