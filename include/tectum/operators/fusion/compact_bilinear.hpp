// Compact bilinear pooling: count sketches and their circular convolution.
#pragma once

#include <tectum/kernels/fourier.hpp>
#include <tectum/operators/fusion/select.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// How a circular convolution is computed: element by element, by Fourier transforms, or by what is faster.
enum class convolution_form { automatic, direct, fft };

// y = S0 x0 * S1 x1 * ..., circular convolutions of count sketches, (S x)_j = sum of s_i x_i over all i with h_i = j
// (Gao et al. 2016; as fusion MCB: Fukui et al. 2016): the sketch of the outer product, of which it keeps inner
// products in the mean. Of one input it is the count sketch. An absent modality is left out; where all are absent y is
// 0.
//   features: width of the result; form (automatic): convolution_form::direct, of features times n operations each;
//   fft, of any number of features, fast where its prime factors are 2, 3 and 5; automatic, the faster one.
//   [n0], [n1], ... -> [features], or sequences of one length, token by token;
//   buffers h.0, s.0, h.1, s.1, ... [n0], [n0], [n1], ...
// The sketches are drawn at first, not trained, and saved with the model. A place is the whole part of |h|, as is
// 0 to features - 1 when given; a sign is that of s.
struct compact_bilinear {
  int features;
  convolution_form form = convolution_form::automatic;

