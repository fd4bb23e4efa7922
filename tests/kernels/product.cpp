#include <doctest/doctest.h>

#include "tests/kernels/guarded.hpp"

namespace kernel_tests {

namespace {
constexpr index row_counts[] = {0, 1, 2, 3, 4, 5, 7, 12, 13, 23, 25, 31, 32, 33};
constexpr index widths[] = {1, 7, 16, 31, 32, 33, 65, 130};
constexpr index depths[] = {0, 1, 5, 16, 33, 70};
}  // namespace

TEST_CASE_TEMPLATE("product: every tail, strides, bias, activation, accumulation", T, float, double) {
  constexpr activation acts[] = {activation::identity, activation::relu, activation::tanh, activation::gelu};
  int turn = 0;
  for (index rows : row_counts)
    for (index out : widths)
      for (index in : depths) {
        guarded_matrix<T> x(rows, in, turn % 3), y(rows, out, turn % 4);
        guarded_weights<T> w(out, in);
        guarded<T> bias(out);
        std::vector<T> want = values(y.memory);
        const epilogue<T> e{turn % 2 ? bias.data() : nullptr, acts[turn / 2 % 4], turn % 5 == 0};
        native::product(x.view(), w.view(), e, y.view());
        reference::product(x.view(), w.view(), e, matrix<T>{want.data(), rows, out, y.stride});
        CHECK(difference(y.memory, want) < tolerance<T>);
        CHECK(y.intact());
        ++turn;
      }
}

TEST_CASE_TEMPLATE("product: more inputs than one block of k", T, float, double) {
  for (index rows : {1, 4, 6, 13})
    for (index out : {40, 200}) {
      const index in = 2100;
      guarded_matrix<T> x(rows, in, 1), y(rows, out, 2), dx(rows, in, 3);
      guarded_weights<T> w(out, in);
      guarded<T> bias(out);
      for (bool accumulate : {false, true}) {
        std::vector<T> want = values(y.memory);
        const epilogue<T> e{bias.data(), activation::sigmoid, accumulate};
        native::product(x.view(), w.view(), e, y.view());
        reference::product(x.view(), w.view(), e, matrix<T>{want.data(), rows, out, y.stride});
        CHECK(difference(y.memory, want) < 10 * tolerance<T>);
        CHECK(y.intact());
      }
    }
}

TEST_CASE_TEMPLATE("product_input_gradient adds dy w", T, float, double) {
  int turn = 0;
  for (index rows : row_counts)
    for (index out : {1, 7, 16, 31, 32, 33, 65, 130, 1100})
      for (index in : {1, 5, 31, 32, 33, 70}) {
        if (out == 1100 && in > 33) continue;
        guarded_matrix<T> dy(rows, out, turn % 3), dx(rows, in, turn % 4);
        guarded_weights<T> w(out, in);
        guarded<T> scratch(native::product_input_gradient_scratch(out, in));
        std::vector<T> want = values(dx.memory);
        native::product_input_gradient(dy.view(), w.view(), dx.view(), turn % 7 ? scratch.data() : nullptr);
        reference::product_input_gradient(dy.view(), w.view(), matrix<T>{want.data(), rows, in, dx.stride}, nullptr);
        CHECK(difference(dx.memory, want) < 5 * tolerance<T>);
        CHECK((dx.intact() && scratch.canary_alive()));
        ++turn;
      }
}

TEST_CASE_TEMPLATE("product_weight_gradient adds and leaves the padding zero", T, float, double) {
  int turn = 0;
  for (index rows : {0, 1, 2, 5, 32, 130, 300})
    for (index out : widths)
      for (index in : depths) {
        guarded_matrix<T> dy(rows, out, turn % 3), x(rows, in, turn % 4);
        guarded_weights<T> dw(out, in);
        std::vector<T> want = values(dw.memory);
        native::product_weight_gradient(dy.view(), x.view(), dw.view());
        reference::product_weight_gradient(dy.view(), x.view(), packed<T>{want.data(), out, in});
        CHECK(difference(dw.memory, want) < 5 * tolerance<T>);
        CHECK(dw.memory.canary_alive());
        for (index o = out; o < panels_of(out) * panel_width; ++o)
          for (index i = 0; i < in; ++i) REQUIRE(dw(o, i) == T(0));
        ++turn;
      }
}

TEST_CASE_TEMPLATE("batched_product: all orders of strides", T, float, double) {
  int turn = 0;
  for (index m : {1, 3, 5, 13, 20})
    for (index n : {1, 5, 16, 33, 64})
      for (index k : {0, 1, 5, 31, 64, 200})
        for (int order = 0; order < 8; ++order) {
          const index count = 2, gap = turn % 2;
          const bool a_turned = order & 1, b_turned = order & 2, c_turned = order & 4;
          const index a_stride = (a_turned ? m : k) + gap, b_stride = (b_turned ? k : n) + gap;
          const index c_stride = (c_turned ? m : n) + gap, step = order == 5 ? 2 : 1;
          // step 2: no stride is 1, as in every other column of a wider matrix
          guarded<T> a(count * (a_turned ? k : m) * a_stride * step), b(count * (b_turned ? n : k) * b_stride * step),
              c(count * (c_turned ? n : m) * c_stride * step);
          const auto of = [&](guarded<T>& g, index stride, bool turned) {
            return strided<T>{g.data(), g.size() / count, turned ? step : stride * step, turned ? stride * step : step};
          };
          const bool accumulate = turn % 3 == 0;
          const T alpha = turn % 4 ? T(0.3) : T(1);
          std::vector<T> want = values(c);
          strided<T> cs = of(c, c_stride, c_turned), expected = cs;
          expected.data = want.data();
          native::batched_product(count, m, n, k, of(a, a_stride, a_turned), of(b, b_stride, b_turned), cs, alpha,
                                  accumulate);
          reference::batched_product(count, m, n, k, of(a, a_stride, a_turned), of(b, b_stride, b_turned), expected,
                                     alpha, accumulate);
          CHECK(difference(c, want) < 5 * tolerance<T>);
          CHECK(c.canary_alive());
          ++turn;
        }
}

}  // namespace kernel_tests
