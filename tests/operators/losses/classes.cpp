// Cross-entropies against PyTorch 1.13.
#include <cmath>
#include <string>

#include "alone.hpp"

using namespace loss_alone;

namespace {

using r = tt::reduction;
constexpr tt::features four{4};
constexpr tt::category labels{4}, ignoring{.classes = 4, .ignore = -100};
constexpr tt::sequence steps{.length = 3, .width = 4};
constexpr tt::picture pixels{.channels = 3, .height = 2, .width = 2};
const numbers x{0.5, -1.25, 2, 0, 1.5, 0.25, -0.75, -3}, p{0.1, 0.2, 0.3, 0.4, 0.25, 0.0625, 0.6875, 0};
const numbers w{0.5, 2, 1, 0.25}, dy{1, -2, 3, 0.5, 1, 2, -1, 4};
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

}  // namespace

TEST_CASE("cross_entropy is PyTorch's") {
  {
    const outcome o = of<tt::cross_entropy{}, four, labels>(x, ids{2, 0});
    are(o.y, {0.3365603461706}, "y");
    are(o.d[0],
        {0.07984677501605, 0.01387528896634, -0.1421515811088, 0.04842951712641, -0.1436241192353, 0.1021033993244,
         0.03756174148516, 0.003958978425729},
        "d0");
  }
  {
    const outcome o = of<tt::cross_entropy{.label_smoothing = 0.3, .class_weights = true}, four, labels>(
        x, ids{2, 0}, {1}, [&](auto& model) { REQUIRE(model.set("y.cross_entropy.class_weights", w.data())); });
    are(o.y, {1.042571300968}, "y");
    are(o.d[0],
        {0.07946619731267, -0.0818464969357, -0.04848165195069, 0.05086195157372, 0.04161636631032, -0.01406297223532,
         -0.01838553424999, -0.009167859825012},
        "d0");
  }
}

TEST_CASE("an ignored label counts neither in the sum nor in what it is divided by") {
  {
    const outcome o = of<tt::cross_entropy{.label_smoothing = 0.3, .class_weights = true}, four, ignoring>(
        x, ids{2, -100}, {1}, [&](auto& model) { REQUIRE(model.set("y.cross_entropy.class_weights", w.data())); });
    are(o.y, {0.9094767636173}, "y");
    are(o.d[0], {0.119199295969, -0.1227697454036, -0.07272247792604, 0.07629292736059, 0, 0, 0, 0}, "d0");
  }
  {
    const outcome o =
        of<tt::cross_entropy{.label_smoothing = 0.3, .class_weights = true, .reduction = r::none}, four, ignoring>(
            x, ids{2, -100}, {2, 3},
            [&](auto& model) { REQUIRE(model.set("y.cross_entropy.class_weights", w.data())); });
    are(o.y, {0.9094767636173, 0}, "y");
    are(o.d[0], {0.238398591938, -0.2455394908071, -0.1454449558521, 0.1525858547212, 0, 0, 0, 0}, "d0");
  }
  const outcome nothing_left = of<tt::cross_entropy{}, four, ignoring>(x, ids{-100, -100});
  are(nothing_left.y, {0}, "y");
  are(nothing_left.d[0], numbers(8, 0), "d0");
}

