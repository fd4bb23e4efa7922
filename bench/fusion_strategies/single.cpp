#include "digit_strategies.hpp"

namespace fusion_bench {

namespace {
constexpr auto image_only = tt::architecture([] { return sees(image = seen | vector(), answer = image | scores()); });
constexpr auto audio_only =
    tt::architecture([] { return hears(speech = heard | vector(), answer = speech | scores()); });
}  // namespace

void add_image_only(digit_comparison& c) { c.add<image_only>("image_only"); }
void add_audio_only(digit_comparison& c) { c.add<audio_only>("audio_only"); }

}  // namespace fusion_bench