  static constexpr const char* name = "compact_bilinear";
  static constexpr int arity = any_number;
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(range<shape> x) const {
    if (features < 1) return wrong("compact_bilinear: features must be 1 or more", features);
    if (features > (1 << 20)) return wrong("compact_bilinear: features must be at most 1048576", features);
    if (x.size() > most_modalities) return wrong("compact_bilinear: at most 16 modalities", x.size());
    shape results[most_modalities];
    for (int k = 0; k < x.size(); ++k) {
      if (x[k].kind != kind::features && x[k].kind != kind::sequence)
        return wrong("compact_bilinear: every input must be one vector a sample or a sequence");
      results[k] = x[k].holds_ids() ? x[k] : x[k].with_width(features);
    }
    return detail::elementwise_shape({results, x.size()}, "compact_bilinear: ids are not numbers to compute with",
                                     "compact_bilinear: all inputs must be vectors, or sequences of one length",
                                     "compact_bilinear: either all sequences are padded or none is");
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
  // Of one token: a convolution and the next one; or a sketch, the table of the transform and its room, the spectra of
  // all sketches, that of the result and a product of them.
  constexpr extents scratch(range<shape> x) const {
    if (!by_fft(x)) return {.fixed = 2LL * features};
    const fourier f{features};
    return {.fixed = features + f.table_size() + f.room_size() + (x.size() + 2) * f.spectrum_size()};
  }
  constexpr long long multiply_adds(range<shape> x) const {
    return x[0].length() * (x[0].width() + (by_fft(x) ? transforms(x) : products(x)));
  }

  template <class C>
  void forward(C& c, inputs<C> xs, out<C> y) const noexcept {
    using T = typename C::scalar;
    const bool fft = prepared(c, xs);
    for (index r = 0; r < y.as_rows().rows; ++r) {
      const matrix<T> to = detail::row_of(y.as_rows().row(r), features);
      if (const int first = only_one(xs, r); first >= 0) {
        sketch(c, xs, first, r, to.data);
      } else if (first == none) {
        C::kernels::fill(to, T(0));
      } else if (!fft) {
        C::kernels::copy(detail::row_of(convolved(c, xs, r, -1), features), to);
      } else {
        transform_all(c, xs, r);
        const int last = multiplied(c, xs, r, -1, false);
        fourier{features}.inverse(table(c), spectrum(c, last), to.data, room(c));
      }
    }
  }
  template <class C>
  void backward(C& c, inputs<C> xs, in<C>, in<C> dy, outputs<C> dxs) const noexcept {
    using T = typename C::scalar;
    const bool fft = prepared(c, xs);
    for (index r = 0; r < dy.as_rows().rows; ++r) {
      const T* const d = dy.as_rows().row(r);
      const bool several = only_one(xs, r) == many;
      if (several && fft) {
        transform_all(c, xs, r);
        fourier{features}.forward(table(c), d, spectrum(c, xs.size()), room(c));
      }
      for (int k = 0; k < xs.size(); ++k) {
        if (!dxs[k] || !detail::valid_token(xs[k], r)) continue;
        T* const dx = dxs[k].as_rows().row(r);
        const T *gradient = d, *others = nullptr;  // of the sketch
        if (several && fft) {
          fourier{features}.inverse(table(c), spectrum(c, multiplied(c, xs, r, k, true)), row(c), room(c));
          gradient = row(c);
        } else if (several) {
          others = convolved(c, xs, r, k);
        }
        for (index i = 0; i < xs[k].width(); ++i) {
          const index at = place(c, k, i), left = features - at;
          const T g =
              others ? C::kernels::dot(left, d + at, others) + C::kernels::dot(at, d, others + left) : gradient[at];
          dx[i] += sign(c, k, i) * g;
        }
      }
    }
  }

 private:
  static constexpr int most_modalities = 16;
  static constexpr int none = -1, many = -2;

  // Multiply-adds of one token, behind the first sketch.
  constexpr long long products(range<shape> x) const {
    long long n = 0;
    for (int k = 1; k < x.size(); ++k) n += 1LL * features * x[k].width();
    return n;
  }
  constexpr long long transforms(range<shape> x) const {
    return (x.size() + 1) * fourier{features}.multiply_adds() + 3LL * features * (x.size() - 1);
  }
  // Measured in float with AVX-512, 8 samples at once: a transform's multiply-add takes about as long as two
  // of the direct form. For two modalities of n each the forms meet near n = 110: 4000 features of n = 64, 96, 128,
  // 256 take 20, 22, 29, 58 us a sample directly and 26 us by transforms; 16000 of n = 2048 2450 us and 113 us.
  constexpr bool by_fft(range<shape> x) const {
    if (x.size() == 1 || form == convolution_form::direct) return false;
    return form == convolution_form::fft || products(x) > 2 * transforms(x);
  }
  template <class C>
  bool by_fft(inputs<C> xs) const noexcept {
    shape x[most_modalities];
    for (int k = 0; k < xs.size(); ++k) x[k] = xs[k].shape();
    return by_fft(range<shape>{x, xs.size()});
  }

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
  template <class C>
  void sketch(C& c, inputs<C> xs, int k, index r, typename C::scalar* to) const noexcept {
    using T = typename C::scalar;
    C::kernels::fill(detail::row_of(to, features), T(0));
    const T* const x = xs[k].as_rows().row(r);
    for (index i = 0; i < xs[k].width(); ++i) to[place(c, k, i)] += sign(c, k, i) * x[i];
  }
  // The only modality that token r has, or none, or many.
  template <class T>
  int only_one(range<view<const T>> xs, index r) const noexcept {
    int found = none;
    for (int k = 0; k < xs.size(); ++k)
      if (detail::valid_token(xs[k], r)) found = found == none ? k : many;
    return found;
  }

  // The convolution of the sketches of all modalities of token r that are there, without one of them.
  template <class C>
  const typename C::scalar* convolved(C& c, inputs<C> xs, index r, int without) const noexcept {
    using T = typename C::scalar;
    T *result = nullptr, *next = c.scratch_fixed();
    for (int k = 0; k < xs.size(); ++k) {
      if (k == without || !detail::valid_token(xs[k], r)) continue;
      if (!result) {
        sketch(c, xs, k, r, next);
      } else {
        C::kernels::fill(detail::row_of(next, features), T(0));
        const T *const from = result, *const x = xs[k].as_rows().row(r);
        for (index i = 0; i < xs[k].width(); ++i) {
          const index at = place(c, k, i), left = features - at;
          const T v = sign(c, k, i) * x[i];
          C::kernels::scale_add(v, detail::row_of(from, left), detail::row_of(next + at, left));
          C::kernels::scale_add(v, detail::row_of(from + left, at), detail::row_of(next, at));
        }
      }
      T* const free = result ? result : next + features;
      result = next;
      next = free;
    }
    return result;
  }

  // By Fourier transforms. Scratch: the table, room, a row, the spectra.
  template <class C>
  bool prepared(C& c, inputs<C> xs) const noexcept {
    const bool fft = by_fft<C>(xs);
    if (fft) fourier{features}.fill_table(table(c));
    return fft;
  }
  template <class C>
  auto* table(C& c) const noexcept {
    return c.scratch_fixed();
  }
  template <class C>
  auto* room(C& c) const noexcept {
    return table(c) + fourier{features}.table_size();
  }
  template <class C>
  auto* row(C& c) const noexcept {
    return room(c) + fourier{features}.room_size();
  }
  template <class C>
  auto* spectrum(C& c, int k) const noexcept {
    return row(c) + features + k * fourier{features}.spectrum_size();
  }
  template <class C>
  void transform_all(C& c, inputs<C> xs, index r) const noexcept {
    for (int k = 0; k < xs.size(); ++k) {
      if (!detail::valid_token(xs[k], r)) continue;
      sketch(c, xs, k, r, row(c));
      fourier{features}.forward(table(c), row(c), spectrum(c, k), room(c));
    }
  }
  // The product of the spectra of all modalities without one of them, with the result's gradient its correlation; in
  // the last spectrum, whose number is returned.
  template <class C>
  int multiplied(C& c, inputs<C> xs, index r, int without, bool gradient) const noexcept {
    using T = typename C::scalar;
    const index bins = fourier{features}.bins();
    const int last = xs.size() + 1;
    bool begun = gradient;
    if (gradient) C::kernels::copy(spectrum_row(c, last - 1), matrix<T>(spectrum_row(c, last)));
    for (int k = 0; k < xs.size(); ++k) {
      if (k == without || !detail::valid_token(xs[k], r)) continue;
      if (!begun) {
        C::kernels::copy(spectrum_row(c, k), matrix<T>(spectrum_row(c, last)));
        begun = true;
        continue;
      }
      const T *const re = spectrum(c, k), *const im = re + bins;
      T *const to_re = spectrum(c, last), *const to_im = to_re + bins;
      const T turn = gradient ? T(-1) : T(1);
      C::kernels::fused_update(
          bins,
          [turn](auto& a, auto& b, const auto& p, const auto& q) {
            using V = std::remove_cvref_t<decltype(q)>;
            const auto s = V(turn) * q, real = a * p - b * s;
            b = a * s + b * p;
            a = real;
          },
          to_re, to_im, re, im);
    }
    return last;
  }
  template <class C>
  auto spectrum_row(C& c, int k) const noexcept {
    return detail::row_of(spectrum(c, k), static_cast<index>(fourier{features}.spectrum_size()));
  }
};

}  // namespace tectum