TEST_CASE("cross_entropy of sequences and pictures is PyTorch's") {
  static constexpr tt::tokens words{.length = 3, .vocabulary = 4, .ignore = -100};
  static constexpr tt::tokens map{.length = 4, .vocabulary = 3, .ignore = -100};
  const ids of_words{1, 0, 3, 2, 2, -100}, of_map{0, 1, 2, 2, 1, 1, -100, 0};
  {
    const outcome o = of<tt::cross_entropy{.label_smoothing = 0.1, .class_weights = true}, steps, words>(
        many, of_words, {1}, [&](auto& model) { REQUIRE(model.set("y.cross_entropy.class_weights", w.data())); });
    are(o.y, {2.058748617211}, "y");
    are(o.d[0],
        {0.04155019361792,
         -0.06840921567198,
         0.02123910481381,
         0.005619917240255,
         -0.05968861314909,
         0.05873398449409,
         -0.001803574159388,
         0.002758202814395,
         0.04049627253276,
         0.0065779263486,
         -0.004132216497298,
         -0.04294198238406,
         0.1461703662063,
         0.005685773290572,
         -0.191852105774,
         0.03999596627716,
         0.1073284861983,
         -0.004653721740956,
         -0.1903225406676,
         0.08764777621018,
         0,
         0,
         0,
         0},
        "d0");
  }
  {
    const outcome o = of<tt::cross_entropy{.reduction = r::sum}, pixels, map>(many, of_map);
    are(o.y, {10.03419015914}, "y");
    are(o.d[0],
        {-0.8920277724362,
         0.5040840013964,
         0.6042555559535,
         0.1319448563124,
         0.2900637551449,
         -0.6574603121365,
         0.2484719702004,
         0.2441393625593,
         0.6019640172913,
         0.1533763107401,
         -0.8527275261539,
         -0.3760842188717,
         0.4595833618828,
         0.6302477642968,
         0,
         -0.8527483247335,
         -0.6388545928818,
         -0.7572307194317,
         0,
         0.3372020381946,
         0.179271230999,
         0.1269829551349,
         0,
         0.5155462865388},
        "d0");
  }
  {
    const outcome o = of<tt::cross_entropy{.reduction = r::none}, pixels, map>(many, of_map, dy);
    are(o.y,
        {2.225881237114, 1.071367751019, 1.915470844354, 0.471739885862, 1.018474611946, 1.415643749348, 0,
         1.915612079493},
        "y");
    are(o.d[0],
        {-0.8920277724362,
         -1.008168002793,
         1.81276666786,
         0.06597242815619,
         0.2900637551449,
         1.314920624273,
         0.7454159106013,
         0.1220696812797,
         0.6019640172913,
         -0.3067526214802,
         -2.558182578462,
         -0.1880421094358,
         0.4595833618828,
         1.260495528594,
         0,
         -3.410993298934,
         -0.6388545928818,
         -1.514461438863,
         0,
         1.348808152778,
         0.179271230999,
         0.2539659102698,
         0,
         2.062185146155},
        "d0");
  }
}

TEST_CASE("padded tokens count in no cross_entropy") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(x0 = tt::input{steps},
                         x1 = tt::input{tt::tokens{.length = 3, .padded = true, .vocabulary = 4}},
                         y = tt::fuse(tt::cross_entropy{}, x0, x1));
  });
  const tt::model<network, double> model;
  const ids words{1, 0, 3, 2, 2, 77};  // what lies in the padding is not looked at
  const int lengths[] = {3, 2};
  static constexpr tt::tokens ignoring_words{.length = 3, .vocabulary = 4, .ignore = -1};
  const outcome same = of<tt::cross_entropy{}, steps, ignoring_words>(many, ids{1, 0, 3, 2, 2, -1});
  const double loss =
      model(x0 = tt::tensor(many, {2, 3, 4}), x1 = tt::padded(tt::tensor(words, {2, 3}), lengths)).value();
  CHECK(loss == doctest::Approx(same.y[0]));
}

TEST_CASE("soft_cross_entropy is PyTorch's, with gradients to the targets") {
  {
    const outcome o = of<tt::soft_cross_entropy{.label_smoothing = 0.2, .class_weights = true}, four, four>(
        x, p, {1}, [&](auto& model) { REQUIRE(model.set("y.soft_cross_entropy.class_weights", w.data())); });
    are(o.y, {1.955692873094}, "y");
    are(o.d[0],
        {0.03676707732643, -0.1979631868217, 0.1654335033881, -0.004237393892836, 0.2716023882169, -0.0042780631334,
         -0.2647858673577, -0.002538457725879},
        "d0");
    are(o.d[1],
        {0.3668997225207, 2.867598890083, 0.1337994450415, 0.2334498612604, 0.0677244159475, 1.27089766379,
         1.035448831895, 0.4838622079738},
        "d1");
  }
  {
    const outcome o = of<tt::soft_cross_entropy{.reduction = r::none}, four, four>(x, p, {2, 3});
    are(o.y, {1.934498612604, 1.963622079738}, "y");
    are(o.d[0],
        {0.1193871000642, -0.3444988441346, 0.8313936755648, -0.6062819314943, 1.388255284588, 0.4251203959462,
         -1.837129551089, 0.02375387055437},
        "d0");
    are(o.d[1],
        {3.668997225207, 7.168997225207, 0.6689972252073, 4.668997225207, 1.015866239213, 4.765866239213,
         7.765866239213, 14.51586623921},
        "d1");
  }
  const numbers soft{0.2487828184769, 0.3860463262958, 0.4130999950473, 0.2634008763705, 0.3346376523282,
                     0.3437967913047, 0.3164260392664, 0.3168041179721, 0.416579529195,  0.2701568823995,
                     0.2704739656862, 0.4197950056574, 0.3725514464369, 0.4220276279944, 0.2733371403417,
                     0.2674856646093, 0.3465625204067, 0.3169900338246, 0.3163245002843, 0.3429647581541,
                     0.2808860331564, 0.260982338181,  0.410338359374,  0.3895495772366};
  {
    const outcome o = of<tt::soft_cross_entropy{.label_smoothing = 0.2}, pixels, pixels>(many, soft);
    are(o.y, {1.179486152926}, "y");
    are(o.d[0], {-0.01971508673554,  0.01607253421164,   0.02588861165612,   -0.01818031393134,  -0.005539129173041,
                 0.0001044485191385, -0.008916940984925, -0.009496324810627, 0.02525421590858,   -0.01617698273077,
                 -0.01697167067119,  0.02767663874196,   0.01185944225833,   0.02824487440432,   -0.01643950995282,
                 -0.01667544038594,  0.002153590515772,  -0.009686176644749, -0.008678277388726, -0.0004795543744161,
                 -0.0140130327741,   -0.01855869775957,  0.02511778734155,   0.01715499476036},
        "d0");
    are(o.d[1],
        {0.2225881237114,  0.06850123553613, 0.05037580646481, 0.2025371198889, 0.1237654534837,  0.1071367751019,
         0.1392425235782,  0.1410016058708,  0.05075576074011, 0.1874860830005, 0.1915470844354,  0.0471739885862,
         0.07774349349622, 0.0461642260248,  0.1871970245461,  0.1915612079493, 0.1018474611946,  0.1415643749348,
         0.1385094889636,  0.1087073008405,  0.1718855363007,  0.2063702413067, 0.05177165569737, 0.06625281899559},
        "d1");
  }
}

