// The outer product of any number of vectors.
#pragma once

#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y = x0 ⊗ x1 ⊗ ..., flattened row-major with modality 0 slowest: tt::tensor_fusion without the constants 1, the
// cross-view tensor of class scores (MOGONET: Wang et al. 2021). No parameters. An absent modality counts as ones.
//   [n0], [n1], ... -> [n0 n1 ...], at most 2^24
struct outer_product {
  static constexpr const char* name = "outer_product";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    long long size = 1;
    for (const shape& s : x) {
      if (s.kind != kind::features)
        return wrong("outer_product: every input must be one vector a sample; pool or flatten it first");
      size *= s.width();
      if (size > (1 << 24)) return wrong("outer_product: the result has more than 2^24 elements", size);
    }
    shape y = features_of(static_cast<int>(size));
    y.optional = absent_together(x);
    return y;
  }
  // One sample's products of the last modalities, of every number of them but all, and the gradient of one of these.
  constexpr extents scratch(range<shape> x) const {
    long long all = 0, size = 1;
    for (int k = x.size() - 1; k > 0; --k) all += size *= x[k].width();
    return {.fixed = all + size};
  }
  constexpr long long multiply_adds(range<shape> x) const {
    long long n = 0, size = 1;
    for (int k = x.size() - 1; k >= 0; --k) n += size *= x[k].width();
    return n;
  }

  template <class C>
  void forward(C&, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    for (index b = 0; b < y.samples; ++b) {
      index size = 1;
      *y.sample(b) = T(1);
      for (int k = xs.size() - 1; k >= 0; --k) {
        multiply<C>(xs[k], b, size, y.sample(b), y.sample(b));
        size *= xs[k].width();
      }
    }
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const int n = xs.size();
    const T one = 1;
    for (index b = 0; b < dy.samples; ++b) {
      const T* behind[most_inputs];  // the product of the modalities after k
      T* room = c.scratch_fixed();
      index size = 1;
      behind[n - 1] = &one;
      for (int k = n - 1; k > 0; --k) {
        multiply<C>(xs[k], b, size, behind[k], room);
        behind[k - 1] = room;
        size *= xs[k].width();
        room += size;
      }
      const T* d = dy.sample(b);  // of the product of k and those after it
      for (int k = 0; k < n; ++k) {
        const index width = xs[k].width();
        if (dxs[k] && xs[k].present(b))
          for (index i = 0; i < width; ++i) dxs[k].sample(b)[i] += C::kernels::dot(size, d + i * size, behind[k]);
        if (k + 1 == n) break;
        // Row 0 first: from then on `room` is where the sum stands, and the rows behind it are still to come.
        for (index i = 0; i < width; ++i) {
          const T factor = xs[k].present(b) ? xs[k].sample(b)[i] : T(1);
          const matrix<const T> from{d + i * size, 1, size, size};
          const matrix<T> to{room, 1, size, size};
          if (i == 0) C::kernels::map(to, [factor](auto v) { return v * decltype(v)(factor); }, from);
          else C::kernels::scale_add(factor, from, to);
        }
        d = room;
        size /= xs[k + 1].width();
      }
    }
  }

 private:
  // to = x ⊗ last, which may be the same memory: its own place is written in the end.
  template <class C>
  static void multiply(const in<C>& x, index b, index size, const typename C::scalar* last,
                       typename C::scalar* to) noexcept {
    using T = typename C::scalar;
    for (index i = x.width() - 1; i >= 0; --i) {
      const T factor = x.present(b) ? x.sample(b)[i] : T(1);
      C::kernels::map(
          matrix<T>{to + i * size, 1, size, size}, [factor](auto v) { return v * decltype(v)(factor); },
          matrix<const T>{last, 1, size, size});
    }
  }
};

}  // namespace tectum
