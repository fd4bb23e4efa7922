// Convolution over time.
#pragma once

#include <tectum/operators/layers/convolve.hpp>
#include <tectum/operators/layers/runs.hpp>

namespace tectum::inline TECTUM_ABI {

// Cross-correlation over time with a bank of filters, ends filled with zeros, as PyTorch's Conv1d.
//   channels: filters; kernel: steps that a filter sees; stride (1); padding (0): at either end, or tt::same;
//   dilation (1); groups (1): filters see n / groups channels; bias (true).
//   sequence [length, n] -> [length', channels], waveform [n, samples] -> [channels, samples'],
//   length' = (length + 2 padding - dilation (kernel - 1) - 1) / stride + 1
// A padded sequence must keep its length (stride 1, 2 padding = dilation (kernel - 1)); padded places count as zeros.
struct conv1d {
  int channels, kernel;
  int stride = 1, padding = 0, dilation = 1;
  int groups = 1;
  bool bias = true;

  static constexpr const char* name = "conv1d";
  static constexpr auto masks = tokenwise;
  static constexpr bool takes_epilogue = true;

  constexpr shape infer(shape x) const {
    if (x.kind != kind::sequence && x.kind != kind::waveform)
      return wrong("conv1d: the input must be a sequence or a waveform");
    if (channels < 1 || kernel < 1) return wrong("conv1d: channels and kernel must be 1 or more", channels, kernel);
    if (stride < 1 || dilation < 1) return wrong("conv1d: stride and dilation must be 1 or more", stride, dilation);
    if (ends().is_wrong()) return wrong("conv1d: padding must be 0 or more, or tt::same");
    if (padding == same && stride != 1) return wrong("conv1d: padding tt::same needs stride 1", stride);
    if (groups < 1 || channels % groups != 0 || channels_of(x) % groups != 0)
      return wrong("conv1d: groups must divide the channels of input and result", groups);
    const int steps = static_cast<int>(geometry(x).out_width());
    if (steps < 1) return wrong("conv1d: the kernel is longer than the padded input", kernel, steps_of(x));
    if (x.padded && (stride != 1 || steps != x.length()))
      return wrong("conv1d: a padded sequence must keep its length: stride 1 and padding tt::same", x.length(), steps);
    return x.kind == kind::waveform ? make_shape(kind::waveform, 2, channels, steps) : sequence_of(steps, channels);
  }
  // [channels, n / groups, kernel]. A filter bank; of a sequence in one group, a weight for each step of the kernel.
  constexpr auto parameters(shape x) const {
    const int n = channels_of(x) / groups;
    parameter p = filter_bank("weight", channels, n, 1, kernel, groups);
    p.rank = 3;
    p.extent[2] = kernel;
    p.extent[3] = 1;
    if (by_steps(x)) {
      p.count = kernel;
      p.in = n;
      p.matrix_step = 1;
      p.in_step = kernel;
    }
    return parameter_list(p).add_if(bias, bias_of("bias", channels, n * kernel));
  }
  constexpr extents scratch(shape x) const {
    if (by_steps(x)) return {.fixed = transposed_panel_size(channels, x.width())};
    const convolution_geometry g = geometry(x);
    const long long convolution = convolution_scratch_size(g);
    if (x.kind == kind::waveform) return {.fixed = convolution};
    return {.fixed = 2 * x.size() + g.filters * g.out_width() + convolution};
  }
  constexpr long long multiply_adds(shape x) const {
    const convolution_geometry g = geometry(x);
    return static_cast<long long>(g.filters * g.taps() * g.out_width());
  }

  template <class C>
  void forward(C& c, in<C> x, out<C> y) const noexcept {
    using T = typename C::scalar;
    if (x.shape().kind == kind::waveform) return detail::convolve(c, geometry(x.shape()), bias, x, y);
    if (groups > 1) return turned(c, x, y);
    if (bias) C::kernels::copy(matrix<const T>{c.values(1), y.as_rows().rows, channels, 0}, y.as_rows());
    else C::kernels::fill(y.as_rows(), T(0));
    for (index b = 0; b < x.samples; ++b)
      for (int k = 0; k < kernel; ++k)
        each_piece(x, y, b, k, [&](const matrix<const T>& from, const matrix<T>& to) {
          C::kernels::product(from, c.weight(0, k), {nullptr, activation::identity, true}, to);
        });
    const activation act = c.act;
    if (act != activation::identity)
      C::kernels::map(y.as_rows(), [act](auto a) { return activate(act, a); }, matrix<const T>(y.as_rows()));
  }
  template <class C>
  void backward(C& c, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    if (x.shape().kind == kind::waveform) return detail::convolve_backward(c, geometry(x.shape()), bias, x, dy, dx);
    if (groups > 1) return turned_backward(c, x, dy, dx);
    for (index b = 0; b < x.samples; ++b) {
      if (c.gradients && bias)
        detail::each_valid_run(x, b, [&](index begin, index count) {
          const index rows = x.shape().padded ? count : dy.length();
          C::kernels::add_column_sums(detail::rows_of(dy.sample_rows(b), begin, rows), c.gradient(1));
        });
      for (int k = 0; k < kernel; ++k) {
        if (c.gradients)
          each_piece(x, dy, b, k, [&](const matrix<const T>& from, const matrix<const T>& to) {
            C::kernels::product_weight_gradient(to, from, c.weight_gradient(0, k));
          });
        if (!dx) continue;
        view<T> masked = dx;  // a gradient has no mask of its own
        masked.mask = x.mask;
        each_piece(masked, dy, b, k, [&](const matrix<T>& from, const matrix<const T>& to) {
          C::kernels::product_input_gradient(to, c.weight(0, k), from, c.scratch_fixed());
        });
      }
    }
  }

