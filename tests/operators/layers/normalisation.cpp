// Normalisations against values of PyTorch 1.13, and their special cases.
#include <tectum/operators/layers/group_norm.hpp>
#include <tectum/operators/layers/layer_norm.hpp>
#include <tectum/operators/layers/normalize.hpp>
#include <tectum/operators/layers/rms_norm.hpp>

#include "alone.hpp"

using namespace alone;

TEST_CASE("group_norm") {
  gives(tt::group_norm{.groups = 2}, {sound(4, 3), ramp(24), {{1.5, -0.5, 2, 1}, {0.25, 0, -1, 0.5}}},
        {-1.2101119652787,   2.39722347835103,   0.335888939134041,  0.658481866694317,  -0.543963281182262,
         0.143148231890069,  -2.94681595370494,  1.86296463780138,   -0.885481414487945, -0.816963733388635,
         1.58792656236452,   0.213703536219862,  2.29293978172964,   0.476993309081071,  -1.33895316356749,
         -0.529651054522498, 0.0756644363603568, 0.680979927243212,  0.59204815512226,   -1.79602407756113,
         -4.18409631024452,  0.997515048475706,  -0.196521067865989, 1.89304213573198},
        {-0.708518349591807, 1.2137166276678,    -2.53499062404525,  1.10275088976925,  -0.410571698332795,
         1.3376131545328,    0.541798417669229,  3.20465172661353,   -1.85069508858377, 0.995740496550731,
         -2.52540981215595,  -0.366085740093774, 1.05469364637524,   -1.83327284324751, 1.18058670323759,
         -0.121284594192591, -0.134002502121772, -0.146720410050954, -1.04923541123448, -0.22165486709632,
         0.605925677041837,  0.202441326599045,  -0.462523274689917, 0.925046549379834},
        {{2.41921031200065, -1.20961684038192, -1.40835748217976, -4.86008199779945}, {-0.75, -1, 2, -1.5}});
  // A sequence is a waveform the other way round; what is padded does not count.
  const numbers x = ramp(24);
  const auto tokens = [](const numbers& channels) {  // [4, 3] to [3, 4], and a padded token behind
    numbers v;
    for (std::size_t b = 0; b < 2; ++b)
      for (std::size_t t = 0; t < 4; ++t)
        for (std::size_t i = 0; i < 4; ++i) v.push_back(t == 3 ? missing : channels[b * 12 + i * 3 + t]);
    return v;
  };
  const tt::group_norm norm{.groups = 2, .affine = false};
  const auto sequence =
      run<double, tt::native>(norm, {padded(4, 4), tokens(x), {}, tokens(x), {1, 1, 1, 0, 1, 1, 1, 0}});
  const auto channels = run<double, tt::native>(norm, {sound(4, 3), x, {}, x});
  for (std::size_t i = 0; i < 32; ++i) {
    if (i % 16 >= 12) CHECK(sequence.dx[i] == 0);
    if (i % 16 >= 12) continue;
    CHECK(sequence.y[i] == doctest::Approx(tokens(channels.y)[i]));
    CHECK(sequence.dx[i] == doctest::Approx(tokens(channels.dx)[i]));
  }
}

TEST_CASE("layer_norm over two axes") {
  gives(tt::layer_norm{.axes = 2}, {tt::sequence_of(2, 3), ramp(12), {ramp(6, 3, 7, 2), ramp(6, 2, 5, 1)}},
        {0.256648005786883, 1.18148231890069, 0.25, -0.237722800041476, -0.271981640591131, 0.356851768109931,
         0.256648005786883, 1.18148231890069, 0.25, -0.237722800041476, -0.271981640591131, 0.356851768109931},
        {0.112073746241041, 0.497035727678435, 0.12981927119871, 0.192047510389193, -0.45365777778191,
         -0.477318477725469, -0.0965969530692402, 0.950420828716331, -0.580383528616445, 0.723147105474145,
         -0.548836469359401, -0.44775098314539},
        {{0.486703988426235, 2.86296463780138, -0.114518585512055, -0.658481866694317, -0.271981640591131,
          0.286296463780138},
         {-0.5, 2, -2, 0.5, -0.25, -1}});
  // All axes are one group.
  const auto all =
      run<double, tt::native>(tt::layer_norm{.affine = false, .axes = 3}, {tt::picture_of(2, 3, 2), ramp(24)});
  const auto one =
      run<double, tt::native>(tt::group_norm{.groups = 1, .affine = false}, {tt::picture_of(2, 3, 2), ramp(24)});
  are("y", all.y, one.y);
  are("dx", all.dx, one.dx);
  const tt::parameter weight = tt::layer_norm{.axes = 2}.parameters(tt::picture_of(2, 3, 5)).items[0];
  CHECK(weight.rank == 2);
  CHECK(weight.extent[0] == 3);
  CHECK(weight.extent[1] == 5);
}

