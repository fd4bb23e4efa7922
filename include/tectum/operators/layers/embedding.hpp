// A table of learned vectors, one an id.
#pragma once

#include <tectum/operators/layers/runs.hpp>
#include <tectum/operators/operator.hpp>

namespace tectum::inline TECTUM_ABI {

// y[t] = table[id[t]]; ids that the table does not have, and padded places, give zeros.
//   vocabulary: rows of the table; dim: width of the result.   tokens [length] -> [length, dim], category -> [dim]
// Ids of an input that it looks up directly are checked at the call: beyond the vocabulary they are an error there.
struct embedding {
  int vocabulary, dim;

  static constexpr const char* name = "embedding";
  static constexpr auto masks = tokenwise;
  static constexpr bool strided_output = true;

  constexpr int id_limit() const { return vocabulary; }
  constexpr shape infer(shape x) const {
    if (vocabulary < 1 || dim < 1) return wrong("embedding: vocabulary and dim must be 1 or more", vocabulary, dim);
    if (!x.holds_ids()) return wrong("embedding: the input must be tokens or a category");
    if (x.limit > vocabulary) return wrong("embedding: the input's ids go beyond the vocabulary", x.limit, vocabulary);
    return x.kind == kind::category ? features_of(dim) : sequence_of(x.extent[0], dim);
  }
  constexpr auto parameters(shape) const { return parameter_list(table_of("weight", vocabulary, dim)); }
  constexpr long long multiply_adds(shape) const { return 0; }

  template <class C>
  void forward(C& c, token_ids x, out<C> y) const noexcept {
    using T = typename C::scalar;
    const index n = x.size();
    for (index b = 0; b < x.samples; ++b) {
      const matrix<T> rows = y.sample_rows(b);
      const std::int32_t* ids = x.sample(b);
      index done = 0;
      each_known_run(x, b, [&](index begin, index count) {
        C::kernels::fill(detail::rows_of(rows, done, begin - done), T(0));
        C::kernels::gather_rows(count, ids + begin, c.values(0), dim, detail::rows_of(rows, begin, count));
        done = begin + count;
      });
      C::kernels::fill(detail::rows_of(rows, done, n - done), T(0));
    }
  }
  template <class C>
  void backward(C& c, token_ids x, in<C>, in<C> dy, out<C>) const noexcept {
    if (!c.gradients) return;
    for (index b = 0; b < x.samples; ++b)
      each_known_run(x, b, [&](index begin, index count) {
        C::kernels::scatter_add_rows(count, x.sample(b) + begin, detail::rows_of(dy.sample_rows(b), begin, count),
                                     c.gradient(0));
      });
  }

 private:
  // f(first, count) for each run of valid tokens whose ids are in the table.
  template <class F>
  void each_known_run(const token_ids& x, index b, F f) const noexcept {
    const std::int32_t* ids = x.sample(b);
    const auto known = [&](index t) { return x.valid(b, t) && ids[t] >= 0 && ids[t] < vocabulary; };
    for (index t = 0; t < x.size();) {
      const index begin = t;
      while (t < x.size() && known(t)) ++t;
      if (t > begin) f(begin, t - begin);
      while (t < x.size() && !known(t)) ++t;
    }
  }
};

}  // namespace tectum
