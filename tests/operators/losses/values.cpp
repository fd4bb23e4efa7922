// Losses that compare element by element, against PyTorch 1.13.
#include <string>

#include "alone.hpp"

using namespace loss_alone;

namespace {

using r = tt::reduction;
constexpr tt::features four{4};
const numbers x{0.5, -1.25, 2, 0, 1.5, 0.25, -0.75, -3}, t{1, -1, 0, 0, 0.5, 0.75, -0.25, 1};
const numbers dy{1, -2, 3, 0.5, 1, 2, -1, 4};

}  // namespace

TEST_CASE("losses of a difference are PyTorch's") {
  {
    const outcome o = of<tt::mse{r::none}, four, four>(x, t, dy);
    are(o.y, {0.25, 0.0625, 4, 0, 1, 0.25, 0.25, 16}, "y");
    are(o.d[0], {-1, 1, 12, 0, 2, -2, 1, -32}, "d0");
    are(o.d[1], {1, -1, -12, 0, -2, 2, -1, 32}, "d1");
  }
  {
    const outcome o = of<tt::l1{}, four, four>(x, t);
    are(o.y, {1.09375}, "y");
    are(o.d[0], {-0.125, -0.125, 0.125, 0, 0.125, -0.125, -0.125, -0.125}, "d0");
    are(o.d[1], {0.125, 0.125, -0.125, 0, -0.125, 0.125, 0.125, 0.125}, "d1");
  }
  {
    const outcome o = of<tt::huber{.delta = 0.5, .reduction = r::sum}, four, four>(x, t);
    are(o.y, {3.53125}, "y");
    are(o.d[0], {-0.5, -0.25, 0.5, 0, 0.5, -0.5, -0.5, -0.5}, "d0");
    are(o.d[1], {0.5, 0.25, -0.5, 0, -0.5, 0.5, 0.5, 0.5}, "d1");
  }
  {
    const outcome o = of<tt::smooth_l1{.beta = 0.5, .reduction = r::none}, four, four>(x, t, dy);
    are(o.y, {0.25, 0.0625, 1.75, 0, 0.75, 0.25, 0.25, 3.75}, "y");
    are(o.d[0], {-1, 1, 3, 0, 1, -2, 1, -4}, "d0");
    are(o.d[1], {1, -1, -3, 0, -1, 2, -1, 4}, "d1");
  }
}

TEST_CASE("smooth_l1 with a beta of 0 is l1") {
  const outcome a = of<tt::smooth_l1{.beta = 0}, four, four>(x, t), b = of<tt::l1{}, four, four>(x, t);
  are(a.y, b.y, "y");
  are(a.d[0], b.d[0], "dx");
}

// PyTorch has NaN as the gradient of a target of 0.
TEST_CASE("kl_divergence is PyTorch's") {
  const numbers p{0.1, 0.2, 0.3, 0.4, 0.25, 0.0625, 0.6875, 0};
  {
    const outcome o = of<tt::kl_divergence{}, four, four>(x, p);
    are(o.y, {-0.2915395447181}, "y");
    are(o.d[0], {-0.0125, -0.025, -0.0375, -0.05, -0.03125, -0.0078125, -0.0859375, -0}, "d0");
    are(o.d[1],
        {-0.2253231366243, 0.08007026094574, -0.2754966005407, 0.01046365851573, -0.23578679514, -0.25282359028,
         0.1719133188198, 0.375},
        "d1");
  }
  {
    const outcome o = of<tt::kl_divergence{.reduction = r::batch_mean}, four, four>(x, p);
    are(o.y, {-1.166158178872}, "y");
    are(o.d[0], {-0.05, -0.1, -0.15, -0.2, -0.125, -0.03125, -0.34375, -0}, "d0");
    are(o.d[1],
        {-0.901292546497, 0.3202810437829, -1.101986402163, 0.04185463406292, -0.9431471805599, -1.01129436112,
         0.6876532752793, 1.5},
        "d1");
  }
  {
    const outcome o = of<tt::kl_divergence{.log_target = true, .reduction = r::sum}, four, four>(x, t);
    are(o.y, {10.1234172175}, "y");
    are(o.d[0],
        {-2.718281828459, -0.3678794411714, -1, -1, -1.6487212707, -2.117000016613, -0.7788007830714, -2.718281828459},
        "d0");
    are(o.d[1], {4.077422742689, 0.4598493014643, -1, 1, 0, 3.175500024919, 1.168201174607, 13.5914091423}, "d1");
  }
}

