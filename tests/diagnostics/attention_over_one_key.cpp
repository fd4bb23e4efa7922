// expect: in equation joint: attention: with one key every weight is 1, and a linear layer does the same
#include <tectum/tectum.hpp>

namespace tt = tectum;

constexpr tt::name<"image"> image;
constexpr tt::name<"words"> words;
constexpr tt::name<"joint"> joint;

// One vector a picture, as "a sequence of one token": a mistake of published networks.
#ifndef TECTUM_CORRECTED
constexpr auto tokens_of_image = tt::as_sequence{1};
#else
constexpr auto tokens_of_image = tt::as_sequence{4};
#endif

inline constexpr auto network = tt::architecture([] {
  return tt::equations(image = tt::input{tt::features{32}}, words = tt::input{tt::sequence{.length = 5, .width = 8}},
                       joint = tt::fuse(tt::cross_attention{.heads = 2}, words, image | tokens_of_image));
});

tt::model<network> model;
