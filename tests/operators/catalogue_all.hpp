// All families of the catalogue.
#pragma once

#include "attention/catalogue_attention.hpp"
#include "encoders/catalogue_encoders.hpp"
#include "fusion/catalogue_bilinear.hpp"
#include "fusion/catalogue_decision.hpp"
#include "fusion/catalogue_flamingo.hpp"
#include "fusion/catalogue_fusion.hpp"
#include "fusion/catalogue_gated.hpp"
#include "fusion/catalogue_simple.hpp"
#include "layers/catalogue_activations.hpp"
#include "layers/catalogue_convolution.hpp"
#include "layers/catalogue_linear.hpp"
#include "layers/catalogue_normalisation.hpp"
#include "layers/catalogue_positions.hpp"
#include "layers/catalogue_recurrent.hpp"
#include "layers/catalogue_shapes.hpp"
#include "losses/catalogue_losses.hpp"

namespace catalogue {

template <class Visit>
void all(const Visit& visit) {
  linear(visit);
  activations(visit);
  normalisation(visit);
  convolution(visit);
  pooling(visit);
  recurrent(visit);
  positions(visit);
  shapes(visit);
  attention(visit);
  simple_fusion(visit);
  multiplying_fusion(visit);
  bilinear_fusion(visit);
  gated_fusion(visit);
  decision_fusion(visit);
  flamingo(visit);
  losses(visit);
  encoders(visit);
}

}  // namespace catalogue
