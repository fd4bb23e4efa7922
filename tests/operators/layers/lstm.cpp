// Long short-term memory and its cell.
#include "recurrent.hpp"

using namespace recurrent_values;

namespace {

constexpr tt::lstm_with_states two_layers{.hidden = hidden, .layers = 2, .bidirectional = true};
constexpr auto with_states = tt::architecture([] {
  return tt::equations(x = tt::input{steps}, h0 = tt::input{states}, c0 = tt::input{states},
                       tt::named(y, h_n, c_n) = tt::fuse(two_layers, x, h0, c0));
});
constexpr auto from_zeros =
    tt::architecture([] { return tt::equations(x = tt::input{steps}, tt::named(y, h_n, c_n) = x | two_layers); });
constexpr auto plain = of(steps, tt::lstm{.hidden = hidden, .layers = 2, .bidirectional = true});
constexpr auto one_step = tt::architecture([] {
  return tt::equations(x = tt::input{tt::features{3}}, h0 = tt::input{tt::features{2}}, c0 = tt::input{tt::features{2}},
                       tt::named(h_n, c_n) = tt::fuse(tt::lstm_cell{.hidden = 2}, x, h0, c0));
});

constexpr double y_of[] = {0.06170500205,
                           0.09686395587,
                           -0.07005133312,
                           -0.2849704406,
                           0.05876571305,
                           0.05877908895,
                           -0.06705225071,
                           -0.2680393527,
                           0.05421551186,
                           0.0758998416,
                           -0.05379577484,
                           -0.2390035709,
                           0.06222487725,
                           0.0574109242,
                           -0.0008532639172,
                           -0.1384625104,
                           0.01142133861,
                           0.108135739,
                           0.002583653346,
                           -0.1747355854,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0,
                           0.009391034683,
                           0.1040648129,
                           -0.166862429,
                           -0.2311792582,
                           0.03980364373,
                           0.08092656735,
                           -0.1715381945,
                           -0.2323376709,
                           0.0514113534,
                           0.07589988837,
                           -0.2847009539,
                           -0.1755257997,
                           0,
                           0,
                           0,
                           0};
constexpr double h_n_of[] = {0.8864110076,  -0.8595878358,  0.3458752119,  0.2883928282, 0.06222487725,
                             0.0574109242,  -0.07005133312, -0.2849704406, 0.6368955725, -0.231917801,
                             0.3739556736,  0.1539330704,   0.01142133861, 0.108135739,  0.002583653346,
                             -0.1747355854, 0.7126671645,   -0.510337907,  0.3460110638, 0.1524156259,
                             0.0514113534,  0.07589988837,  -0.166862429,  -0.2311792582};
constexpr double c_n_of[] = {1.74495461,    -1.823307766, 1.636541334,    0.3705431844,  0.1408624828,  0.2060297354,
                             -0.1476923646, -1.404100011, 0.8578847234,   -0.2749426678, 1.024342026,   0.1872043251,
                             0.04664033251, 0.4358817012, 0.005218570734, -0.721348882,  1.075144503,   -0.8783743694,
                             1.445324795,   0.2085771453, 0.1218904225,   0.3034505358,  -0.3416498408, -1.378815976};
constexpr double dx_of[] = {-0.3521064111,
                            0.2578916045,
                            -0.3217883275,
                            0.2964850406,
                            -0.4773351755,
                            0.07774942747,
                            -0.368114705,
                            0.3332159874,
                            0.07422231701,
                            0.1417283066,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            -0.7674504349,
                            0.5045251558,
                            -0.4600554948,
                            0.4208699134,
                            -0.1118129293,
                            0.1422844032,
                            0,
                            0};
constexpr double dh0_of[] = {-0.3231805272,  0.06944795782,  -0.01760909647, 0.01224978272,  0.05568322593,
                             -0.07696121676, -0.02872308493, 0.0631737897,   0.1586516878,   0.0706270162,
                             -0.0464787635,  -0.01928732217, -0.1059376656,  -0.2875654567,  0.02465445717,
                             0.05607089173,  -0.4772756828,  0.3244215135,   -0.03638078695, 0.002622346468,
                             0.05904593746,  0.1086090217,   0.02291203122,  -0.02476716928};
constexpr double dc0_of[] = {-0.3268280191, 0.5647677738,   -0.06481779827,  0.001346397382, -0.02087098956,
                             0.01594020124, -0.12912076,    -0.03956760033,  0.04219659834,  -0.7018268766,
                             -0.4945223129, 0.2607495518,   0.0003358401745, 0.09152868916,  -0.1398261609,
                             0.2364535938,  -0.7635813104,  -0.01424221368,  -0.1130817988,  -0.01660049875,
                             0.01720768667, -0.02126262683, -0.008614170171, -0.0202248066};
constexpr double parameter_sums[] = {-0.1255876597,  -0.9455166801, 1.428677344,   1.428677344,
                                     -0.2079103999,  -0.3216591219, -0.3754645748, -0.3754645748,
                                     -0.06684650011, 0.03076087473, 0.1598608295,  0.1598608295,
                                     -0.03763973891, 0.03534444777, 0.4505267211,  0.4505267211};
constexpr double cell_h[] = {0.8494813911, -0.552989529, 0.4942808428, 0.227266844};
constexpr double cell_c[] = {1.540554895, -0.8535362651, 0.6070978885, 0.2781224043};
constexpr double cell_dx[] = {-0.1263339304, 0.07024014927,  -0.2127770933,
                              -0.7759843916, -0.06604611283, -0.7072395988};
constexpr double cell_dh[] = {-0.3969343931, 0.01119536644, -0.651074045, 0.5431238675};
constexpr double cell_dc[] = {-0.7663621899, 0.6558771448, -0.7605895141, -0.02503896637};
constexpr double cell_parameter_sums[] = {-0.299759238, 0.2102911852, 0.5481830993, 0.5481830993};

}  // namespace