TEST_CASE("rms_norm") {
  gives(tt::rms_norm{.epsilon = 0.01}, {tt::features_of(3), ramp(6), {{1.5, -0.5, 2}}},
        {-0.941183707707238, -0.784319756422698, 0.627455805138159, -1.54409291169191, -0.686263516307516, 0},
        {-1.57646212458924, 0.097988505001891, -3.68239154931476, -0.656098087019274, -0.497729583256001,
         -2.74505406523007},
        {{0.727940672468937, 2.15684678903773, -0.470591853853619}});
}

TEST_CASE("normalize: other norms, over the first axis of a sample") {
  const given g{tt::sequence_of(3, 2), ramp(6)};
  gives(tt::normalize{.p = 1, .axis = 0}, g,
        {-0.285714285714286, 0.625, 0.142857142857143, -0.375, 0.571428571428571, 0},
        {-0.102040816326531, 0.046875, -1.18367346938776, 0.078125, 0.244897959183673, -0.5});
  gives(tt::normalize{.axis = -2}, g,
        {-0.436435780471985, 0.857492925712544, 0.218217890235992, -0.514495755427526, 0.87287156094397, 0},
        {-0.322131171300751, 0.0151322281008096, -1.47556859111957, 0.025220380168016, 0.207826562129517,
         -0.685994340570035});
  gives(tt::normalize{.p = 3, .axis = 0}, g,
        {-0.478544551189275, 0.936890441960789, 0.239272275594637, -0.562134265176473, 0.957089102378549, 0},
        {-0.508043872837928, -0.0258877622120745, -1.48807689205432, -0.0431462703534573, 0.117997286594616,
         -0.749512353568631});
  gives(tt::normalize{.p = 1.5, .axis = 0}, g,
        {-0.385252379658088, 0.775335044078252, 0.192626189829044, -0.465201026446951, 0.770504759316176, 0},
        {-0.209390597584837, 0.0348843023230653, -1.41631748269205, 0.0581405038717754, 0.249384071880595,
         -0.620268035262602});
  gives(tt::normalize{.p = 0.5, .axis = 0}, g,
        {-0.102641576561691, 0.317541634481458, 0.0513207882808455, -0.190524980688875, 0.205283153123382, 0},
        {-0.0224262643926408, 0.0339692291059719, -0.493944866882985, 0.0566153818432865, 0.112273084524426,
         -0.254033307585166});
}

TEST_CASE("normalize: along the last axis as along another, and below epsilon") {
  for (const double p : {1.0, 2.0, 3.0, 1.5, 0.5}) {
    const auto columns = run<double, tt::native>(tt::normalize{.p = p, .axis = 0}, {tt::sequence_of(6, 1), ramp(6)});
    const auto row = run<double, tt::native>(tt::normalize{.p = p}, {tt::features_of(6), ramp(6)});
    are("y", row.y, columns.y);
    are("dx", row.dx, columns.dx);
    const auto zero = run<float, tt::native>(tt::normalize{.p = p}, {tt::features_of(2), {0, 0}, {}, {1, -2}});
    CHECK(zero.y == numbers{0, 0});
    are("dx", zero.dx, {1e12, -2e12}, 1e-6);
  }
  gives(tt::normalize{}, {tt::sequence_of(2, 3), {3e-13, 0, -4e-13, 0, 0, 0}}, {0.3, 0, -0.4, 0, 0, 0},
        {-750000000000, 500000000000, -1500000000000, -250000000000, 1000000000000, -1000000000000});
  const auto large = run<float, tt::native>(tt::normalize{.p = 40}, {tt::features_of(2), {1e4, -2e4}});
  are("a large power of a large number", large.y, {0.5, -1}, 1e-6);
}

TEST_CASE("normalisations: errors") {
  CHECK(refusal(tt::group_norm{.groups = 4}, tt::picture_of(6, 2, 2)) == "group_norm: groups must divide the channels");
  CHECK(refusal(tt::group_norm{.groups = 0}, tt::features_of(6)) == "group_norm: groups must divide the channels");
  CHECK(refusal(tt::layer_norm{.axes = 3}, tt::sequence_of(2, 3)) == "layer_norm: a sample does not have so many axes");
  CHECK(refusal(tt::layer_norm{.axes = 2}, padded(2, 3)) ==
        "layer_norm: the tokens of a padded sequence cannot be normalised together; take fewer axes");
  CHECK(refusal(tt::rms_norm{.epsilon = -1}, tt::features_of(2)) == "rms_norm: epsilon must be greater than 0");
  CHECK(refusal(tt::normalize{.p = 0}, tt::features_of(2)) == "normalize: p must be greater than 0 and finite");
  CHECK(refusal(tt::normalize{.axis = 1}, tt::features_of(2)) == "normalize: a sample does not have that axis");
  CHECK(refusal(tt::normalize{.axis = -3}, tt::sequence_of(2, 2)) == "normalize: a sample does not have that axis");
}