TEST_CASE("gaussian_nll is PyTorch's, with the gradient of a variance that is too small") {
  const numbers v{0.5, 1e-9, 2, 0.25, 0, 1, 4, 0.125};
  {
    const outcome o = of<tt::gaussian_nll{}, four, four, four>(x, t, v);
    are(o.y, {66412.56887733}, "y");
    are(o.d[0], {-0.125, -31250, 0.125, 0, 125000, -0.0625, -0.015625, -4}, "d0");
    are(o.d[1], {0.125, 31250, -0.125, 0, -125000, 0.0625, 0.015625, 4}, "d1");
    are(o.d[2], {0.0625, -3906187500, -0.03125, 0.25, -62499937500, 0.046875, 0.0146484375, -63.5}, "d2");
  }
  {
    const outcome o =
        of<tt::gaussian_nll{.full = true, .epsilon = 0.25, .reduction = r::none}, four, four, four>(x, t, v, dy);
    are(o.y,
        {0.8223649429247, 0.3507913526447, 2.265512123485, 0.2257913526447, 2.225791352645, 1.043938533205,
         1.643335713765, 32.22579135264},
        "y");
    are(o.d[0], {-1, 2, 3, 0, 4, -1, 0.125, -64}, "d0");
    are(o.d[1], {1, -2, -3, 0, -4, 1, -0.125, 64}, "d1");
    are(o.d[2], {0.5, -3, -0.75, 1, -6, 0.75, -0.1171875, -504}, "d2");
  }
}

TEST_CASE("margin_ranking is PyTorch's, at its corner too") {
  const numbers s{1, -1, 1, 1, -1, -1, 1, -1};
  {
    const outcome o = of<tt::margin_ranking{.margin = 0.5}, four, four, four>(x, t, s);
    are(o.y, {0.53125}, "y");
    are(o.d[0], {-0.125, 0.125, 0, -0.125, 0.125, 0.125, -0.125, 0}, "d0");
    are(o.d[1], {0.125, -0.125, 0, 0.125, -0.125, -0.125, 0.125, -0}, "d1");
  }
  {
    const outcome o = of<tt::margin_ranking{.reduction = r::none}, four, four, four>(x, t, s, dy);
    are(o.y, {0.5, 0, 0, 0, 1, 0, 0.5, 0}, "y");
    are(o.d[0], {-1, 0, 0, -0.5, 1, 0, 1, 0}, "d0");
    are(o.d[1], {1, 0, 0, 0.5, -1, 0, -1, -0}, "d1");
  }
}

TEST_CASE("binary_cross_entropy is PyTorch's") {
  const numbers q{0.1, 1, 0, 0.5, 0.25, 0.75, 0.3, 0}, w{1, 2, 0.5, 0, 0.25, 1, 3, 1}, p{2, 0.5, 1, 3};
  {
    const outcome o = of<tt::binary_cross_entropy{}, four, four>(x, q);
    are(o.y, {0.9839240390848}, "y");
    are(o.d[0],
        {0.06530741640023, -0.09716248264684, 0.1100996347472, 0, 0.07094680952421, -0.02347793738928,
         0.002602662603076, 0.005928234147196},
        "d0");
    are(o.d[1], {-0.0625, 0.15625, -0.25, 0, -0.1875, -0.03125, 0.09375, 0.375}, "d1");
  }
  {
    const outcome o = of<tt::binary_cross_entropy{.pos_weight = true, .reduction = r::none}, four, four, four>(
        x, q, w, dy, [&](auto& model) { REQUIRE(model.set("y.binary_cross_entropy.pos_weight", p.data())); });
    are(o.y,
        {0.9714846825981, 1.501929081345, 1.063464005521, 0, 0.3441916493696, 0.4224621374243, 1.835613018345,
         0.04858735157374},
        "y");
    are(o.d[0],
        {0.484705264322, 1.554599722349, 1.321195616967, 0, 0.1304920238105, -0.04727937389275, -0.06246390247382,
         0.1897034927103},
        "d0");
    are(o.d[1], {-0.02592301581989, -1.996141837309, -3, 0, -0.3246466805043, -1.075939419879, -2.25, 36.38869881259},
        "d1");
  }
  {
    const outcome o = of<tt::binary_cross_entropy{.reduction = r::none}, four, four>({1e4, -1e4, 1e4, -1e4},
                                                                                     numbers{1, 1, 0, 0}, {1, 1, 1, 1});
    are(o.y, {0, 10000, 10000, 0}, "y");
    are(o.d[0], {0, -1, 1, 0}, "d0");
    are(o.d[1], {-10000, 10000, -10000, 10000}, "d1");
  }
}

