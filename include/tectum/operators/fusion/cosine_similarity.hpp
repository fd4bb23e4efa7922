// Cosine similarity of two values.
#pragma once

#include <tectum/operators/losses/reduction.hpp>

namespace tectum::inline TECTUM_ABI {

// sum of a b / (max(|a|, epsilon) max(|b|, epsilon)) over one axis, which disappears.
//   axis (-1): an axis of a sample, counted from 0, or from the end where it is negative;
//   epsilon (1e-8): the lengths are at least this; the gradient of a smaller one is taken at it;
//   [n], [n] -> [1]; [length, n], twice -> [length, 1], or over axis 0 [n]; [c, h, w], twice -> [1, h, w], [c, w] or
//   [c, h]; [c, n], twice -> [c, 1] or over axis 0 [1, n], a waveform
// Tokens and samples that are missing in either are left out: over their own axis they do not count, else the result is
// 0.
struct cosine_similarity {
  int axis = -1;
  double epsilon = 1e-8;

  static constexpr const char* name = "cosine_similarity";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr bool separate_masks = true;

  constexpr shape infer(shape a, shape b) const {
    if (a.holds_ids() || b.holds_ids())
      return wrong("cosine_similarity: ids are not numbers to compute with; put an embedding before it");
    if (a.rank < 1 || a.rank > 3) return wrong("cosine_similarity: the inputs must have one to three axes", a.rank);
    if (a.kind != b.kind || !a.same_extents(b)) return wrong("cosine_similarity: both inputs must have the same shape");
    if (axis < -a.rank || axis >= a.rank) return wrong("cosine_similarity: there is no such axis", axis, a.rank);
    if (!(epsilon >= 0)) return wrong("cosine_similarity: epsilon must be 0 or more");
    const shape both[] = {a, b};
    const int k = place(a);
    const int* const e = a.extent;
    shape y = features_of(1);
    if (a.rank == 2 && a.kind == kind::waveform)
      y = k == 0 ? make_shape(kind::waveform, 2, 1, e[1]) : sequence_of(e[0], 1);
    else if (a.rank == 2) y = k == 0 ? features_of(e[1]) : sequence_of(e[0], 1);
    else if (a.rank == 3) y = k == 0 ? picture_of(1, e[1], e[2]) : sequence_of(e[0], k == 1 ? e[2] : e[1]);
    return detail::masked_like(y, {both, 2});
  }

  template <class C>
  void forward(C&, in<C> a, in<C> b, out<C> y) const noexcept {
    walk<C>(a, b, [&](index s, const auto& line) { y.sample(s)[line.number] = line.cosine(); });
  }
  template <class C>
  void backward(C&, in<C> a, in<C> b, in<C>, in<C> dy, out<C> da, out<C> db) const noexcept {
    using T = typename C::scalar;
    walk<C>(a, b, [&](index s, const auto& line) {
      if (!line.any) return;
      const T g = dy.sample(s)[line.number], cosine = line.cosine();
      const auto pull = [&](out<C> dx, const T* own, T length, const T* other, T far) {
        if (!dx) return;
        T* const d = dx.sample(s) + line.first;
        const T u = g / (length * far), v = g * cosine / (length * length);
        line.each([&](index at) { d[at] += u * other[at] - v * own[at]; });
      };
      pull(da, line.a, line.left, line.b, line.right);
      pull(db, line.b, line.right, line.a, line.left);
    });
  }

 private:
  constexpr int place(const shape& s) const { return axis < 0 ? axis + s.rank : axis; }

  // What is compared with each other: elements `step` apart from a and b on, but for those of tokens that are not
  // there.
  template <class C>
  struct line_of {
    using T = typename C::scalar;
    const view<const T>*x, *z;
    index sample, number, first, step, count;
    bool tokens;  // each element belongs to a token of its own
    const T *a, *b;
    T dot = 0, left = 0, right = 0;
    bool any = false;

    template <class F>
    void each(F f) const noexcept {
      for (index i = 0; i < count; ++i)
        if (!tokens || (x->valid(sample, i) && z->valid(sample, i))) f(i * step);
    }
    void measure(T least) noexcept {
      each([&](index at) {
        any = true;
        dot += a[at] * b[at];
        left += a[at] * a[at];
        right += b[at] * b[at];
      });
      left = math::max(math::sqrt(left), least);
      right = math::max(math::sqrt(right), least);
    }
    T cosine() const noexcept { return any ? dot / (left * right) : T(0); }
  };

  template <class C, class F>
  void walk(in<C> a, in<C> b, F f) const noexcept {
    using T = typename C::scalar;
    const shape& s = a.shape();
    const int k = place(s);
    index inner = 1, outer = 1;
    for (int i = 0; i < k; ++i) outer *= s.extent[i];
    for (int i = k + 1; i < s.rank; ++i) inner *= s.extent[i];
    const index count = s.extent[k];
    for (index sample = 0; sample < a.samples; ++sample)
      for (index o = 0; o < outer; ++o)
        for (index i = 0; i < inner; ++i) {
          const bool over_tokens = s.kind == kind::sequence && k == 0;
          const index first = o * count * inner + i;
          line_of<C> line{.x = &a,
                          .z = &b,
                          .sample = sample,
                          .number = o * inner + i,
                          .first = first,
                          .step = inner,
                          .count = over_tokens || (a.valid(sample, o) && b.valid(sample, o)) ? count : 0,
                          .tokens = over_tokens,
                          .a = a.sample(sample) + first,
                          .b = b.sample(sample) + first};
          line.measure(static_cast<T>(epsilon));
          f(sample, line);
        }
  }
};

}  // namespace tectum