TEST_CASE("lstm of two layers in both directions is PyTorch's") {
  tt::model<with_states, double> model;
  set_parameters(model);
  CHECK(model.find("y.lstm_with_states.weight_hh_l1_reverse") >= 0);
  tt::workspace<with_states, double> workspace{samples};
  const auto [ys, hs, cs] = model.backward(
      workspace, tt::gradient(y) = tt::tensor(wave(48, 30), {samples, length, 2 * hidden}),
      tt::gradient(h_n) = tt::tensor(wave(24, 31), {samples, walks, hidden}),
      tt::gradient(c_n) = tt::tensor(wave(24, 32), {samples, walks, hidden}),
      x = tt::padded(tt::tensor(steps_of_samples(), {samples, length, width}), lengths),
      h0 = tt::tensor(wave(24, 21), {samples, walks, hidden}), c0 = tt::tensor(wave(24, 22), {samples, walks, hidden}));
  are(ys, y_of, "y");
  are(hs, h_n_of, "h_n");
  are(cs, c_n_of, "c_n");
  are(workspace.gradient(x), dx_of, "dx");
  are(workspace.gradient(h0), dh0_of, "dh0");
  are(workspace.gradient(c0), dc0_of, "dc0");
  gradients_sum_to(model, workspace, parameter_sums);
}

TEST_CASE("lstm_cell is PyTorch's") {
  tt::model<one_step, double> model;
  set_parameters(model);
  CHECK(model.find("h_n.lstm_cell.bias_hh") >= 0);
  tt::workspace<one_step, double> workspace{2};
  const auto [hs, cs] =
      model.backward(workspace, tt::gradient(h_n) = tt::tensor(wave(4, 30), {2, 2}),
                     tt::gradient(c_n) = tt::tensor(wave(4, 31), {2, 2}), x = tt::tensor(wave(6, 20), {2, 3}),
                     h0 = tt::tensor(wave(4, 21), {2, 2}), c0 = tt::tensor(wave(4, 22), {2, 2}));
  are(hs, cell_h, "h'");
  are(cs, cell_c, "c'");
  are(workspace.gradient(x), cell_dx, "dx");
  are(workspace.gradient(h0), cell_dh, "dh");
  are(workspace.gradient(c0), cell_dc, "dc");
  gradients_sum_to(model, workspace, cell_parameter_sums);
}

TEST_CASE("without initial states lstm_with_states is lstm, and starts from zeros") {
  tt::model<from_zeros, double> a;
  tt::model<plain, double> b;
  tt::model<with_states, double> c;
  set_parameters(a);
  set_parameters(b);
  set_parameters(c);
  tt::workspace<from_zeros, double> of_a{samples};
  tt::workspace<plain, double> of_b{samples};
  tt::workspace<with_states, double> of_c{samples};
  const std::vector<double> in = steps_of_samples(), zeros(24);
  const auto given = tt::padded(tt::tensor(in, {samples, length, width}), lengths);
  const auto ya = a(of_a, y, x = given), yb = b(of_b, x = given);
  const auto yc = c(of_c, y, x = given, h0 = tt::tensor(zeros, {samples, walks, hidden}),
                    c0 = tt::tensor(zeros, {samples, walks, hidden}));
  CHECK(same(ya.data(), yb.data(), 48));
  for (int i = 0; i < 48; ++i) CHECK(ya.data()[i] == doctest::Approx(yc.data()[i]).epsilon(1e-12));
}

TEST_CASE("lstm and its relatives keep the contract") {
  holds(tt::lstm{.hidden = 5, .layers = 2}, {padded_steps});
  holds(tt::lstm{.hidden = 4, .bidirectional = true, .bias = false}, {some_steps});
  holds(tt::lstm_with_states{.hidden = 3, .layers = 3, .bidirectional = true},
        {padded_steps, tt::sequence_of(6, 3), tt::sequence_of(6, 3)});
  holds(tt::lstm_with_states{.hidden = 3, .bias = false}, {maybe_steps});
  holds(tt::lstm_cell{.hidden = 17}, {row(3), row(17), row(17)});
  holds(tt::lstm_cell{.hidden = 3, .bias = false}, {row(4, true), row(3), row(3)});
  holds(tt::lstm_cell{.hidden = 3}, {row(4), row(3, true), row(3)});
}

TEST_CASE("lstm refuses") {
  CHECK(refusal(tt::lstm{.hidden = 4}, {row(3)}) == "lstm: the input must be a sequence");
  CHECK(refusal(tt::lstm{.hidden = 4, .layers = 0}, {some_steps}) == "lstm: layers must be 1 or more");
  CHECK(refusal(tt::lstm_with_states{.hidden = 4}, {some_steps, tt::sequence_of(1, 4)}) ==
        "lstm_with_states: the inputs are a sequence and, if wanted, all initial states");
  CHECK(refusal(tt::lstm_cell{.hidden = 4}, {row(3), row(4), some_steps}) == "lstm_cell: the inputs must be features");
}
