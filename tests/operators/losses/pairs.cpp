// Losses of rows and of pairs of rows against PyTorch 1.13.
#include <cmath>
#include <string>
#include <tectum/operators/fusion/cosine_similarity.hpp>

#include "alone.hpp"

using namespace loss_alone;

namespace {

using r = tt::reduction;
constexpr tt::features four{4}, three{3}, one{1};
constexpr double infinity = __builtin_inf();
const numbers x{0.5, -1.25, 2, 0, 1.5, 0.25, -0.75, -3}, t{1, -1, 0, 0, 0.5, 0.75, -0.25, 1};
const numbers n{0.25, -1, 1.5, 0.5, 1.25, 0, -0.5, -2}, dy{1, -2, 3, 0.5, 1, 2, -1, 4};
const numbers a{0.5, -0.25, 1, 1, 0.75, -0.5, -0.25, 0.5, 0.125};
const numbers b{0.75, 0, 0.5, 0.25, 1, -1, -1, 0.5, 0.25};
const double stored = 0.9;

// Sets the learned scale and, where there is one, the bias.
auto learned(const char* loss, double scale, double bias = 0) {
  return [=](auto& model) {
    const std::string name = std::string("y.") + loss;
    REQUIRE(model.set((name + ".logit_scale").c_str(), &scale));
    if (bias != 0) REQUIRE(model.set((name + ".logit_bias").c_str(), &bias));
  };
}

}  // namespace

TEST_CASE("cosine_embedding is PyTorch's") {
  const numbers wanted{1, -1};
  {
    const outcome o = of<tt::cosine_embedding{.margin = -0.2}, four, four, one>(x, t, wanted);
    are(o.y, {0.2433675487127}, "y");
    are(o.d[0], {-0.1245712052332, 0.09145734055093, 0.0883036391526, 0, 0, 0, 0, 0}, "d0");
    are(o.d[1], {0.05499266813292, 0.05499266813305, -0.2932942300426, 0, 0, 0, 0, 0}, "d1");
  }
  {
    const outcome o =
        of<tt::cosine_embedding{.margin = 0.5, .reduction = r::none}, four, four, one>(x, t, wanted, {2, 3});
    are(o.y, {0.4867350974254, 0}, "y");
    are(o.d[0], {-0.4982848209326, 0.3658293622037, 0.3532145566104, 0, 0, 0, 0, 0}, "d0");
    are(o.d[1], {0.2199706725317, 0.2199706725322, -1.17317692017, 0, 0, 0, 0, 0}, "d1");
  }
}

