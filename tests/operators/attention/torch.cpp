// Attention with every option against torch 1.13: torch.nn.functional.multi_head_attention_forward where it has the
// option, its own softmax elsewhere. The numbers are bare::mix of results, inputs' gradients, parameters' gradients.
#include <doctest/doctest.h>

#include <tectum/operators/attention/attention_with_weights.hpp>
#include <tectum/operators/attention/dot_product_attention.hpp>
#include <tectum/operators/attention/multi_head_attention.hpp>

#include "bare.hpp"

namespace tt = tectum;

namespace {

constexpr tt::shape tokens(int length, int width, bool padded = false) {
  return tt::shape_of(tt::sequence{length, width, padded});
}
// Scores [3, 5] to add.
const tt::shape scores = tokens(3, 5), each_heads = tt::picture_of(2, 3, 5);

// `key_lengths`: of the second input and those behind it that are padded.
template <class T, class Engine, class Op>
void agrees(const Op& op, const std::vector<tt::shape>& shapes, const std::vector<int>& key_lengths,
            const std::vector<double>& expected, double tolerance) {
  bare::trial<Op, T, Engine> t(op, shapes, 2);
  for (std::size_t k = 0; k < shapes.size(); ++k)
    if (shapes[k].padded) t.lengths(k, key_lengths);
  t.run();
  const std::vector<double> sums = t.sums();
  REQUIRE(sums.size() == expected.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(sums[i] - expected[i]) < tolerance * (1 + std::abs(expected[i])));
  }
}
template <class Op>
void agrees(const Op& op, const std::vector<tt::shape>& shapes, const std::vector<int>& key_lengths,
            const std::vector<double>& expected) {
  agrees<double, tt::reference>(op, shapes, key_lengths, expected, 1e-10);
  agrees<double, tt::native>(op, shapes, key_lengths, expected, 1e-10);
  agrees<float, tt::native>(op, shapes, key_lengths, expected, 1e-4);
}

}  // namespace

TEST_CASE("attention is torch.nn.MultiheadAttention, with its options") {
  agrees(tt::attention{2}, {tokens(3, 4), tokens(5, 3, true), tokens(5, 2, true)}, {5, 3},
         {0.3983133117679236, 0.08853246767116946, -0.02540163180638575, -0.0031981454920731005, -0.004179715659237367,
          0.07165941167116899, -0.08251044538684858, 0.027721936987024635, 3.389560857662471e-17, 0.9374126313787101,
          0.19468219566375, 1.9349238280599108});
  agrees(
      tt::attention{.heads = 3, .causal = true, .bias = false, .bias_kv = true, .zero_attention = true},
      {tokens(3, 6), tokens(5, 3, true), tokens(5, 2, true)}, {5, 2},
      {-0.06334421652561448, 0.013464819649801582, -0.039739166486072244, -0.025417865859624876, 0.021325957570830625,
       0.028727638238392916, -0.18268015040557833, -0.05372787980187141, -0.04200188445975968, -0.03733000103761116});
  agrees(tt::self_attention{.heads = 2, .causal = true, .zero_attention = true}, {tokens(4, 6)}, {},
         {-0.03140427529361689, 0.03354100749671379, -0.018592031000786397, 0.0312475930694167, 0.04990809728567945,
          -0.06817353023495724, 0.006430941287062869, -0.003718122777391919, 0.044912077688819, 2.6010920312168735});
  agrees(tt::self_attention{.heads = 4, .bias_kv = true}, {tokens(4, 32)}, {},
         {-8.09750718143836, -0.11953205260223904, 0.007886721198993668, 0.007449414349981637, 0.41934778380830046,
          0.006329973140852055, 3.0793863501742116e-15, 0.1536149033771708, 3.0001948155747655, 0.5388441891261486,
          7.90339194942345e-20, 7.273094803988464e-21});
  agrees(tt::cross_attention{.heads = 2, .causal = true, .bias_kv = true, .zero_attention = true, .ahead = 2},
         {tokens(3, 4), tokens(5, 3)}, {},
         {-0.10610784364282577, 0.044462590636989624, -0.03236016681228803, -0.007781573089843067, 0.11452265925168592,
          0.1292218887891153, -0.048178383448409, -0.00857780321091962, 0.6415688837021015, 0.10046764888231946,
          1.9349238280599108, 0.0009283894045093062, 0.14152476628921534});
  agrees(tt::biased_attention{.heads = 2, .bias_kv = true, .zero_attention = true},
         {tokens(3, 4), tokens(5, 3, true), tokens(5, 2), scores}, {5, 3},
         {0.2630536688229028, 0.07750510535917672, -0.041181898442301516, 0.06991178539006154, 0.23690776804250763,
          0.053159978383960915, 0.23161195569307488, 0.17015671825330114, 0.04857952973020181, -0.021619237441621173,
          0.7999860016979523, 0.20749064166110107, 1.9349238280599108, 0.01503225744444959, 0.06560826170948261});
  agrees(tt::biased_attention{.heads = 2, .causal = true}, {tokens(3, 4), tokens(5, 3), tokens(5, 2), each_heads}, {},
         {0.6225091781753191, 0.06924517558608126, -0.038234649273665294, 0.02015398852841422, 0.18955054423806258,
          0.04243935061490393, -0.12062644566576791, 0.4095335474452947, -0.0019886200640511498,
          -2.6657918513762802e-17, 0.9374126313787101, 0.04636607100202528, 1.9349238280599108});
}

