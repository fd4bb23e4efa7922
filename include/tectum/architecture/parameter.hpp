// What an operator says about its parameters: names, canonical shapes, initial values, and how they are kept.
#pragma once

#include <tectum/architecture/shape.hpp>

namespace tectum::inline TECTUM_ABI {

// weight: decayed by AdamW. bias, scale: not decayed. buffer: written by a training forward or by the user, never by an
// optimiser.
enum class role : unsigned char { weight, bias, scale, buffer };

// zeros and ones; constant(value); uniform(bound): U(-bound, bound); normal(deviation); fan_in_uniform:
// U(+-1/sqrt(in)), the default of PyTorch's Linear, Conv and recurrent layers; xavier_uniform(gain),
// xavier_normal(gain), kaiming_normal: sqrt(2/in); identity_at: orthogonal is left to the user's own values.
enum class initial : unsigned char {
  zeros,
  ones,
  constant,
  uniform,
  normal,
  fan_in_uniform,
  xavier_uniform,
  xavier_normal,
  kaiming_normal
};

struct parameter {
  const char* name = nullptr;
  int number = -1;  // "factor" and 2 make "factor.2"
  int rank = 0;
  int extent[4] = {1, 1, 1, 1};  // canonical shape, as PyTorch has it; row-major at load and save
  tectum::role role = tectum::role::weight;
  tectum::initial initial = tectum::initial::zeros;
  float value = 0;  // of the initialiser
  int fan_in = 0, fan_out = 0;

  // In memory: `count` matrices [out, in] in panels of 32 outputs when out > 0, else as it is. The canonical place of
  // (matrix c, output o, input i) is c * matrix_step + o * out_step + i * in_step.
  int count = 1, out = 0, in = 0;
  long long matrix_step = 0, out_step = 0, in_step = 0;

  constexpr long long size() const { return 1LL * extent[0] * extent[1] * extent[2] * extent[3]; }
  constexpr bool in_panels() const { return out > 0; }
  constexpr long long stored_size() const { return in_panels() ? 1LL * count * ((out + 31) / 32) * 32 * in : size(); }
  constexpr parameter numbered(int n) const {
    parameter p = *this;
    p.number = n;
    return p;
  }
  constexpr parameter initialised(tectum::initial how, float v = 0) const {
    parameter p = *this;
    p.initial = how;
    p.value = v;
    return p;
  }
};

// A weight [out, in] kept in panels, ready for the product kernels.
constexpr parameter weight_matrix(const char* name, int out, int in) {
  return {.name = name,
          .rank = 2,
          .extent = {out, in, 1, 1},
          .initial = initial::fan_in_uniform,
          .fan_in = in,
          .fan_out = out,
          .out = out,
          .in = in,
          .matrix_step = 1LL * out * in,
          .out_step = in,
          .in_step = 1};
}
// `count` such weights [count, out, in].
constexpr parameter weight_matrices(const char* name, int count, int out, int in) {
  parameter p = weight_matrix(name, out, in);
  p.rank = 3;
  p.extent[0] = count;
  p.extent[1] = out;
  p.extent[2] = in;
  p.count = count;
  return p;
}
// A filter bank [filters, channels, height, width] in `groups` groups, each a weight [filters / groups, the rest].
constexpr parameter filter_bank(const char* name, int filters, int channels, int height, int width, int groups = 1) {
  const int in = channels * height * width, out = filters / groups;
  return {.name = name,
          .rank = 4,
          .extent = {filters, channels, height, width},
          .initial = initial::fan_in_uniform,
          .fan_in = in,
          .fan_out = filters * height * width,
          .count = groups,
          .out = out,
          .in = in,
          .matrix_step = 1LL * out * in,
          .out_step = in,
          .in_step = 1};
}
// A vector; zeros unless told otherwise. fan_in is that of the weight it goes with.
constexpr parameter vector_of(const char* name, int n, tectum::role r = role::bias) {
  return {.name = name, .rank = 1, .extent = {n, 1, 1, 1}, .role = r, .fan_in = n, .fan_out = n};
}
constexpr parameter bias_of(const char* name, int n, int fan_in) {
  return {.name = name,
          .rank = 1,
          .extent = {n, 1, 1, 1},
          .role = role::bias,
          .initial = initial::fan_in_uniform,
          .fan_in = fan_in,
          .fan_out = n};
}
// A table kept row-major as it is: embeddings, learned queries.
constexpr parameter table_of(const char* name, int rows, int width) {
  return {.name = name,
          .rank = 2,
          .extent = {rows, width, 1, 1},
          .initial = initial::normal,
          .value = 1,
          .fan_in = width,
          .fan_out = rows};
}

// The parameters of one operator, in order; `context.weight(i)` and its like count the same way.
struct parameter_list {
  static constexpr int capacity = 36;
  parameter items[capacity]{};
  int count = 0;

  constexpr parameter_list() = default;
  template <class... P>
  constexpr parameter_list(const parameter& first, const P&... more) {
    add(first);
    (add(more), ...);
  }
  constexpr parameter_list& add(const parameter& p) {
    items[count] = p;  // beyond the capacity: not a constant expression, so it cannot pass unseen
    ++count;
    return *this;
  }
  constexpr parameter_list& add_if(bool wanted, const parameter& p) { return wanted ? add(p) : *this; }
};

// Memory that an operator asks for: elements of the model's scalar, fixed, for each sample, and for each pair of
// samples.
struct extents {
  long long fixed = 0, per_sample = 0, per_pair = 0;
};

}  // namespace tectum