TEST_CASE("triplet_margin is PyTorch's for every norm") {
  {
    const outcome o = of<tt::triplet_margin{.margin = 1.5}, four, four, four>(x, t, n);
    are(o.y, {3.689831140732}, "y");
    are(o.d[0],
        {-0.2785000928831, 0.09792058222838, 0.1653151150654, 0.3162273743319, 0.004814609561847, -0.1744697228176,
         0.05494615594689, -0.01926013479173},
        "d0");
    are(o.d[1],
        {0.1203855774196, 0.060192668324, -0.4815435135367, -2.407716363826e-07, -0.1195230077758, 0.05976132460358,
         0.05976132460358, 0.4780914334889},
        "d1");
    are(o.d[2],
        {0.1581145154634, -0.1581132505524, 0.3162283984714, -0.3162271335603, 0.114708398214, 0.114708398214,
         -0.1147074805505, -0.4588312986972},
        "d2");
  }
  {
    const outcome o = of<tt::triplet_margin{.margin = 1.5, .p = 1}, four, four, four>(x, t, n);
    are(o.y, {4.249999}, "y");
    are(o.d[0], {-1, 0, 0, 1, 0, -1, 0, 0}, "d0");
    are(o.d[1], {0.5, 0.5, -0.5, -0.5, -0.5, 0.5, 0.5, 0.5}, "d1");
    are(o.d[2], {0.5, -0.5, 0.5, -0.5, 0.5, 0.5, -0.5, -0.5}, "d2");
  }
  {
    const outcome o = of<tt::triplet_margin{.margin = 1.5, .p = 3}, four, four, four>(x, t, n);
    are(o.y, {3.683476589683}, "y");
    are(o.d[0],
        {-0.103687873899, 0.06507559070114, 0.2030305293091, 0.2911923234697, 0.0005393278768416, -0.03802273221878,
         0.02259749725775, -0.0086328616697},
        "d0");
    are(o.d[1],
        {0.03088891945031, 0.007722198973626, -0.4942251823265, -1.235561720254e-13, -0.03084968509603,
         0.007712374999595, 0.007712374999595, 0.493593727551},
        "d1");
    are(o.d[2],
        {0.07279895444872, -0.07279778967477, 0.2911946530174, -0.2911923234695, 0.03031035721919, 0.03031035721919,
         -0.03030987225735, -0.4849608658813},
        "d2");
  }
  {
    const outcome o = of<tt::triplet_margin{.margin = 1.5, .p = infinity}, four, four, four>(x, t, n);
    are(o.y, {3.75}, "y");
    are(o.d[0], {0, 0, 0, 0, 0, 0, 0, 0}, "d0");
    are(o.d[1], {0, 0, -0.5, 0, 0, 0, 0, 0.5}, "d1");
    are(o.d[2], {0, 0, 0.5, 0, 0, 0, 0, -0.5}, "d2");
  }
  {
    const outcome o =
        of<tt::triplet_margin{.margin = 3, .swap = true, .reduction = r::none}, four, four, four>(x, t, n, {2, 3});
    are(o.y, {4.286087152615, 6.093575128848}, "y");
    are(o.d[0],
        {-1.114000371532, 0.3916823289135, 0.6612604602616, 1.264909497328, 0.02888765737108, -1.046818336905,
         0.3296769356813, -0.1155608087504},
        "d0");
    are(o.d[1],
        {0.4815423096786, 0.240770673296, -1.926174054147, -9.630865455302e-07, -0.717138046655, 0.3585679476215,
         0.3585679476215, 2.868548600933},
        "d1");
    are(o.d[2],
        {0.6324580618538, -0.6324530022095, 1.264913593885, -1.264908534241, 0.6882503892839, 0.6882503892839,
         -0.6882448833028, -2.752987792183},
        "d2");
  }
}

TEST_CASE("cosine_similarity is PyTorch's") {
  {
    const outcome o = of<tt::cosine_similarity{}, four, four>(x, t, {2, 3});
    are(o.y, {0.5132649025747, -0.3973597071195}, "y");
    are(o.d[0],
        {0.4982848209328, -0.3658293622038, -0.3532145566106, 0, 0.4684661810251, 0.5019280510983, -0.2342330905126,
         0.3346187007322},
        "d0");
    are(o.d[1],
        {-0.219970672532, -0.219970672532, 1.173176920171, 0, 1.271551062782, 0.6357755313912, -0.6357755313912,
         -1.271551062782},
        "d1");
  }
  {
    const outcome o = of<tt::cosine_similarity{.epsilon = 2}, four, four>(x, t, {2, 3});
    are(o.y, {0.3629330931556, -0.2720535937913}, "y");
    are(o.d[0],
        {0.3523405758439, -0.2586804227715, -0.2497604081931, 0, 0.3207368684697, 0.343646644789, -0.1603684342348,
         0.2290977631926},
        "d0");
    are(o.d[1],
        {0.02592379236826, -0.3370093007874, 0.8295613557843, 0, 0.7549487227707, 0.2618515840241, -0.3774743613854,
         -1.101817054855},
        "d1");
  }
  static constexpr tt::sequence steps{.length = 3, .width = 4};
  const numbers many{0,
                     1.983329620905,
                     -0.5110822040537,
                     -1.851629364655,
                     0.9882267022772,
                     1.596974225247,
                     -1.399749375187,
                     -1.236274224474,
                     1.718323629713,
                     0.7934811462612,
                     -1.922794983759,
                     -0.2979980516284,
                     1.999585800285,
                     -0.2172731908482,
                     -1.943596891488,
                     0.7181167080443,
                     1.758546123301,
                     -1.171274679949,
                     -1.456721535663,
                     1.546655779132,
                     1.05816537224,
                     -1.819333343667,
                     -0.5893432030005,
                     1.971200597581};
  numbers mirrored;
  for (std::size_t i = 0; i < many.size(); ++i) mirrored.push_back(many[i / 4 * 4 + 3 - i % 4] * 0.7 + 0.3);
  {
    const outcome o = of<tt::cosine_similarity{.axis = 0}, steps, steps>(many, mirrored, dy);
    are(o.y,
        {-0.1763540498445, -0.6095256639541, -0.7808988769601, -0.5437163523906, 0.8749558683722, 0.45682325231,
         0.3749775496389, 0.8610101384687},
        "y");
    are(o.d[0],
        {-0.437348541154,   -0.3052028442258, 0.6781047203525,  -0.06318164716225, -0.2038771799833, 0.1345398356763,
         0.1852620925655,   0.05432725363159, 0.1172519947701,  0.4920862875359,   -0.315107829222,  0.1672011262136,
         -0.09229022892602, -0.7161063883215, -0.1698109993894, 0.6738700418701,   0.02067689513139, -0.2881741273482,
         0.09936080001266,  0.1507971896192,  0.1400357272858,  0.271045314743,    0.3144230941004,  -0.3638131409857},
        "d0");
    are(o.d[1],
        {-0.1330538429639, -1.145782238502,   0.4407057854724,  -0.2013140553178, 0.358354985156,    -0.427528439708,
         -0.1360063602795, -0.06983728043196, 0.7666263875791,  0.3411441155898,  -0.6443680662785,  0.086274724954,
         0.1703256358723,  0.4300294576645,   0.7430813882144,  -0.4883119626269, 0.03969248467893,  -0.4400212565764,
         0.3661879482471,  0.1096410809344,   -0.1140575265953, -1.238387004194,  -0.08265770777571, 0.6362257858658},
        "d1");
  }
}

