// Activations against values of PyTorch 1.13, and extreme arguments.
#include <tectum/operators/layers/activations.hpp>

#include "alone.hpp"

using namespace alone;

namespace {

const numbers x{-30, -5, -1, -0.001, 0, 0.001, 1, 2, 25};
const given nine{tt::features_of(9), x};

}  // namespace

TEST_CASE("activations with options") {
  gives(tt::leaky_relu{.negative_slope = 0.2}, nine, {-6, -1, -0.2, -0.0002, 0, 0.001, 1, 2, 25},
        {-0.15, 0.1, -0.3, -0.05, 0.2, -1, 0.25, 1.5, -0.5});
  gives(tt::elu{.alpha = 0.7}, nine,
        {-0.699999999999934, -0.69528343710064, -0.44248439117999, -0.000699650116637485, 0, 0.001, 1, 2, 25},
        {-4.91275205864109e-14, 0.00235828144967991, -0.386273413230014, -0.174825087470841, 0.7, -1, 0.25, 1.5, -0.5});
  gives(tt::softplus{}, nine,
        {9.35762296883974e-14, 0.00671534848911807, 0.313261687518223, 0.69264730555994, 0.693147180559945,
         0.69364730555994, 1.31326168751822, 2.12692801104297, 25},
        {-7.01821722662948e-14, 0.00334642546214243, -0.403412132054993, -0.124937500005208, 0.5, -0.500249999979167,
         0.182764644657501, 1.32119561696682, -0.5});
  gives(tt::softplus{.beta = 2, .threshold = 3}, nine,
        {4.37825538134826e-27, 2.26994496084323e-05, 0.0634640055214862, 0.346073840279931, 0.346573590279973,
         0.347073840279931, 1.06346400552149, 2, 25},
        {-6.56738307202239e-27, 2.26989343512172e-05, -0.178804383033176, -0.124875000041667, 0.5, -0.500499999833333,
         0.220199269494471, 1.5, -0.5});
}

TEST_CASE("log_sigmoid and quick_gelu") {
  gives(tt::log_sigmoid, nine,
        {-30.0000000000001, -5.00671534848912, -1.31326168751822, -0.69364730555994, -0.693147180559945,
         -0.69264730555994, -0.313261687518223, -0.126928011042972, -1.38879438648676e-11},
        {-0.74999999999993, 0.496653574537858, -1.09658786794501, -0.125062499994792, 0.5, -0.499750000020833,
         0.0672353553424988, 0.178804383033176, -6.94397193238557e-12});
  gives(tt::quick_gelu, nine,
        {-2.00467977450094e-21, -0.00100701626735237, -0.154204234067179, -0.000499574500102716, 0,
         0.000500425499897284, 0.845795765932821, 1.93565862314421, 25},
        {2.50885673778792e-21, -0.000756096620065616, 0.101669409834501, -0.124787250102716, 0.5, -0.500850999589137,
         0.266944901639084, 1.61072303146281, -0.5});
}

TEST_CASE("small results keep their digits") {
  const given small{tt::features_of(4), {-30, -80, -1e-6, 40}, {}, {1, 1, 1, 1}};
  const auto each = [](double a, double exact) { CHECK(a == doctest::Approx(exact).epsilon(1e-6)); };
  for (const bool of_native : {false, true}) {
    const auto at = [&](const auto& op) {
      return of_native ? run<float, tt::native>(op, small) : run<float, tt::reference>(op, small);
    };
    each(at(tt::softplus{}).y[0], std::exp(-30.0));
    each(at(tt::softplus{}).y[1], std::exp(-80.0));
    each(at(tt::elu{}).y[2], std::expm1(static_cast<double>(-1e-6f)));
    each(at(tt::log_sigmoid).y[3], -std::exp(-40.0));
    each(at(tt::elu{}).dx[1], std::exp(-80.0));
  }
}

TEST_CASE("large arguments, NaN") {
  const given far{tt::features_of(3), {-1e4, 1e4, missing}, {}, {1, 1, 1}};
  const auto look = [&](const auto& op, numbers y, numbers dx) {
    for (const result& r : {run<float, tt::native>(op, far), run<float, tt::reference>(op, far),
                            run<double, tt::native>(op, far), run<double, tt::reference>(op, far)}) {
      are("y", numbers(r.y.begin(), r.y.begin() + 2), y, 1e-6);
      are("dx", numbers(r.dx.begin(), r.dx.begin() + 2), dx, 1e-6);
      CHECK(tt::math::is_nan(r.y[2]));
    }
  };
  look(tt::log_sigmoid, {-1e4, 0}, {1, 0});
  look(tt::softplus{}, {0, 1e4}, {0, 1});
  look(tt::softplus{.beta = -1}, {-1e4, 0}, {1, 0});
  look(tt::softplus{.threshold = 1e9}, {0, 1e4}, {0, 1});
  look(tt::elu{.alpha = 2}, {-2, 1e4}, {0, 1});
  look(tt::leaky_relu{.negative_slope = 0.5}, {-5e3, 1e4}, {0.5, 1});
  look(tt::quick_gelu, {0, 1e4}, {0, 1});
  look(tt::gelu, {0, 1e4}, {0, 1});
  look(tt::gelu_tanh, {0, 1e4}, {0, 1});
  look(tt::silu, {0, 1e4}, {0, 1});
}

TEST_CASE("activations: errors") {
  CHECK(refusal(tt::softplus{.beta = 0}, tt::features_of(2)) == "softplus: beta must not be 0");
  const tt::shape ids = tt::shape_of(tt::category{3});
  CHECK(refusal(tt::elu{}, ids) == "elu: ids are not numbers to compute with; put an embedding before it");
  CHECK(refusal(tt::log_sigmoid, ids) ==
        "log_sigmoid: ids are not numbers to compute with; put an embedding before it");
}