TEST_CASE("attention_with_weights gives torch's weights, and gradients through them") {
  agrees(tt::attention_with_weights{.heads = 2, .causal = true, .bias_kv = true, .zero_attention = true},
         {tokens(3, 4), tokens(5, 3, true), tokens(5, 2, true), scores}, {5, 3},
         {0.45256005886240147, 0.6012018513038325, 0.15406046525490422, -0.01095515227963307, 0.0016463463667817438,
          0.5454400735944658, 0.07324999374960414, -0.08235832712369373, 0.28587491375086377, 0.16286412478689594,
          0.1139841351187785, 1.0449872796402264, 0.15973907883879096, 1.9349238280599108, -0.06630583251997933,
          -0.055967052554937974});
  agrees(tt::attention_with_weights{.heads = 2, .bias_kv = true, .average = false},
         {tokens(3, 4), tokens(5, 3, true), tokens(5, 2)}, {4, 5},
         {0.257211185810637, 0.04831490854557277, 0.10296186593503187, 0.060329700036377165, -0.026589099844724032,
          -0.38570550666896747, 0.26861441856793966, -0.061929182473898683, 0.6829821621330965, 0.04989667839175327,
          0.803528730736182, 0.12660151469464792, 1.9349238280599108, -0.04989667839175332, 0.13388390064252814});
}

TEST_CASE("heads of their own width, and biases of the last layer alone") {
  agrees(tt::cross_attention{.heads = 2, .bias = false, .out_bias = true, .head_width = 3},
         {tokens(3, 5), tokens(4, 4)}, {},
         {-0.25361450643743266, 0.00020709916761641606, -0.036714632988559495, 0.013968560096488433,
          -0.013825585031491287, -0.006747985895937683, 0.8449670356981531, 1.524484569169689});
}

TEST_CASE("dot_product_attention is its formula") {
  agrees(tt::dot_product_attention{.heads = 2}, {tokens(3, 4), tokens(5, 4, true), tokens(5, 6, true)}, {5, 3},
         {-0.0039041820448812437, -0.010765829173252833, -0.41637665242551325, 1.6883219710654034});
  agrees(tt::dot_product_attention{.heads = 2, .causal = true, .scale = 0.25f},
         {tokens(3, 4), tokens(5, 4, true), tokens(5, 6)}, {5, 3},
         {0.1462238873869428, 0.009804950965619681, -0.12706429140456577, 3.8291490701404824});
}