TEST_CASE("info_nce is the contrastive loss, with the gradient of its scale") {
  {
    const outcome o = of<tt::info_nce{}, three, three>(a, b, {1}, learned("info_nce", stored));
    are(o.y, {0.2173780195603}, "y");
    are(o.d[0],
        {-0.1712314683407, 0.03161996781382, -0.06654136004578, 0.07601129347331, -0.04682062725344, 0.1304006840256,
         0.3244582606002, 0.03836914642611, -0.1788861642015},
        "d0");
    are(o.d[1],
        {0.04753643286082, 0.1798265082729, -0.2167003402988, -0.09225652906612, 0.03533502574425, 0.05044367653751,
         0.1033071982261, -0.1183418298495, 0.01876549641258},
        "d1");
    are({o.parameters[0]}, {-0.2686573676113}, "d scale");
  }
  {
    const outcome o = of<tt::info_nce{.label_smoothing = 0.2}, three, three>(a, b, {1}, learned("info_nce", stored));
    are(o.y, {0.6204796405555}, "y");
    are(o.d[0],
        {-0.04825131278281, -0.05036680255808, 0.02910987205477, 0.1170046786593, 0.03516614311846, -0.01990839498958,
         0.1604847198564, 0.03836914642611, -0.1242283172869},
        "d0");
    are(o.d[1],
        {0.06120089458947, 0.08417527617239, -0.08688795387662, 0.003394703034424, 0.1036573343875, -0.06570424815601,
         -0.006008495603055, -0.09101290639216, 0.005101034683934},
        "d1");
    are({o.parameters[0]}, {0.1344442533839}, "d scale");
  }
  {
    const outcome o = of<tt::info_nce{.normalize = true}, three, three>(a, b, {1}, learned("info_nce", stored));
    are(o.y, {0.2660304298005}, "y");
    are(o.d[0],
        {-0.08573818036491, -0.0006660119253103, 0.04270258720113, 0.1468487387982, -0.07024420694046, 0.1883311671857,
         0.3245610268867, 0.2257045412749, -0.253696111326},
        "d0");
    are(o.d[1],
        {0.1296169663666, 0.2097438136372, -0.1944254495498, -0.1712471862584, 0.08920853766372, 0.04639674109913,
         -0.02258518499317, -0.05870518745631, 0.02706963493993},
        "d1");
    are({o.parameters[0]}, {-0.3310762811724}, "d scale");
  }
  {
    const outcome o =
        of<tt::info_nce{.reduction = r::none}, three, three>(a, b, {1, 2, -1}, learned("info_nce", stored));
    are(o.y, {0.2231183424791, 0.06981139799951, 0.3592043182024}, "y");
    are(o.d[0],
        {-0.2831158151869, -0.01837093929746, -0.2589841044116, 0.3460382171195, -0.3495429853028, 0.5832491684058,
         -0.8199687801936, 0.07327291048405, 0.4191520856198},
        "d0");
    are(o.d[1],
        {0.3077451957009, 0.4745343888179, -0.7326689694556, -0.2557465588206, -0.3899705168424, 0.143106684511,
         -0.2426002475039, 0.3380849358633, 0.04490596530691},
        "d1");
    are({o.parameters[0]}, {-0.3096702222484}, "d scale");
  }
}

