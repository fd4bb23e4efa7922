// The tensor fusion network's outer product of all modalities.
#pragma once

#include <tectum/kernels/strided.hpp>
#include <tectum/operators/fusion/select.hpp>

namespace tectum::inline TECTUM_ABI {

// y = [1; x0] ⊗ [1; x1] ⊗ ..., flattened row-major with modality 0 slowest (TFN: Zadeh et al. 2017). No parameters.
// An absent modality counts as a zero vector: the terms of lower order without it are left.
//   [n0], [n1], ... -> [(n0 + 1) (n1 + 1) ...], at most 2^24
struct tensor_fusion {
  static constexpr const char* name = "tensor_fusion";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr auto backward_reads = reads::both;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    long long size = 1;
    for (const shape& s : x) {
      if (s.kind != kind::features)
        return wrong("tensor_fusion: every input must be one vector a sample; pool or flatten it first");
      size *= s.width() + 1;
      if (size > (1 << 24))
        return wrong("tensor_fusion: the outer product has more than 2^24 elements; use tt::low_rank_fusion", size);
    }
    return features_of(static_cast<int>(size));
  }
  // The gradient of the product of all modalities but the first.
  constexpr extents scratch(range<shape> x) const { return {.per_sample = behind_first(x)}; }
  constexpr long long multiply_adds(range<shape> x) const {
    long long n = 0, size = 1;
    for (int k = x.size() - 1; k >= 0; --k) {
      n += size * x[k].width();
      size *= x[k].width() + 1;
    }
    return n;
  }

  // With the product of the modalities k + 1, k + 2, ... at the front of y, that of k, k + 1, ... is itself once more
  // for the constant 1, then itself times each element of x_k: nothing has to move.
  template <class C>
  void forward(C&, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    for (index b = 0; b < y.samples; ++b) *y.sample(b) = T(1);
    index size = 1;
    for (int k = xs.size() - 1; k >= 0; --k) {
      const in<C>& x = xs[k];
      const index n = x.width();
      C::kernels::batched_product(y.samples, n, size, 1, {x.data, x.stride, 1, 0}, {y.data, y.stride, 0, 1},
                                  strided<T>{y.data + size, y.stride, size, 1}, 1, false);
      if (x.mask)
        for (index b = 0; b < y.samples; ++b)
          if (!x.present(b)) C::kernels::fill(matrix<T>{y.sample(b) + size, 1, n * size, n * size}, T(0));
      size *= n + 1;
    }
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C> y, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    index size = y.size();
    const index room = size / (xs[0].width() + 1);
    for (index b = 0; b < dy.samples; ++b) {
      size = y.size();
      const T* d = dy.sample(b);  // of the product of k, k + 1, ...
      T* const next = c.scratch() + b * room;
      for (int k = 0; k < xs.size(); ++k) {
        const in<C>& x = xs[k];
        const index n = x.width();
        size /= n + 1;
        if (x.present(b) && dxs[k])
          C::kernels::batched_product(1, n, 1, size, {d + size, 0, size, 1}, {y.sample(b), 0, 1, 1},
                                      strided<T>{dxs[k].sample(b), 0, 1, 1}, 1, true);
        if (k + 1 == xs.size()) break;
        if (k == 0) C::kernels::copy(matrix<const T>{d, 1, size, size}, matrix<T>{next, 1, size, size});
        if (x.present(b))
          C::kernels::batched_product(1, 1, size, n, {x.sample(b), 0, 0, 1}, {d + size, 0, size, 1},
                                      strided<T>{next, 0, 0, 1}, 1, true);
        d = next;
      }
    }
  }

 private:
  static constexpr long long behind_first(range<shape> x) {
    long long size = 1;
    for (int k = 1; k < x.size(); ++k) size *= x[k].width() + 1;
    return size;
  }
};

}  // namespace tectum
