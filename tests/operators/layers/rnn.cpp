// Plain recurrent layers and their cell.
#include "recurrent.hpp"

using namespace recurrent_values;

namespace {

constexpr auto with_states = [](bool relu) {
  return tt::architecture([=] {
    return tt::equations(
        x = tt::input{steps}, h0 = tt::input{states},
        tt::named(y, h_n) =
            tt::fuse(tt::rnn_with_states{.hidden = hidden, .layers = 2, .bidirectional = true, .relu = relu}, x, h0));
  });
};
constexpr auto one_step = [](bool relu) {
  return tt::architecture([=] {
    return tt::equations(x = tt::input{tt::features{3}}, h0 = tt::input{tt::features{2}},
                         y = tt::fuse(tt::rnn_cell{.hidden = 2, .relu = relu}, x, h0));
  });
};
constexpr auto by_tanh = with_states(false), by_relu = with_states(true);
constexpr auto step_by_tanh = one_step(false), step_by_relu = one_step(true);

struct of_tanh {
  static constexpr double y_of[] = {-0.9398662296,
                                    0.451996335,
                                    -0.736318981,
                                    0.9475279223,
                                    -0.9668648672,
                                    0.7524666535,
                                    -0.687692584,
                                    0.9308830129,
                                    -0.9072825029,
                                    0.338267447,
                                    -0.5878095318,
                                    0.976949995,
                                    -0.939614484,
                                    0.7861781388,
                                    -0.9430234491,
                                    0.8367237282,
                                    -0.8953288613,
                                    0.3045321795,
                                    -0.9804349522,
                                    0.832963842,
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
                                    -0.5810515816,
                                    -0.6987479643,
                                    -0.797213913,
                                    0.9726939261,
                                    -0.7777767506,
                                    0.6959084853,
                                    -0.7816413519,
                                    0.9456883873,
                                    -0.8932262491,
                                    -0.05483544795,
                                    -0.794086661,
                                    0.9592056692,
                                    0,
                                    0,
                                    0,
                                    0};
  static constexpr double h_n_of[] = {0.9906376924,  0.9196705106,   0.9631704891,  -0.5080774218, -0.939614484,
                                      0.7861781388,  -0.736318981,   0.9475279223,  0.9540478338,  0.2911276467,
                                      0.887259963,   -0.7627907717,  -0.8953288613, 0.3045321795,  -0.9804349522,
                                      0.832963842,   0.9445471748,   0.1286657868,  0.9094225969,  -0.8570328051,
                                      -0.8932262491, -0.05483544795, -0.797213913,  0.9726939261};
  static constexpr double dx_of[] = {0.2340602951,
                                     0.1010369741,
                                     0.05400973022,
                                     -0.001602865548,
                                     0.02072432319,
                                     -0.06368949209,
                                     0.1151096285,
                                     0.09448313916,
                                     0.1964946963,
                                     0.4162536813,
                                     0,
                                     0,
                                     0,
                                     0,
                                     0,
                                     0,
                                     -0.2617819591,
                                     0.07740833677,
                                     0.6773290119,
                                     0.6061453919,
                                     0.4071330729,
                                     0.7094154473,
                                     0,
                                     0};
  static constexpr double dh0_of[] = {0.06771941118,  0.06213179145,  0.03810704835,  -0.02319223068, -0.1191739348,
                                      -0.1612536584,  0.05858510862,  -0.03560855361, 0.2467663893,   0.2477401011,
                                      -0.01038622942, 0.09016837929,  -0.5440666933,  -0.6972222582,  0.04949948698,
                                      -0.02922024609, 0.04364994178,  0.007473206474, -0.02053074532, 0.03245886696,
                                      -0.1100353071,  -0.07518072006, -0.1819596735,  0.1479044611};
  static constexpr double parameter_sums[] = {0.05871953534, -0.06031539244, 1.375172121,  1.375172121,
                                              -0.6408806214, -0.09907948178, 0.1800217364, 0.1800217364,
                                              -0.667705408,  0.6723331571,   0.9460150109, 0.9460150109,
                                              -1.20716352,   0.387191114,    -1.154960619, -1.154960619};
  static constexpr double cell_h[] = {0.9860628247, 0.06045479707, 0.9464468331, 0.9180742696};
  static constexpr double cell_dx[] = {0.3178075172,   -0.3100074591,  -0.3260982566,
                                       -0.04519879941, -0.02115939317, -0.01608135201};
  static constexpr double cell_dh[] = {0.2705649541, 0.2915034534, -0.06124997519, -0.04513650278};
  static constexpr double cell_parameter_sums[] = {-0.2416139629, -0.09407869915, 0.1052708605, 0.1052708605};
};
struct of_relu {
  static constexpr double y_of[] = {0, 0.7271295055,
                                    0, 0.2095634031,
                                    0, 2.841069268,
                                    0, 0.4006277509,
                                    0, 2.499731063,
                                    0, 0.5634384858,
                                    0, 5.644734757,
                                    0, 0.222283798,
                                    0, 0.9024478466,
                                    0, 0.2594904585,
                                    0, 0,
                                    0, 0,
                                    0, 0,
                                    0, 0,
                                    0, 0,
                                    0, 0,
                                    0, 0,
                                    0, 0.3320589759,
                                    0, 0.7450506721,
                                    0, 0.1381902989,
                                    0, 1.528478921,
                                    0, 0.7917017782,
                                    0, 0,
                                    0, 0};
  static constexpr double h_n_of[] = {5.051551581, 5.582225443,  2.19271371,  0, 0, 5.644734757,  0, 0.2095634031,
                                      1.875028661, 0.2997978938, 1.408898345, 0, 0, 0.9024478466, 0, 0.2594904585,
                                      2.68917615,  1.555742655,  2.123148036, 0, 0, 1.528478921,  0, 0.3320589759};
  static constexpr double dx_of[] = {0.4906127547,
                                     1.015996453,
                                     0.537567408,
                                     0.678948163,
                                     0.4335107111,
                                     0.0432732917,
                                     0.3791078263,
                                     0.6104536876,
                                     -0.5248741253,
                                     1.261861822,
                                     0,
                                     0,
                                     0,
                                     0,
                                     0,
                                     0,
                                     -0.1907281743,
                                     0.6806522205,
                                     0.6109813633,
                                     0.6755644772,
                                     -0.09406925647,
                                     1.241261535,
                                     0,
                                     0};
  static constexpr double dh0_of[] = {0.8906672835,
                                      0.7193935157,
                                      -0.01793102838,
                                      0.01983632332,
                                      -0.05488164719,
                                      -0.06974723453,
                                      0.02394336087,
                                      -0.00440017779,
                                      0.6008497324,
                                      0.4798224615,
                                      -0.7458149757,
                                      0.8250629404,
                                      -0.627228685,
                                      -0.7971237825,
                                      0.06662847179,
                                      -0.01224461024,
                                      0.3947962615,
                                      0.2288634376,
                                      -0.4962214144,
                                      0.5489483486,
                                      0,
                                      0,
                                      -0.2609735745,
                                      0.04796027312};
  static constexpr double parameter_sums[] = {
      0.3289223717, -5.587193057,  5.804783857, 5.804783857, -0.5346475318, -1.381882113, -1.875019856, -1.875019856,
      0.4776569216, -0.3639128771, 1.247801355, 1.247801355, -1.789613707,  1.323102173,  -1.275269022, -1.275269022};
  static constexpr double cell_h[] = {2.479674864, 0.06052860871, 1.796542959, 1.576631933};
  static constexpr double cell_dx[] = {0.09519472269, -0.7426411906, -0.7196806695,
                                       -0.3587361886, -0.2717536241, -0.2270115547};
  static constexpr double cell_dh[] = {-0.1457123276, 0.05068141297, -0.5223604332, -0.3640947465};
  static constexpr double cell_parameter_sums[] = {-0.8551516395, -1.121608406, -1.405537986, -1.405537986};
};

template <const auto& Network, class Expected>
void is_pytorch() {
  tt::model<Network, double> model;
  set_parameters(model);
  CHECK(model.find("y.rnn_with_states.weight_hh_l1_reverse") >= 0);
  tt::workspace<Network, double> workspace{samples};
  const auto [ys, hs] =
      model.backward(workspace, tt::gradient(y) = tt::tensor(wave(48, 30), {samples, length, 2 * hidden}),
                     tt::gradient(h_n) = tt::tensor(wave(24, 31), {samples, walks, hidden}),
                     x = tt::padded(tt::tensor(steps_of_samples(), {samples, length, width}), lengths),
                     h0 = tt::tensor(wave(24, 21), {samples, walks, hidden}));
  are(ys, Expected::y_of, "y");
  are(hs, Expected::h_n_of, "h_n");
  are(workspace.gradient(x), Expected::dx_of, "dx");
  are(workspace.gradient(h0), Expected::dh0_of, "dh0");
  gradients_sum_to(model, workspace, Expected::parameter_sums);
}

template <const auto& Step, class Expected>
void cell_is_pytorch() {
  tt::model<Step, double> model;
  set_parameters(model);
  CHECK(model.find("y.rnn_cell.bias_hh") >= 0);
  tt::workspace<Step, double> workspace{2};
  const auto ys = model.backward(workspace, tt::gradient(y) = tt::tensor(wave(4, 30), {2, 2}),
                                 x = tt::tensor(wave(6, 20), {2, 3}), h0 = tt::tensor(wave(4, 21), {2, 2}));
  are(ys, Expected::cell_h, "h'");
  are(workspace.gradient(x), Expected::cell_dx, "dx");
  are(workspace.gradient(h0), Expected::cell_dh, "dh");
  gradients_sum_to(model, workspace, Expected::cell_parameter_sums);
}

}  // namespace