TEST_CASE("large scores give finite losses and gradients") {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(x0 = tt::input{four}, x1 = tt::input{labels}, y = tt::fuse(tt::cross_entropy{}, x0, x1));
  });
  tt::model<network> model;
  tt::workspace<network> workspace{1};
  const float far[1][4] = {{1e4f, -1e4f, 0, 1e4f}}, one[1] = {1};
  const int right[1] = {1};
  const float loss = model.backward(workspace, tt::gradient(y) = one, x0 = far, x1 = right).value();
  CHECK(loss == doctest::Approx(2e4 + std::log(2.0)));
  CHECK(workspace.gradient(x0)(0, 0) == doctest::Approx(0.5));
  CHECK(workspace.gradient(x0)(0, 1) == -1);
  const int best[1] = {0};
  const float small = model.backward(workspace, tt::gradient(y) = one, x0 = far, x1 = best).value();
  CHECK(small == doctest::Approx(std::log(2.0)));
}

TEST_CASE("cross-entropies refuse") {
  const tt::shape f = tt::features_of(4), s = tt::sequence_of(3, 4), c = tt::shape_of(labels);
  const auto words = [](int length, int vocabulary, int ignored = tt::no_id) {
    return tt::shape_of(tt::tokens{.length = length, .vocabulary = vocabulary, .ignore = ignored});
  };
  CHECK(refusal(tt::cross_entropy{}, f, f) ==
        std::string("cross_entropy: the second input must be a category, or tokens"));
  CHECK(refusal(tt::cross_entropy{}, f, words(1, 4)) ==
        std::string("cross_entropy: with one row of scores a sample the target must be a category"));
  CHECK(refusal(tt::cross_entropy{}, s, c) ==
        std::string("cross_entropy: with scores of many places the target must be tokens, one a place"));
  CHECK(refusal(tt::cross_entropy{}, s, words(2, 4)) == std::string("cross_entropy: there must be one target a place"));
  CHECK(refusal(tt::cross_entropy{}, s, words(3, 0)) == std::string("cross_entropy: there must be one score a class"));
  CHECK(refusal(tt::cross_entropy{}, s, words(3, 4, 4)) ==
        std::string("cross_entropy: the ignored id must be negative or one of the classes"));
  CHECK(refusal(tt::cross_entropy{.label_smoothing = 1}, f, c) ==
        std::string("cross_entropy: label_smoothing must be in [0, 1)"));
  CHECK(refusal(tt::soft_cross_entropy{}, f, c) ==
        std::string("soft_cross_entropy: ids are not probabilities; use tt::cross_entropy"));
  CHECK(refusal(tt::soft_cross_entropy{}, f, s) ==
        std::string("soft_cross_entropy: both inputs must have the same shape"));
}