TEST_CASE("only what both sides have counts") {
  static constexpr tt::sequence steps{.length = 2, .width = 2, .padded = true};
  static constexpr auto network = tt::architecture(
      [] { return tt::equations(x0 = tt::input{steps}, x1 = tt::input{steps}, y = tt::fuse(tt::mse{}, x0, x1)); });
  static constexpr auto halves = tt::architecture([] {
    return tt::equations(x0 = tt::input{steps}, x1 = tt::input{steps},
                         y = tt::fuse(tt::mse{tt::reduction::batch_mean}, x0, x1));
  });
  const tt::model<network, double> model;
  const tt::model<halves, double> by_sample;
  const double a[2][2][2] = {{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}, b[2][2][2] = {{{0, 0}, {1, 1}}, {{1, 2}, {3, 4}}};
  const int both[2] = {2, 2}, some[2] = {1, 2}, none[2] = {0, 0}, fewer[2] = {2, 1}, first[2] = {2, 0};
  CHECK(model(x0 = tt::padded(a, both), x1 = tt::padded(b, both)).value() == doctest::Approx((5 + 13 + 32 + 32) / 8.0));
  CHECK(model(x0 = tt::padded(a, some), x1 = tt::padded(b, fewer)).value() == doctest::Approx((5 + 32) / 4.0));
  CHECK(model(x0 = tt::padded(a, none), x1 = tt::padded(b, both)).value() == 0);
  CHECK(by_sample(x0 = tt::padded(a, some), x1 = tt::padded(b, fewer)).value() == doctest::Approx((5 + 32) / 2.0));
  CHECK(by_sample(x0 = tt::padded(a, some), x1 = tt::padded(b, first)).value() == doctest::Approx(5));
}

TEST_CASE("losses that compare element by element refuse") {
  const tt::shape f = tt::features_of(3), label = tt::shape_of(tt::category{3}), other = tt::features_of(4);
  CHECK(refusal(tt::mse{}, f, other) == std::string("mse: both inputs must have the same shape"));
  CHECK(refusal(tt::l1{}, f, label) == std::string("l1: ids are not numbers to compare; use tt::cross_entropy"));
  CHECK(refusal(tt::huber{0}, f, f) == std::string("huber: delta must be greater than 0"));
  CHECK(refusal(tt::smooth_l1{-1}, f, f) == std::string("smooth_l1: beta must be 0 or more"));
  CHECK(refusal(tt::kl_divergence{}, f, tt::scalar_shape()) ==
        std::string("kl_divergence: an input is a loss already"));
  CHECK(refusal(tt::gaussian_nll{.epsilon = 0}, f, f, f) ==
        std::string("gaussian_nll: epsilon must be greater than 0"));
  CHECK(refusal(tt::margin_ranking{}, f, f, other) ==
        std::string("margin_ranking: all three inputs must have the same shape"));
  CHECK(refusal(tt::binary_cross_entropy{}, f) ==
        std::string("binary_cross_entropy: it takes scores, targets and perhaps weights"));
  CHECK(refusal(tt::binary_cross_entropy{}, f, f, f) == std::string());
}
