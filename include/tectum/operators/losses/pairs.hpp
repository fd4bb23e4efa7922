// What losses have in common that compare every sample of one input with every sample of another.
#pragma once

#include <tectum/kernels/strided.hpp>
#include <tectum/operators/losses/reduction.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// The learned multiplier of the similarities and what is added to them; a single number each, not decayed.
constexpr parameter single_value(const char* name, double value, role r) {
  return {.name = name,
          .rank = 0,
          .role = r,
          .initial = initial::constant,
          .value = static_cast<float>(value),
          .fan_in = 1,
          .fan_out = 1};
}
constexpr parameter_list pair_parameters(bool learned_scale, double scale, bool learned_bias, double bias) {
  return parameter_list()
      .add_if(learned_scale, single_value("logit_scale", scale, role::scale))
      .add_if(learned_bias, single_value("logit_bias", bias, role::bias));
}
// Rows of the pairs that are whole, one behind the other, and seven values of each; similarities, and room for as many.
constexpr extents pair_saved(const shape& a) { return {.fixed = 1, .per_sample = 2 * a.width() + 7, .per_pair = 2}; }
constexpr extents pair_scratch(const shape& a) { return {.per_sample = 2 * a.width() + 1}; }

// The pairs of a batch of which both sides are there, and where what is kept of them lies.
template <class C>
struct pairs {
  using T = typename C::scalar;
  in<C> a, b;
  bool normalize;
  index width, count = 0;
  T *left, *right;            // [count, width] each
  T *left_norm, *right_norm;  // one over the lengths, negative where the length is no more than the least there is
  T *row_most, *row_total, *column_most, *column_total, *value;  // for the loss to use, one a pair
  T *similarity, *room;                                          // [count, count] each
  static constexpr T least = T(1e-12);

  pairs(C& c, in<C> x1, in<C> x2, bool to_unit_length) noexcept
      : a(x1),
        b(x2),
        normalize(to_unit_length),
        width(x1.width()) {
    const index samples = a.samples;
    left = c.saved();
    right = left + samples * width;
    left_norm = right + samples * width;
    right_norm = left_norm + samples;
    row_most = right_norm + samples;
    row_total = row_most + samples;
    column_most = row_total + samples;
    column_total = column_most + samples;
    value = column_total + samples;
    similarity = c.saved_pairs();
    room = similarity + samples * samples;
    for (index s = 0; s < samples; ++s) count += whole(s);
  }
  bool whole(index s) const noexcept { return a.present(s) && b.present(s); }
  auto counts() const noexcept {
    return [this](index s, index) { return whole(s); };
  }

  // Brings the rows together and multiplies them with each other.
  void compare() const noexcept {
    index i = 0;
    for (index s = 0; s < a.samples; ++s) {
      if (!whole(s)) continue;
      bring(a.sample(s), left + i * width, left_norm + i);
      bring(b.sample(s), right + i * width, right_norm + i);
      ++i;
    }
    C::kernels::batched_product(1, count, count, width, {left, 0, width, 1}, {right, 0, 1, width},
                                strided<T>{similarity, 0, count, 1}, T(1), false);
  }
  // From the gradients of the logits, in `room`, to those of all that they were made of.
  void spread(C& c, T multiplier, T* scale_gradient, T scale_slope, T* bias_gradient, out<C> da,
              out<C> db) const noexcept {
    if (scale_gradient) *scale_gradient += scale_slope * C::kernels::dot(count * count, room, similarity);
    if (bias_gradient) *bias_gradient += C::kernels::sum(count * count, room);
    T* const d = c.scratch();
    if (da) {
      C::kernels::batched_product(1, count, width, count, {room, 0, count, 1}, {right, 0, width, 1},
                                  strided<T>{d, 0, width, 1}, multiplier, false);
      send_back(d, left, left_norm, da);
    }
    if (db) {
      C::kernels::batched_product(1, count, width, count, {room, 0, 1, count}, {left, 0, width, 1},
                                  strided<T>{d, 0, width, 1}, multiplier, false);
      send_back(d, right, right_norm, db);
    }
  }

 private:
  matrix<T> row(T* x) const noexcept { return {x, 1, width, width}; }
  matrix<const T> row(const T* x) const noexcept { return {x, 1, width, width}; }

  void bring(const T* x, T* to, T* norm) const noexcept {
    if (!normalize) return C::kernels::copy(row(x), row(to));
    const T length = math::sqrt(C::kernels::dot(width, x, x));
    const T inverse = T(1) / math::max(length, least);
    *norm = length > least ? inverse : -inverse;
    C::kernels::map(row(to), [=](auto v) { return v * decltype(v)(inverse); }, row(x));
  }
  void send_back(const T* d, const T* unit, const T* norm, out<C> dx) const noexcept {
    index i = 0;
    for (index s = 0; s < a.samples; ++s) {
      if (!whole(s)) continue;
      const T *const g = d + i * width, *const u = unit + i * width;
      const T scale = !normalize ? T(1) : math::abs(norm[i]);
      const T along = normalize && norm[i] > T(0) ? C::kernels::dot(width, g, u) : T(0);
      C::kernels::map_add(
          row(dx.sample(s)),
          [=](auto v, auto w) {
            using V = decltype(v);
            return V(scale) * (v - V(along) * w);
          },
          row(g), row(u));
      ++i;
    }
  }
};

// The shape of such a loss, or which of the sentences says what is wrong.
constexpr shape pair_loss(reduction r, const shape& a, const shape& b, const char* features, const char* differ) {
  if (a.kind != kind::features || b.kind != kind::features) return wrong(features);
  if (a.width() != b.width()) return wrong(differ, a.width(), b.width());
  const shape both[] = {a, b};
  return reduced(r, features_of(1), {both, 2});
}

}  // namespace detail
}  // namespace tectum