TEST_CASE("rnn of two layers in both directions is PyTorch's") {
  is_pytorch<by_tanh, of_tanh>();
  is_pytorch<by_relu, of_relu>();
}

TEST_CASE("rnn_cell is PyTorch's") {
  cell_is_pytorch<step_by_tanh, of_tanh>();
  cell_is_pytorch<step_by_relu, of_relu>();
}

TEST_CASE("rnn and its relatives keep the contract") {
  holds(tt::rnn{.hidden = 5, .layers = 2}, {padded_steps});
  holds(tt::rnn{.hidden = 4, .bidirectional = true, .bias = false, .relu = true}, {some_steps});
  holds(tt::rnn_with_states{.hidden = 3, .layers = 3, .bidirectional = true}, {padded_steps, tt::sequence_of(6, 3)});
  holds(tt::rnn_with_states{.hidden = 3, .bias = false, .relu = true}, {maybe_steps});
  holds(tt::rnn_cell{.hidden = 17}, {row(3), row(17)});
  holds(tt::rnn_cell{.hidden = 3, .bias = false, .relu = true}, {row(4, true), row(3)});
}

TEST_CASE("rnn refuses") {
  CHECK(refusal(tt::rnn{.hidden = 4}, {row(3)}) == "rnn: the input must be a sequence");
  CHECK(refusal(tt::rnn_with_states{.hidden = 0}, {some_steps}) == "rnn_with_states: hidden must be 1 or more");
  CHECK(refusal(tt::rnn_cell{.hidden = 4}, {row(3), row(5)}) == "rnn_cell: a state must be hidden wide");
}
