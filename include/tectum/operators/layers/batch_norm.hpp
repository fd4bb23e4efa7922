// Batch normalisation.
#pragma once

#include <tectum/operators/layers/channels.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias for each channel, over the batch and all places of the
// channel (Ioffe and Szegedy 2015). In training mean and variance (over n) are those of the batch, and the running ones
// move towards them: running = (1 - momentum) running + momentum * batch, with the variance over n - 1, or over 1 where
// n is 1. At inference the running ones are taken.
//   epsilon (1e-5): added to the variance, greater than 0; momentum (0.1): of the running statistics, in [0, 1];
//   affine (true): with learned weight and bias, ones and zeros at first.
//   [n] -> [n]; sequence [length, n] -> [length, n], a channel is a column; waveform [channels, samples], picture
//   [channels, height, width], video [frames, channels, height, width] -> the same
// Padded tokens and absent samples do not count; where nothing is left the running statistics stay.
struct batch_norm {
  double epsilon = 1e-5, momentum = 0.1;
  bool affine = true;

  static constexpr const char* name = "batch_norm";
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true, mixes_samples = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("batch_norm: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("batch_norm: a loss has nothing to normalise");
    if (!(epsilon > 0)) return wrong("batch_norm: epsilon must be greater than 0");
    if (!(momentum >= 0 && momentum <= 1)) return wrong("batch_norm: momentum must be in [0, 1]");
    return x;
  }
  constexpr auto parameters(shape x) const {
    const int n = static_cast<int>(detail::channels_of(x).channels);
    return parameter_list()
        .add_if(affine, vector_of("weight", n, role::scale).initialised(initial::ones))
        .add_if(affine, vector_of("bias", n))
        .add(vector_of("running_mean", n, role::buffer))
        .add(vector_of("running_var", n, role::buffer).initialised(initial::ones));
  }
  // Mean and inverse deviation of each channel.
  constexpr extents saved(shape x) const { return {.fixed = 2 * detail::channels_of(x).channels}; }
  // Two sums of each channel, the same of a part of the batch, and one plane.
  constexpr extents scratch(shape x) const {
    return {.fixed = 4 * detail::channels_of(x).channels + detail::channels_of(x).inner};
  }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const index n = detail::channels_of(x.shape()).channels;
    T *const mean = c.saved_fixed(), *const inverse = mean + n;
    const T least = static_cast<T>(epsilon);
    if (c.training) {
      take_statistics(c, x, mean, inverse);
    } else {
      const T *running_mean = c.values(running()), *running_var = c.values(running() + 1);
      C::kernels::copy(detail::row_of(running_mean, n), detail::row_of(mean, n));
      C::kernels::copy(detail::row_of(running_var, n), detail::row_of(inverse, n));
    }
    C::kernels::map(
        detail::row_of(inverse, n),
        [=](auto v) {
          using V = decltype(v);
          return V(T(1)) / math::sqrt(v + V(least));
        },
        detail::row_of(static_cast<const T*>(inverse), n));
    normalise(c, x, mean, inverse, y);
  }

  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const index n = detail::channels_of(x.shape()).channels;
    T *const sum = c.scratch_fixed(), *const projection = sum + n;
    C::kernels::fill(detail::row_of(sum, 2 * n), T(0));
    if ((affine && c.gradients) || c.training) sum_gradients(c, x, dy, sum, projection);
    if (affine && c.gradients) {
      C::kernels::add(detail::row_of(static_cast<const T*>(projection), n), detail::row_of(c.gradient(0), n));
      C::kernels::add(detail::row_of(static_cast<const T*>(sum), n), detail::row_of(c.gradient(1), n));
    }
    if (!dx) return;
    const T share = c.training ? T(1) / static_cast<T>(valid_values(x)) : T(0);  // of none: not used
    if (c.training)
      C::kernels::map(
          detail::row_of(sum, 2 * n), [=](auto s) { return s * decltype(s)(share); },
          detail::row_of(static_cast<const T*>(sum), 2 * n));
    else C::kernels::fill(detail::row_of(sum, 2 * n), T(0));
    add_input_gradient(c, x, dy, sum, projection, dx);
  }

 private:
  constexpr int running() const { return affine ? 2 : 0; }

  // f(sample, begin of a block of channels in it) for each valid token or sample.
  template <class T, class F>
  static void each_valid_block(const view<T>& x, F f) noexcept {
    const detail::channel_layout at = detail::channels_of(x.shape());
    const index a_token = at.outer / x.length();
    for (index b = 0; b < x.samples; ++b)
      detail::each_valid_run(x, b, [&](index begin, index count) {
        for (index o = begin * a_token; o < (begin + count) * a_token; ++o) f(b, o * at.block());
      });
  }
  // Values that a channel's statistics are taken over.
  template <class T>
  static index valid_values(const view<T>& x) noexcept {
    index n = 0;
    each_valid_block(x, [&](index, index) { ++n; });
    return n * detail::channels_of(x.shape()).inner;
  }

  // Mean and variance of the batch, and what they do to the running ones.
  template <class C>
  void take_statistics(C& c, in<C> x, typename C::scalar* mean, typename C::scalar* variance) const noexcept {
    using T = typename C::scalar;
    const detail::channel_layout at = detail::channels_of(x.shape());
    const index n = at.channels, values = valid_values(x);
    const T count = static_cast<T>(values);
    T *const shift = c.scratch_fixed(), *const square = shift + n, *const part = square + n,
             *const plane = part + 2 * n;
    C::kernels::fill(detail::row_of(mean, n), T(0));
    C::kernels::fill(detail::row_of(variance, n), T(0));
    if (values == 0) return;
    C::kernels::fill(detail::row_of(shift, 4 * n), T(0));
    each_valid_block(x, [&](index b, index begin) {
      const T* const from = x.sample(b) + begin;
      if (at.inner == 1) C::kernels::add(detail::row_of(from, n), detail::row_of(mean, n));
      else
        for (index i = 0; i < n; ++i) mean[i] += C::kernels::sum(at.inner, from + i * at.inner);
    });
    C::kernels::map(
        detail::row_of(mean, n), [=](auto s) { return s / decltype(s)(count); },
        detail::row_of(static_cast<const T*>(mean), n));
    // Sums of parts first: of many rows one long sum would lose digits.
    index rows = 0;
    const auto add_part = [&] {
      C::kernels::add(detail::row_of(static_cast<const T*>(part), 2 * n), detail::row_of(shift, 2 * n));
      C::kernels::fill(detail::row_of(part, 2 * n), T(0));
    };
    each_valid_block(x, [&](index b, index begin) {
      const T* const from = x.sample(b) + begin;
      if (at.inner == 1) {
        C::kernels::fused_update(
            n,
            [](auto& s, auto& q, const auto& m, const auto& a) {
              const auto d = a - m;
              s = s + d;
              q = q + d * d;
            },
            part, part + n, static_cast<const T*>(mean), from);
        if (++rows % 64 == 0) add_part();
      } else {
        for (index i = 0; i < n; ++i) {
          detail::moments<T> m{shift[i], square[i]};
          detail::add_moments<typename C::kernels>(m, at.inner, from + i * at.inner, mean[i], plane);
          shift[i] = m.shift;
          square[i] = m.square;
        }
      }
    });
    add_part();
    const T unbiased = count / static_cast<T>(values > 1 ? values - 1 : 1), moved = static_cast<T>(momentum);
    T *const running_mean = c.buffer(running()), *const running_var = c.buffer(running() + 1);
    for (index i = 0; i < n; ++i) {
      variance[i] = detail::settle(detail::moments<T>{shift[i], square[i]}, count, mean[i]);
      if (running_mean) running_mean[i] = (T(1) - moved) * running_mean[i] + moved * mean[i];
      if (running_var) running_var[i] = (T(1) - moved) * running_var[i] + moved * variance[i] * unbiased;
    }
  }

  // Masked places too: nobody reads them.
  template <class C>
  void normalise(C& c, in<C> x, const typename C::scalar* mean, const typename C::scalar* inverse,
                 out<C> y) const noexcept {
    using T = typename C::scalar;
    const detail::channel_layout at = detail::channels_of(x.shape());
    const index n = at.channels;
    const T *const weight = affine ? c.values(0) : nullptr, *const bias = affine ? c.values(1) : nullptr;
    for (index b = 0; b < x.samples; ++b) {
      if (at.inner == 1) {
        const auto repeated = [&](const T* row) { return matrix<const T>{row, at.outer, n, 0}; };
        const matrix<const T> from{x.sample(b), at.outer, n, n};
        const matrix<T> to{y.sample(b), at.outer, n, n};
        if (affine)
          C::kernels::map(
              to, [](auto a, auto m, auto v, auto w, auto s) { return (a - m) * v * w + s; }, from, repeated(mean),
              repeated(inverse), repeated(weight), repeated(bias));
        else
          C::kernels::map(
              to, [](auto a, auto m, auto v) { return (a - m) * v; }, from, repeated(mean), repeated(inverse));
        continue;
      }
      for (index p = 0; p < at.outer * n; ++p) {
        const index i = p % n;
        const T m = mean[i], v = inverse[i], w = affine ? weight[i] : T(1), s = affine ? bias[i] : T(0);
        C::kernels::map(
            detail::row_of(y.sample(b) + p * at.inner, at.inner),
            [=](auto a) {
              using V = decltype(a);
              return (a - V(m)) * V(v) * V(w) + V(s);
            },
            detail::row_of(x.sample(b) + p * at.inner, at.inner));
      }
    }
  }

  // Of dy, and of dy times the normalised x, over each channel.
  template <class C>
  void sum_gradients(C& c, in<C> x, in<C> dy, typename C::scalar* sum, typename C::scalar* projection) const noexcept {
    using T = typename C::scalar;
    const detail::channel_layout at = detail::channels_of(x.shape());
    const index n = at.channels;
    const T *const mean = c.saved_fixed(), *const inverse = mean + n;
    T* const plane = projection + 3 * n;
    each_valid_block(x, [&](index b, index begin) {
      const T *const from = x.sample(b) + begin, *const upper = dy.sample(b) + begin;
      if (at.inner == 1) {
        C::kernels::fused_update(
            n,
            [](auto& s, auto& p, const auto& a, const auto& d, const auto& m, const auto& v) {
              s = s + d;
              p = p + d * (a - m) * v;
            },
            sum, projection, from, upper, mean, inverse);
      } else {
        for (index i = 0; i < n; ++i) {
          const T m = mean[i], v = inverse[i];
          C::kernels::map(
              detail::row_of(plane, at.inner),
              [=](auto a) {
                using V = decltype(a);
                return (a - V(m)) * V(v);
              },
              detail::row_of(from + i * at.inner, at.inner));
          sum[i] += C::kernels::sum(at.inner, upper + i * at.inner);
          projection[i] += C::kernels::dot(at.inner, upper + i * at.inner, static_cast<const T*>(plane));
        }
      }
    });
  }

  // dx += inverse * weight * (dy - sum - normalised x * projection), the two divided by the count already.
  template <class C>
  void add_input_gradient(C& c, in<C> x, in<C> dy, const typename C::scalar* sum, const typename C::scalar* projection,
                          out<C> dx) const noexcept {
    using T = typename C::scalar;
    const detail::channel_layout at = detail::channels_of(x.shape());
    const index n = at.channels;
    const T *const mean = c.saved_fixed(), *const inverse = mean + n, *const weight = affine ? c.values(0) : nullptr;
    each_valid_block(x, [&](index b, index begin) {
      const T *const from = x.sample(b) + begin, *const upper = dy.sample(b) + begin;
      T* const to = dx.sample(b) + begin;
      if (at.inner == 1) {
        const auto slope = [](auto a, auto d, auto m, auto v, auto s, auto p) { return (d - s - (a - m) * v * p) * v; };
        const auto row = [n](const T* data) { return detail::row_of(data, n); };
        if (affine)
          C::kernels::map_add(
              detail::row_of(to, n),
              [=](auto a, auto d, auto m, auto v, auto s, auto p, auto w) { return slope(a, d, m, v, s, p) * w; },
              row(from), row(upper), row(mean), row(inverse), row(sum), row(projection), row(weight));
        else
          C::kernels::map_add(detail::row_of(to, n), slope, row(from), row(upper), row(mean), row(inverse), row(sum),
                              row(projection));
      } else {
        for (index i = 0; i < n; ++i) {
          const T m = mean[i], v = inverse[i], s = sum[i], p = projection[i], w = affine ? weight[i] * v : v;
          C::kernels::map_add(
              detail::row_of(to + i * at.inner, at.inner),
              [=](auto a, auto d) {
                using V = decltype(a);
                return (d - V(s) - (a - V(m)) * V(v) * V(p)) * V(w);
              },
              detail::row_of(from + i * at.inner, at.inner), detail::row_of(upper + i * at.inner, at.inner));
        }
      }
    });
  }
};

}  // namespace tectum
