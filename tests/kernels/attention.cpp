#include <doctest/doctest.h>

#include <limits>

#include "tests/kernels/guarded.hpp"

namespace kernel_tests {

TEST_CASE_TEMPLATE("attention and its gradient: masks, causal, bias, NaN behind the mask", T, float, double) {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  int turn = 0;
  for (index queries : {1, 3, 12, 33})
    for (index keys : {1, 5, 33, 50, 65})
      for (index width : {1, 5, 16, 40})
        for (int options = 0; options < 8; ++options) {
          const index heads = 2, values_width = width + turn % 2;
          guarded_matrix<T> q(queries, heads * width, 1), k(keys, heads * width, 2), v(keys, heads * values_width, 0),
              y(queries, heads * values_width, 3), y2(queries, heads * values_width, 3),
              dy(queries, heads * values_width);
          guarded_matrix<T> dq(queries, heads * width, 1), dk(keys, heads * width, 0),
              dv(keys, heads * values_width, 2);
          guarded<T> p(heads * queries * keys), p2(heads * queries * keys), bias(heads * queries * keys),
              dbias(heads * queries * keys);
          guarded<std::uint8_t> valid(keys);
          const bool masked = options & 1, none = masked && turn % 5 == 0;
          for (index j = 0; j < keys; ++j) {
            valid[j] = !none && j % 3 != 2 && j != 0;
            if (!masked || valid[j]) continue;
            for (index c = 0; c < heads * width; ++c) k(j, c) = nan;
            for (index c = 0; c < heads * values_width; ++c) v(j, c) = nan;
          }
          attention_geometry<T> g{heads, queries, keys, width, values_width, T(0.7), (options & 2) != 0};
          if (options & 4) {
            g.bias = bias.data();
            g.bias_head_stride = turn % 3 ? queries * keys : 0;
          }
          const std::uint8_t* mask = masked ? valid.data() : nullptr;
          native::attention(g, q.view(), k.view(), v.view(), mask, y.view(), p.data());
          reference::attention(g, q.view(), k.view(), v.view(), mask, y2.view(), p2.data());
          CHECK(difference(p, values(p2)) < 5 * tolerance<T>);
          CHECK(difference(y.memory, values(y2.memory)) < 5 * tolerance<T>);
          CHECK((y.intact() && p.canary_alive()));
          for (index i = 0; none && i < queries; ++i)
            for (index c = 0; c < heads * values_width; ++c) REQUIRE(y(i, c) == T(0));

          guarded<T> scratch(native::attention_gradient_scratch(g)), scratch2(reference::attention_gradient_scratch(g));
          std::vector<T> dq2 = values(dq.memory), dk2 = values(dk.memory), dv2 = values(dv.memory), db2 = values(dbias);
          const bool some = turn % 4 == 3;  // not all gradients wanted
          T* db = options & 4 ? dbias.data() : nullptr;
          native::attention_gradient(g, q.view(), k.view(), v.view(), mask, p2.data(), dy.view(),
                                     some ? matrix<T>{} : dq.view(), dk.view(), some ? matrix<T>{} : dv.view(), db,
                                     scratch.data());
          reference::attention_gradient(
              g, q.view(), k.view(), v.view(), mask, p2.data(), dy.view(),
              some ? matrix<T>{} : matrix<T>{dq2.data(), queries, heads * width, dq.stride},
              matrix<T>{dk2.data(), keys, heads * width, dk.stride},
              some ? matrix<T>{} : matrix<T>{dv2.data(), keys, heads * values_width, dv.stride},
              db ? db2.data() : nullptr, scratch2.data());
          CHECK(difference(dq.memory, dq2) < 10 * tolerance<T>);
          CHECK(difference(dk.memory, dk2) < 10 * tolerance<T>);
          CHECK(difference(dv.memory, dv2) < 10 * tolerance<T>);
          CHECK(difference(dbias, db2) < 10 * tolerance<T>);
          CHECK((dq.intact() && dk.intact() && dv.intact() && dbias.canary_alive() && scratch.canary_alive()));
          ++turn;
        }
}

TEST_CASE_TEMPLATE("attention: all keys valid gives the bits of no mask", T, float, double) {
  guarded_matrix<T> q(9, 20), k(21, 20), v(21, 20), y(9, 20), z(9, 20);
  guarded<T> p(4 * 9 * 21), r(4 * 9 * 21);
  guarded<std::uint8_t> valid(21);
  for (index j = 0; j < 21; ++j) valid[j] = 1;
  const attention_geometry<T> g{4, 9, 21, 5, 5, T(0.4)};
  native::attention(g, q.view(), k.view(), v.view(), nullptr, y.view(), p.data());
  native::attention(g, q.view(), k.view(), v.view(), valid.data(), z.view(), r.data());
  CHECK(std::memcmp(y.data, z.data, 9 * 20 * sizeof(T)) == 0);
  CHECK(std::memcmp(p.data(), r.data(), 4 * 9 * 21 * sizeof(T)) == 0);
}

}  // namespace kernel_tests