TEST_CASE("a scale out of its bounds is clamped, with the gradient it has at the bound") {
  static constexpr tt::info_nce clamped{.max_logit_scale = 0.9};
  const outcome o = of<clamped, three, three>(a, b, {1}, learned("info_nce", 7));
  are(o.y, {0.2173780195603}, "y");
  are(o.parameters, {-0.2686573676113}, "d scale");
  const outcome low = of<tt::info_nce{}, three, three>(a, b, {1}, learned("info_nce", -3));
  const outcome at_one =
      of<tt::info_nce{.learned_scale = false, .logit_scale = 1, .scale_is_log = false}, three, three>(a, b);
  are(low.y, at_one.y, "y");
  CHECK(low.parameters[0] != 0);
}

TEST_CASE("the scale as a multiplier, a constant scale, a bias that changes nothing") {
  const double multiplier = std::exp(stored);
  static constexpr tt::info_nce plain{.scale_is_log = false, .learned_bias = true};
  const outcome o = of<plain, three, three>(a, b, {1}, learned("info_nce", multiplier, 3));
  are(o.y, {0.2173780195603}, "y");
  are(o.d[0],
      {-0.1712314683407, 0.03161996781382, -0.06654136004578, 0.07601129347331, -0.04682062725344, 0.1304006840256,
       0.3244582606002, 0.03836914642611, -0.1788861642015},
      "d0");
  CHECK(o.parameters[0] * multiplier == doctest::Approx(-0.2686573676113));
  CHECK(o.parameters[1] == 0);
  static constexpr tt::info_nce constant{.learned_scale = false, .logit_scale = 0.9};
  const outcome k = of<constant, three, three>(a, b);
  are(k.d[1],
      {0.04753643286082, 0.1798265082729, -0.2167003402988, -0.09225652906612, 0.03533502574425, 0.05044367653751,
       0.1033071982261, -0.1183418298495, 0.01876549641258},
      "d1");
  CHECK(k.parameters.empty());
}

TEST_CASE("a pair of which one sample is absent is left out") {
  static constexpr tt::features maybe{.width = 3, .optional = true};
  static constexpr auto network = tt::architecture(
      [] { return tt::equations(x0 = tt::input{maybe}, x1 = tt::input{maybe}, y = tt::fuse(tt::info_nce{}, x0, x1)); });
  tt::model<network, double> model;
  learned("info_nce", stored)(model);
  tt::workspace<network, double> workspace{3};
  const bool here[] = {true, true, true}, some[] = {true, false, true}, none[] = {false, false, false};
  const double seed[1] = {1};
  const auto first = tt::tensor(a, {3, 3}), second = tt::tensor(b, {3, 3});
  CHECK(
      model.backward(workspace, tt::gradient(y) = seed, x0 = tt::optional(first, here), x1 = tt::optional(second, some))
          .value() == doctest::Approx(0.102739686959));
  numbers wanted{-0.1435972126406, 0.04345696766421,  -0.01606036770937,
                 0.2747137440126,  -0.08091883377049, 0.03479130076251};
  wanted.insert(wanted.begin() + 3, 3, 0);
  are(listed(workspace.gradient(x0)), wanted, "d0");
  CHECK(
      model.backward(workspace, tt::gradient(y) = seed, x0 = tt::optional(first, none), x1 = tt::optional(second, some))
          .value() == 0);
  are(listed(workspace.gradient(x1)), numbers(9, 0), "d1");
}