 private:
  static constexpr int steps_of(const shape& x) { return x.extent[x.kind == kind::waveform ? 1 : 0]; }
  static constexpr int channels_of(const shape& x) { return x.extent[x.kind == kind::waveform ? 0 : 1]; }
  constexpr bool by_steps(const shape& x) const { return x.kind != kind::waveform && groups == 1; }
  constexpr detail::axis_padding ends() const { return {padding, kernel, dilation}; }
  constexpr convolution_geometry geometry(const shape& x) const {
    return {.channels = channels_of(x),
            .width = steps_of(x),
            .filters = channels,
            .kernel_width = kernel,
            .stride_width = stride,
            .padding_width = ends().before,
            .dilation_width = dilation,
            .groups = groups,
            .more_right = ends().more};
  }

  // A sequence in groups: each sample turned, convolved as a waveform, and turned back.
  template <class C>
  struct room {
    using T = typename C::scalar;
    T *x, *dx, *y, *scratch;
    room(C& c, const convolution_geometry& g) noexcept
        : x(c.scratch_fixed()),
          dx(x + g.channels * g.width),
          y(dx + g.channels * g.width),
          scratch(y + g.filters * g.out_width()) {}
  };
  template <class T>
  static void turn_valid(const view<const T>& x, index b, T* to) noexcept {
    const index length = x.length(), width = x.width();
    for (index i = 0; i < length * width; ++i) to[i] = T(0);
    detail::each_valid_run(x, b, [&](index begin, index count) {
      for (index t = begin; t < begin + count; ++t)
        for (index i = 0; i < width; ++i) to[i * length + t] = x.sample(b)[t * width + i];
    });
  }
  template <class C>
  void turned(C& c, in<C> x, out<C> y) const noexcept {
    const convolution_geometry g = geometry(x.shape());
    const room<C> at(c, g);
    const index steps = y.length();
    for (index b = 0; b < x.samples; ++b) {
      turn_valid(x, b, at.x);
      C::kernels::convolution(g, at.x, c.weight(0), c.finish(bias ? c.values(1) : nullptr), at.y, at.scratch);
      for (index t = 0; t < steps; ++t)
        for (index i = 0; i < channels; ++i) y.sample(b)[t * channels + i] = at.y[i * steps + t];
    }
  }
  template <class C>
  void turned_backward(C& c, in<C> x, in<C> dy, out<C> dx) const noexcept {
    using T = typename C::scalar;
    const convolution_geometry g = geometry(x.shape());
    const room<C> at(c, g);
    const index length = x.length(), width = x.width(), steps = dy.length();
    for (index b = 0; b < x.samples; ++b) {
      if (!x.present(b)) continue;
      view<const T> d = dy;  // a gradient has no mask of its own; steps are those of x wherever there is padding
      d.mask = x.shape().padded ? x.mask : nullptr;
      turn_valid(d, b, at.y);
      if (c.gradients) {
        turn_valid(x, b, at.x);
        C::kernels::convolution_weight_gradient(g, at.x, at.y, c.weight_gradient(0), at.scratch);
        for (index f = 0; bias && f < channels; ++f) c.gradient(1)[f] += C::kernels::sum(steps, at.y + f * steps);
      }
      if (!dx) continue;
      for (index i = 0; i < length * width; ++i) at.dx[i] = T(0);
      C::kernels::convolution_input_gradient(g, at.y, c.weight(0), at.dx, at.scratch);
      detail::each_valid_run(x, b, [&](index begin, index count) {
        for (index t = begin; t < begin + count; ++t)
          for (index i = 0; i < width; ++i) dx.sample(b)[t * width + i] += at.dx[i * length + t];
      });
    }
  }

  // f(rows of x, rows of y) for the steps of sample b that step k of the kernel brings together, both valid.
  template <class X, class Y, class F>
  void each_piece(const view<X>& x, const view<Y>& y, index b, int k, F f) const noexcept {
    const index length = x.length(), steps = y.length(), shift = k * dilation - ends().before, width = x.width();
    const auto piece = [&](index begin, index end) {
      if (begin < end)
        f(matrix<X>{x.sample(b) + (begin * stride + shift) * width, end - begin, width, stride * width},
          detail::rows_of(y.sample_rows(b), begin, end - begin));
    };
    const index low = shift < 0 ? (-shift + stride - 1) / stride : 0;
    const index past = length - shift > 0 ? (length - shift + stride - 1) / stride : 0;
    const index high = past < steps ? past : steps;
    if (!x.mask || !x.shape().padded) {
      if (x.present(b)) piece(low, high);
      return;
    }
    for (index t = low; t < high;) {
      const auto both = [&](index s) { return x.valid(b, s) && x.valid(b, s + shift); };
      const index begin = t;
      while (t < high && both(t)) ++t;
      piece(begin, t);
      while (t < high && !both(t)) ++t;
    }
  }
};

}  // namespace tectum
