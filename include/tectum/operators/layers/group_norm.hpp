// Group normalisation.
#pragma once

#include <tectum/operators/layers/channels.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias, mean and variance (over n) taken over all places of a
// group of channels of one sample (Wu and He 2018). One group is layer_norm over all but the batch, as many groups as
// channels are instance normalisation.
//   groups: of adjacent channels, of equal size; must divide the channels; epsilon (1e-5): added to the variance,
//   greater than 0; affine (true): with learned weight and bias of each channel, ones and zeros at first.
//   [n] -> [n]; sequence [length, n] -> [length, n], a channel is a column; waveform [channels, samples], picture
//   [channels, height, width], video [frames, channels, height, width] -> the same
// Padded tokens do not count; each sample is by itself.
struct group_norm {
  int groups;
  double epsilon = 1e-5;
  bool affine = true;

  static constexpr const char* name = "group_norm";
  static constexpr auto masks = reads_masks;
  static constexpr bool strided_output = true;

  constexpr shape infer(shape x) const {
    if (x.holds_ids()) return wrong("group_norm: ids are not numbers to compute with; put an embedding before it");
    if (x.rank == 0) return wrong("group_norm: a loss has nothing to normalise");
    if (!(epsilon > 0)) return wrong("group_norm: epsilon must be greater than 0");
    if (groups < 1 || detail::channels_of(x).channels % groups != 0)
      return wrong("group_norm: groups must divide the channels", groups, detail::channels_of(x).channels);
    return x;
  }
  constexpr auto parameters(shape x) const {
    const int n = static_cast<int>(detail::channels_of(x).channels);
    return parameter_list()
        .add_if(affine, vector_of("weight", n, role::scale).initialised(initial::ones))
        .add_if(affine, vector_of("bias", n));
  }
  // Mean and inverse deviation of each group.
  constexpr extents saved(shape) const { return {.per_sample = 2LL * groups}; }
  // Two runs of a group's channels.
  constexpr extents scratch(shape x) const { return {.fixed = 2 * detail::channels_of(x).block() / groups}; }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const detail::channel_layout at = detail::channels_of(x.shape());
    const index run = at.block() / groups;
    for (index b = 0; b < x.samples; ++b)
      for (index g = 0; g < groups; ++g) {
        T mean = T(0), inverse = T(0);
        index runs = 0;
        each_run(x, b, g, [&](index begin) {
          mean += C::kernels::sum(run, x.sample(b) + begin);
          ++runs;
        });
        if (runs > 0) {
          const T count = static_cast<T>(runs * run);
          mean = mean / count;
          detail::moments<T> m;
          each_run(x, b, g, [&](index begin) {
            detail::add_moments<typename C::kernels>(m, run, x.sample(b) + begin, mean, c.scratch_fixed());
          });
          inverse = T(1) / math::sqrt(detail::settle(m, count, mean) + static_cast<T>(epsilon));
        }
        c.saved()[2 * (b * groups + g)] = mean;
        c.saved()[2 * (b * groups + g) + 1] = inverse;
        for (index o = 0; o < at.outer; ++o) {
          const index begin = o * at.block() + g * run;
          C::kernels::map(detail::row_of(y.sample(b) + begin, run), normal(mean, inverse),
                          detail::row_of(x.sample(b) + begin, run));
          if (affine) apply_affine(c, at, g, static_cast<const T*>(y.sample(b) + begin), true, y.sample(b) + begin);
        }
      }
  }

  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const detail::channel_layout at = detail::channels_of(x.shape());
    const index run = at.block() / groups;
    T *const normalised = c.scratch_fixed(), *const scaled = normalised + run;
    for (index b = 0; b < x.samples; ++b)
      for (index g = 0; g < groups; ++g) {
        const T mean = c.saved()[2 * (b * groups + g)], inverse = c.saved()[2 * (b * groups + g) + 1];
        const auto look_at = [&](index begin) {
          C::kernels::map(detail::row_of(normalised, run), normal(mean, inverse),
                          detail::row_of(x.sample(b) + begin, run));
          if (affine) apply_affine(c, at, g, dy.sample(b) + begin, false, scaled);
          else C::kernels::copy(detail::row_of(dy.sample(b) + begin, run), detail::row_of(scaled, run));
        };
        T sum = T(0), projection = T(0);
        index runs = 0;
        each_run(x, b, g, [&](index begin) {
          look_at(begin);
          ++runs;
          sum += C::kernels::sum(run, static_cast<const T*>(scaled));
          projection += C::kernels::dot(run, static_cast<const T*>(scaled), static_cast<const T*>(normalised));
          if (affine && c.gradients) add_parameter_gradients(c, at, g, dy.sample(b) + begin, normalised);
        });
        if (!dx || runs == 0) continue;
        sum = sum / static_cast<T>(runs * run);
        projection = projection / static_cast<T>(runs * run);
        each_run(x, b, g, [&](index begin) {
          look_at(begin);
          C::kernels::map_add(
              detail::row_of(dx.sample(b) + begin, run),
              [=](auto d, auto a) {
                using V = decltype(d);
                return V(inverse) * (d - V(sum) - a * V(projection));
              },
              detail::row_of(static_cast<const T*>(scaled), run),
              detail::row_of(static_cast<const T*>(normalised), run));
        });
      }
  }

 private:
  // f(begin of the group's channels in the sample) for each valid token.
  template <class T, class F>
  void each_run(const view<T>& x, index b, index g, F f) const noexcept {
    const detail::channel_layout at = detail::channels_of(x.shape());
    const index a_token = at.outer / x.length();
    detail::each_valid_run(x, b, [&](index begin, index count) {
      for (index o = begin * a_token; o < (begin + count) * a_token; ++o) f(o * at.block() + g * at.block() / groups);
    });
  }
  template <class T>
  static auto normal(T mean, T inverse) noexcept {
    return [=](auto a) {
      using V = decltype(a);
      return (a - V(mean)) * V(inverse);
    };
  }
  // to = from * weight, with `shifted` + bias, over the channels of group g.
  template <class C, class T = typename C::scalar>
  void apply_affine(C& c, const detail::channel_layout& at, index g, const T* from, bool shifted,
                    T* to) const noexcept {
    const index n = at.channels / groups;
    const T *const weight = c.values(0) + g * n, *const bias = c.values(1) + g * n;
    if (at.inner == 1) {
      C::kernels::map(
          detail::row_of(to, n), [](auto a, auto w) { return a * w; }, detail::row_of(from, n),
          detail::row_of(weight, n));
      if (shifted) C::kernels::add(detail::row_of(bias, n), detail::row_of(to, n));
      return;
    }
    for (index i = 0; i < n; ++i) {
      const T w = weight[i], s = shifted ? bias[i] : T(0);
      C::kernels::map(
          detail::row_of(to + i * at.inner, at.inner),
          [=](auto a) {
            using V = decltype(a);
            return a * V(w) + V(s);
          },
          detail::row_of(from + i * at.inner, at.inner));
    }
  }
  template <class C, class T = typename C::scalar>
  void add_parameter_gradients(C& c, const detail::channel_layout& at, index g, const T* dy,
                               const T* normalised) const noexcept {
    const index n = at.channels / groups;
    T *const weight = c.gradient(0) + g * n, *const bias = c.gradient(1) + g * n;
    if (at.inner == 1) {
      C::kernels::map_add(
          detail::row_of(weight, n), [](auto d, auto a) { return d * a; }, detail::row_of(dy, n),
          detail::row_of(normalised, n));
      C::kernels::add(detail::row_of(dy, n), detail::row_of(bias, n));
      return;
    }
    for (index i = 0; i < n; ++i) {
      weight[i] += C::kernels::dot(at.inner, dy + i * at.inner, normalised + i * at.inner);
      bias[i] += C::kernels::sum(at.inner, dy + i * at.inner);
    }
  }
};

}  // namespace tectum