TEST_CASE("siglip is SigLIP's loss, with the gradients of its scale and bias") {
  {
    const outcome o = of<tt::siglip{.scale_is_log = false}, three, three>(a, b, {1}, learned("siglip", 2.5, -1));
    are(o.y, {0.9119957205496}, "y");
    are(o.d[0],
        {-0.2464989161083, 0.07048059598351, -0.08915651667574, 0.2943394861009, -0.02782082106175, 0.2954381108891,
         0.5742757469862, 0.1968175669681, -0.3701411335},
        "d0");
    are(o.d[1],
        {0.3269217677829, 0.4884111392262, -0.4069050056769, -0.1338844729605, 0.1435799555822, 0.089458208108,
         0.1841991162969, -0.1673138737806, 0.0390699885548},
        "d1");
    are(o.parameters, {-0.0782796415263, 0.2360754504121}, "d scale, d bias");
  }
  {
    const outcome o = of<tt::siglip{}, three, three>(a, b, {1}, learned("siglip", stored, -1));
    are(o.y, {0.915292823649}, "y");
    are(o.d[0],
        {-0.2476183112337, 0.07083446440572, -0.09079688373163, 0.2845293446107, -0.02961654129726, 0.2918235985072,
         0.5691667788488, 0.1889373428391, -0.3623311574021},
        "d0");
    are(o.d[1],
        {0.3147655715095, 0.4791143660271, -0.4034415826914, -0.1335613217595, 0.1376197777159, 0.08993949184627,
         0.1842553539106, -0.1661442567415, 0.03864082212592},
        "d1");
    are(o.parameters, {-0.2090239340337, 0.2300173838454}, "d scale, d bias");
  }
}

TEST_CASE("learned scales start where their papers have them, and are not decayed") {
  static constexpr auto network = tt::architecture(
      [] { return tt::equations(x0 = tt::input{three}, x1 = tt::input{three}, y = tt::fuse(tt::siglip{}, x0, x1)); });
  const tt::model<network, double> model;
  double scale = 0, bias = 0;
  REQUIRE(model.get("y.siglip.logit_scale", &scale));
  REQUIRE(model.get("y.siglip.logit_bias", &bias));
  CHECK(std::exp(scale) == doctest::Approx(10));
  CHECK(bias == -10);
  const tt::parameter_list p = tt::info_nce{}.parameters(tt::features_of(3), tt::features_of(3));
  CHECK(p.count == 1);
  CHECK(p.items[0].role == tt::role::scale);
  CHECK(p.items[0].rank == 0);
  CHECK(std::exp(static_cast<double>(p.items[0].value)) == doctest::Approx(1 / 0.07));
}

TEST_CASE("losses of rows and pairs refuse") {
  const tt::shape f = tt::features_of(4), s = tt::sequence_of(3, 4), g = tt::features_of(3),
                  p = tt::picture_of(1, 2, 2);
  CHECK(refusal(tt::cosine_embedding{.margin = 2}, f, f, f) ==
        std::string("cosine_embedding: margin must be in [-1, 1]"));
  CHECK(refusal(tt::cosine_embedding{}, f, f, f) ==
        std::string("cosine_embedding: the target must be one number a row"));
  CHECK(refusal(tt::triplet_margin{.p = 0}, f, f, f) == std::string("triplet_margin: p must be greater than 0"));
  CHECK(refusal(tt::triplet_margin{}, f, f, g) ==
        std::string("triplet_margin: all three inputs must have the same shape"));
  CHECK(refusal(tt::cosine_similarity{.axis = 1}, f, f) == std::string("cosine_similarity: there is no such axis"));
  CHECK(refusal(tt::cosine_similarity{}, f, s) ==
        std::string("cosine_similarity: both inputs must have the same shape"));
  CHECK(refusal(tt::info_nce{}, f, g) == std::string("info_nce: both inputs must have the same width"));
  CHECK(refusal(tt::info_nce{.min_logit_scale = 5}, f, f) ==
        std::string("info_nce: min_logit_scale must not be greater than max_logit_scale"));
  CHECK(refusal(tt::siglip{}, s, s) == std::string("siglip: both inputs must be features"));
  CHECK(tt::cosine_similarity{.axis = 1}.infer(p, p) == tt::sequence_of(1, 2));
}
