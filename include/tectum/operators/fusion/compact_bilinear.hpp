// Compact bilinear pooling: count sketches and their circular convolution.
#pragma once

#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// y = S0 x0 * S1 x1 * ..., circular convolutions of count sketches, (S x)_j = sum of s_i x_i over all i with h_i = j
// (Gao et al. 2016; as fusion MCB: Fukui et al. 2016): the sketch of the outer product, of which it keeps inner
// products in the mean. Of one input it is the count sketch. An absent modality is left out; where all are absent y is
// 0.
//   features: width of the result.
//   [n0], [n1], ... -> [features]; buffers h.0, s.0, h.1, s.1, ... [n0], [n0], [n1], ...
// The sketches are drawn at first, not trained, and saved with the model. A place is the whole part of |h|, as is
// 0 to features - 1 when given; a sign is that of s. Computed in the direct form, features times n each.
struct compact_bilinear {
  int features;

  static constexpr const char* name = "compact_bilinear";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    if (features < 1) return wrong("compact_bilinear: features must be 1 or more", features);
    if (features > (1 << 20)) return wrong("compact_bilinear: features must be at most 1048576", features);
    if (x.size() > most_modalities) return wrong("compact_bilinear: at most 16 modalities", x.size());
    for (const shape& s : x)
      if (s.kind != kind::features)
        return wrong("compact_bilinear: every input must be one vector a sample; pool or flatten it first");
    return features_of(features);
  }
  constexpr auto parameters(range<shape> x) const {
    parameter_list all;
    for (int k = 0; k < x.size(); ++k)
      all.add(vector_of("h", x[k].width(), role::buffer)
                  .initialised(initial::uniform, static_cast<float>(features))
                  .numbered(k))
          .add(vector_of("s", x[k].width(), role::buffer).initialised(initial::uniform, 1).numbered(k));
    return all;
  }
  // A convolution and the next one, of one sample.
  constexpr extents scratch(range<shape>) const { return {.fixed = 2LL * features}; }
  constexpr long long multiply_adds(range<shape> x) const {
    long long n = x[0].width();
    for (int k = 1; k < x.size(); ++k) n += 1LL * features * x[k].width();
    return n;
  }

  template <class C>
  void forward(C& c, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    for (index b = 0; b < y.samples; ++b) {
      const T* const all = convolved(c, xs, b, -1);
      if (all) C::kernels::copy(detail::row_of(all, features), detail::row_of(y.sample(b), features));
      else C::kernels::fill(detail::row_of(y.sample(b), features), T(0));
    }
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    for (index b = 0; b < dy.samples; ++b)
      for (int k = 0; k < xs.size(); ++k) {
        if (!dxs[k] || !xs[k].present(b)) continue;
        const T *const others = convolved(c, xs, b, k), *const d = dy.sample(b);
        for (index i = 0; i < xs[k].width(); ++i) {
          const index at = place(c, k, i), left = features - at;
          const T g = others ? C::kernels::dot(left, d + at, others) + C::kernels::dot(at, d, others + left) : d[at];
          dxs[k].sample(b)[i] += sign(c, k, i) * g;
        }
      }
  }

 private:
  static constexpr int most_modalities = 16;

  template <class C>
  index place(C& c, int k, index i) const noexcept {
    using T = typename C::scalar;
    const T h = math::abs(c.values(2 * k)[i]);
    return h < static_cast<T>(features) ? static_cast<index>(h) : index{features} - 1;
  }
  template <class C>
  typename C::scalar sign(C& c, int k, index i) const noexcept {
    using T = typename C::scalar;
    return c.values(2 * k + 1)[i] < T(0) ? T(-1) : T(1);
  }
  // The convolution of the sketches of all modalities of a sample that are there, without one of them; null of none.
  template <class C>
  const typename C::scalar* convolved(C& c, inputs<C> xs, index b, int without) const noexcept {
    using T = typename C::scalar;
    T *result = nullptr, *room = c.scratch_fixed();
    for (int k = 0; k < xs.size(); ++k) {
      if (k == without || !xs[k].present(b)) continue;
      T* const next = room;
      C::kernels::fill(detail::row_of(next, features), T(0));
      for (index i = 0; i < xs[k].width(); ++i) {
        const index at = place(c, k, i), left = features - at;
        const T v = sign(c, k, i) * xs[k].sample(b)[i];
        if (!result) {
          next[at] += v;
          continue;
        }
        const T* const from = result;
        C::kernels::scale_add(v, detail::row_of(from, left), detail::row_of(next + at, left));
        C::kernels::scale_add(v, detail::row_of(from + left, at), detail::row_of(next, at));
      }
      room = result ? result : c.scratch_fixed() + features;
      result = next;
    }
    return result;
  }
};

}  // namespace tectum
