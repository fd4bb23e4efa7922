// xtensor's containers, adaptors, views and expressions, in and out.
#include <doctest/doctest.h>

#include <tectum/xtensor.hpp>
#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xvectorize.hpp>
#include <xtensor/misc/xmanipulation.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xvectorize.hpp>
#include <xtensor/xview.hpp>
#endif

#include "bring.hpp"

namespace tt = tectum;
using bring::bind;
using bring::in;

namespace {

const std::vector<float> one_to_six = {1, 2, 3, 4, 5, 6};
const float values[] = {1, 2, 3, -1, 4, 5, 6, -1};
const tt::result<float> answer(values, 2, 4, tt::features_of(3));

template <class X>
void check_in_place(const X& x) {
  const auto got = in(bind(x), tt::features_of(3));
  CHECK(got.in.data == x.data());
  CHECK(got.values() == one_to_six);
}
template <class X>
void check_packed(const X& x) {
  const auto got = in(bind(x), tt::features_of(3));
  CHECK(got.in.copied);
  CHECK(got.values() == one_to_six);
}
template <class X>
void check_out() {
  const X x = answer;
  CHECK(x.shape(0) == 2);
  CHECK(x.shape(1) == 3);
  CHECK(x(0, 2) == 3);
  CHECK(x(1, 0) == 4);
  X written = xt::zeros_like(x);
  answer.copy_to(written);
  CHECK(written == x);
}

}  // namespace

TEST_CASE("row-major containers and adaptors are read in place") {
  check_in_place(xt::xtensor<float, 2>{{1, 2, 3}, {4, 5, 6}});
  check_in_place(xt::xarray<float>{{1, 2, 3}, {4, 5, 6}});
  check_in_place(xt::xtensor_fixed<float, xt::xshape<2, 3>>{{1, 2, 3}, {4, 5, 6}});
  std::vector<float> storage = one_to_six;
  const auto adapted = xt::adapt(storage, std::vector<std::size_t>{2, 3});
  CHECK(in(bind(adapted), tt::features_of(3)).in.data == storage.data());
  const auto pointed = xt::adapt(storage.data(), 6, xt::no_ownership(), std::array<std::size_t, 2>{2, 3});
  CHECK(in(bind(pointed), tt::features_of(3)).in.data == storage.data());
  const xt::xtensor<float, 2> single = {{1, 2, 3}};
  CHECK(in(bind(single), tt::features_of(3)).in.data == single.data());
  const xt::xtensor<float, 2> narrow = {{1}, {2}};
  CHECK(in(bind(narrow), tt::features_of(1)).in.data == narrow.data());
}

TEST_CASE("column-major ones and other scalars are packed") {
  check_packed(xt::xtensor<float, 2, xt::layout_type::column_major>{{1, 2, 3}, {4, 5, 6}});
  check_packed(xt::xarray<float, xt::layout_type::column_major>{{1, 2, 3}, {4, 5, 6}});
  check_packed(xt::xtensor_fixed<float, xt::xshape<2, 3>, xt::layout_type::column_major>{{1, 2, 3}, {4, 5, 6}});
  check_packed(xt::xtensor<double, 2>{{1, 2, 3}, {4, 5, 6}});
  const xt::xtensor<float, 2, xt::layout_type::column_major> c = {{1, 2}, {3, 4}, {5, 6}};
  CHECK(in(bind(tt::columns(c)), tt::features_of(3)).in.data == c.data());
}

TEST_CASE("views refer to the container's elements") {
  xt::xtensor<float, 3> x = xt::arange<float>(24).reshape({4, 3, 2});
  const auto later = xt::view(x, xt::range(1, 3));
  const auto got = in(bind(later), tt::sequence_of(3, 2));
  CHECK(got.in.data == x.data() + 6);
  CHECK(got.in.samples == 2);
  CHECK(in(bind(xt::view(x, 2)), tt::features_of(2)).in.data == x.data() + 12);
  const auto picked = in(bind(xt::view(x, xt::all(), 1, xt::all())), tt::features_of(2));
  CHECK(picked.in.data == x.data() + 2);
  CHECK(picked.in.stride == 6);
  const auto gaps = in(bind(xt::view(x, xt::range(0, 2), xt::all(), 1)), tt::features_of(3));
  CHECK(gaps.in.copied);
  CHECK(gaps.values() == std::vector<float>{1, 3, 5, 7, 9, 11});
  const auto kept = bind(xt::view(x, xt::keep(3, 0), 0, xt::all()));
  CHECK(in(kept, tt::features_of(2)).values() == std::vector<float>{18, 19, 0, 1});
}

TEST_CASE("an expression is evaluated exactly once") {
  const xt::xtensor<float, 2> x = {{1, 2, 3}, {4, 5, 6}};
  static int calls;
  calls = 0;
  const auto twice = xt::vectorize([](float v) {
    ++calls;
    return 2 * v;
  });
  const auto bound = bind(twice(x));
  CHECK(calls == 6);
  CHECK(in(bound, tt::features_of(3)).values() == std::vector<float>{2, 4, 6, 8, 10, 12});
  CHECK(calls == 6);
  CHECK(in(bind(x + 1), tt::features_of(3)).values() == std::vector<float>{2, 3, 4, 5, 6, 7});
  const xt::xarray<float> a = x;
  CHECK(in(bind(a * a), tt::features_of(3)).values()[5] == 36);
  CHECK(in(bind(xt::transpose(x)), tt::features_of(2)).values() == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(in(bind(tt::optional(x, xt::view(x, xt::all(), 0) > 2.0f)),
           tt::shape_of(tt::features{.width = 3, .optional = true}))
            .values() == std::vector<float>{0, 0, 0, 4, 5, 6});
  const xt::xtensor<int, 1> labels = {0, 2};
  CHECK(in(bind(labels), tt::shape_of(tt::category{3})).in.ids == labels.data());
}

TEST_CASE("results become containers of either order, and are written into views") {
  check_out<xt::xtensor<float, 2>>();
  check_out<xt::xtensor<double, 2, xt::layout_type::column_major>>();
  check_out<xt::xarray<float>>();
  check_out<xt::xtensor_fixed<float, xt::xshape<2, 3>>>();
  const xt::xtensor<float, 1> flat = answer;
  CHECK(flat == xt::xtensor<float, 1>{1, 2, 3, 4, 5, 6});
  xt::xtensor<float, 2> y;
  y = answer;
  CHECK(y(1, 2) == 6);
  xt::xtensor<float, 2> big = xt::zeros<float>({4, 4});
  answer.copy_to(xt::view(big, xt::range(1, 3), xt::range(0, 3)));
  CHECK(big(1, 0) == 1);
  CHECK(big(2, 2) == 6);
  CHECK(xt::sum(big)() == 21);
  CHECK(bring::error_of([] { (void)answer.to<xt::xtensor_fixed<float, xt::xshape<3, 2>>>(); }) ==
        "result: expected a tensor of [2, 3], got a fixed one of [3, 2]");
}

TEST_CASE("as_xtensor is a view with the result's stride") {
  const auto view = tt::as_xtensor(answer);
  CHECK(&view(0, 0) == values);
  CHECK(xt::xtensor<float, 2>(view) == xt::xtensor<float, 2>{{1, 2, 3}, {4, 5, 6}});
}
