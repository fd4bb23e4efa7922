// A picture as a sequence.
#pragma once

#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// The blocks of a picture as tokens, row by row; in a token channel, row and column of the block, as ViT has it.
//   patch (1): height and width of a block; must divide those of the picture.
//   picture [c, h, w] -> [h w / patch^2, c patch^2], waveform [c, samples] -> [samples / patch, c patch]
// tt::patches is the one with blocks of a single pixel.
struct patches_of {
  int patch = 1;

  static constexpr const char* name = "patches";
  static constexpr auto masks = samplewise;
  static constexpr auto backward_reads = reads::nothing;

  constexpr shape infer(shape x) const {
    if (x.kind != kind::picture && x.kind != kind::waveform)
      return wrong("patches: the input must be a picture or a waveform");
    if (patch < 1 || x.width() % patch != 0 || (x.kind == kind::picture && x.height() % patch != 0))
      return wrong("patches: patch must divide height and width of the picture", patch);
    const int tall = x.kind == kind::picture ? patch : 1, width = x.extent[0] * tall * patch;
    return sequence_of(x.size() / width, width);
  }
  template <class C>
  void forward(C&, in<C> x, out<C> y) const noexcept {
    for (index b = 0; b < x.samples; ++b)
      walk(x.shape(), x.sample(b), y.sample(b), [](auto& from, auto& to) { to = from; });
  }
  template <class C>
  void backward(C&, in<C> x, in<C>, in<C> dy, out<C> dx) const noexcept {
    if (!dx) return;
    for (index b = 0; b < x.samples; ++b)
      if (x.present(b)) walk(x.shape(), dx.sample(b), dy.sample(b), [](auto& to, auto& from) { to += from; });
  }

 private:
  // f(element of the picture, element of the sequence): a row of the picture at a time, which is read in order.
  template <class X, class Y, class F>
  void walk(const shape& s, X* x, Y* y, F f) const noexcept {
    const bool picture = s.kind == kind::picture;
    const index channels = s.extent[0], height = picture ? s.height() : 1, width = s.width();
    const index p = patch, tall = picture ? p : 1, token = channels * tall * p;
    for (index row = 0; row < height; ++row)
      for (index c = 0; c < channels; ++c) {
        X* from = x + (c * height + row) * width;
        Y* to = y + row / tall * (width / p) * token + (c * tall + row % tall) * p;
        for (index column = 0; column < width; column += p, to += token)
          for (index i = 0; i < p; ++i) f(from[column + i], to[i]);
      }
  }
};
inline constexpr patches_of patches;

}  // namespace tectum
