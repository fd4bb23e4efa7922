// Parameters of fusion operators against those of the published code.
#include <doctest/doctest.h>

#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/factorised.hpp>
#include <tectum/operators/fusion/low_rank_fusion.hpp>
#include <tectum/operators/fusion/mlb.hpp>
#include <tectum/operators/fusion/multiplicative.hpp>
#include <tectum/operators/fusion/tensor_fusion.hpp>
#include <tectum/operators/layers/activations.hpp>

namespace tt = tectum;

namespace {

constexpr tt::name<"left"> left;
constexpr tt::name<"right"> right;
constexpr tt::name<"y"> y;

constexpr long long of(int a, int b, auto expression) {
  return tt::parameter_count(tt::architecture([=] {
    return tt::equations(left = tt::input{tt::features{a}}, right = tt::input{tt::features{b}}, y = expression);
  }));
}
constexpr auto concat_mlp(int first, int second, int features) {
  return tt::fuse(tt::concat{}, left, right) | tt::linear{first} | tt::relu | tt::linear{second} | tt::relu |
         tt::linear{features};
}

// block.bootstrap.pytorch with the defaults of its constructors, 100 and 100 features to 300.
constexpr long long defaults(auto expression) { return of(100, 100, expression); }
static_assert(defaults(tt::block({.features = 300, .width = 1600, .chunks = 20, .rank = 15}, left, right)) == 4691500);
static_assert(defaults(tt::block_tucker({.features = 300, .width = 1600, .chunks = 20}, left, right)) == 11045100);
static_assert(defaults(tt::mutan({.features = 300, .width = 1600, .factor = 15}, left, right)) == 77651500);
static_assert(defaults(tt::tucker({.features = 300, .width = 1600}, left, right)) == 4096805100);     // beyond 31 bits
static_assert(defaults(tt::mfb<tt::relu>({.features = 300, .width = 1200}, left, right)) == 602700);  // their MLB
static_assert(defaults(tt::fuse(tt::mlb{.rank = 1200, .features = 300}, left, right)) == 602700);
static_assert(defaults(tt::mfb<tt::relu>({.features = 300, .width = 1200, .factor = 2}, left, right)) == 845100);
static_assert(defaults(tt::mfh<2, tt::relu>({.features = 300, .width = 1200, .factor = 2}, left, right)) == 1689900);
static_assert(defaults(tt::mcb({.features = 300, .width = 16000}, left, right)) == 4800300);
static_assert(defaults(tt::linear_sum<tt::relu>({.features = 300, .width = 1200}, left, right)) == 602700);
static_assert(defaults(concat_mlp(500, 500, 300)) == 501300);
// A number of more than 32 bits: a core of 2^33 elements.
static_assert(of(4, 4, tt::fuse(tt::bilinear{1 << 29, false}, left, right)) == 8589934592);

// Its options for visual question answering: attention, 4800 and 2048 features to 1000; the classifier, 4800 and
// 4096 to 3000.
constexpr bool asks(auto expression, long long attention, long long classifier, long long sum) {
  const long long a = of(4800, 2048, expression(1000)), b = of(4800, 4096, expression(3000));
  return a == attention && b == classifier && a + b == sum;
}
static_assert(asks([](int n) { return tt::linear_sum<tt::relu>({.features = n, .width = 1200}, left, right); }, 9421000,
                   14280600, 23701600));
static_assert(asks([](int n) { return concat_mlp(1600, 1600, n); }, 15121000, 21599800, 36720800));
static_assert(asks([](int n) { return tt::mcb({.features = n, .width = 16000}, left, right); }, 16001000, 48003000,
                   64004000));
static_assert(asks([](int n) { return tt::fuse(tt::mlb{.rank = 1200, .features = n}, left, right); }, 9421000, 14280600,
                   23701600));
static_assert(asks([](int n) { return tt::mfb({.features = n, .width = 1000, .factor = 5}, left, right); }, 35251000,
                   47493000, 82744000));
static_assert(asks([](int n) { return tt::mfh({.features = n, .width = 340, .factor = 5}, left, right); }, 23971000,
                   32296200, 56267200));
static_assert(asks([](int n) { return tt::mutan({.features = n, .width = 700, .factor = 10}, left, right); }, 15310000,
                   18145600, 33455600));
static_assert(asks([](int n) { return tt::tucker({.features = n, .width = 235}, left, right); }, 14823860, 15777140,
                   30601000));
static_assert(asks([](int n) { return tt::block_tucker({.features = n, .width = 1800, .chunks = 10}, left, right); },
                   72452800, 79741200, 152194000));
static_assert(
    asks([](int n) { return tt::block({.features = n, .width = 1600, .chunks = 18, .rank = 15}, left, right); },
         16875780, 23354580, 40230360));

// MultiBench's fusions for AV-MNIST.
static_assert(of(48, 192, tt::fuse(tt::low_rank_fusion{.rank = 40, .features = 120}, left, right)) == 1161760);
static_assert(of(48, 192, tt::multiplicative_interaction(240, left, right)) == 2269680);
static_assert(of(48, 192, tt::fuse(tt::tensor_fusion{}, left, right) | tt::linear{240, false}) == 2269680);
static_assert(of(24, 96, tt::multiplicative_interaction(96, left, right)) == 232800);

}  // namespace

// The assertions above are the test; this one shows that the numbers arrive at run time, too.
TEST_CASE("parameter counts above 2^32") {
  constexpr auto network = tt::architecture([] {
    return tt::equations(left = tt::input{tt::features{100}}, right = tt::input{tt::features{100}},
                         y = tt::tucker({.features = 300, .width = 1600}, left, right));
  });
  const long long count = tt::parameter_count(network);
  CHECK(count == 4096805100LL);
  CHECK(tt::multiply_adds(network) > 4096000000LL);
}
