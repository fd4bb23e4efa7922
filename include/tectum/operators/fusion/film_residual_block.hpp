// FiLM's residual block.
#pragma once

#include <tectum/operators/fusion/modulate.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/batch_norm.hpp>
#include <tectum/operators/layers/conv2d.hpp>

namespace tectum::inline TECTUM_ABI {

// Where a residual block is modulated: before the first convolution, behind the second, behind the normalisation,
// behind the last activation, or behind the residual connection.
enum class film_place : unsigned char { input, convolution, normalisation, activation, output };

// channels: of the block; kernel (1): of the first convolution, an odd number; affine (false): whether the
// normalisation has a weight and a bias of its own; delta (false): gammas are differences from 1, as of tt::modulate.
struct film_block_options {
  int channels, kernel = 1;
  bool affine = false, delta = false;
};

// Residual block of a network that another modality modulates (FiLM: Perez et al. 2018): p = relu(conv(x)), y = p +
// relu(film(batch_norm(conv3x3(p)))), with gammas and betas of one number a channel from elsewhere. Template arguments:
// where the modulation stands, whether there is a batch_norm (true) and a residual connection (true).
//   picture [c, height, width], gammas [channels], betas [channels] -> [channels, height, width], as in
//   image | tt::film_residual_block<tt::film_place::normalisation>({.channels = 128}, gammas, betas)
// Modulated at its input, x must have as many channels as gammas. Gammas and betas are names or parts; an absent gamma
// scales by 1, an absent beta shifts by 0. Parameters: conv2d, conv2d_2, batch_norm.
template <film_place Place = film_place::normalisation, bool Norm = true, bool Residual = true, part G, part B>
constexpr auto film_residual_block(const film_block_options& o, const G& gammas, const B& betas) {
  const auto modulated_at = [&]<film_place Here>() {
    if constexpr (Here == Place) return fuse(modulate{.delta = o.delta}, here, gammas, betas);
    else return detail::as_fragment(here);
  };
  const auto normalised = [&] {
    if constexpr (Norm) return detail::as_fragment(batch_norm{.affine = o.affine});
    else return detail::as_fragment(here);
  }();
  auto first = modulated_at.template operator()<film_place::input>() |
               conv2d{.channels = o.channels, .kernel = o.kernel, .padding = o.kernel / 2} | relu;
  if (o.kernel % 2 == 0) first.mistake = "film_residual_block: kernel must be an odd number";
  const auto body = here | conv2d{.channels = o.channels, .kernel = 3, .padding = 1} |
                    modulated_at.template operator()<film_place::convolution>() | normalised |
                    modulated_at.template operator()<film_place::normalisation>() | relu |
                    modulated_at.template operator()<film_place::activation>();
  const auto last = modulated_at.template operator()<film_place::output>();
  if constexpr (Residual) return first | fuse(sum{}, here, body) | last;
  else return first | body | last;
}

}  // namespace tectum
