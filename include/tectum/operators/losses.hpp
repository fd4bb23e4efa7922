// All losses.
#pragma once

#include <tectum/operators/losses/binary_cross_entropy.hpp>
#include <tectum/operators/losses/cosine_embedding.hpp>
#include <tectum/operators/losses/cross_entropy.hpp>
#include <tectum/operators/losses/evidential_cross_entropy.hpp>
#include <tectum/operators/losses/gaussian_nll.hpp>
#include <tectum/operators/losses/huber.hpp>
#include <tectum/operators/losses/info_nce.hpp>
#include <tectum/operators/losses/kl_divergence.hpp>
#include <tectum/operators/losses/l1.hpp>
#include <tectum/operators/losses/margin_ranking.hpp>
#include <tectum/operators/losses/mse.hpp>
#include <tectum/operators/losses/siglip.hpp>
#include <tectum/operators/losses/smooth_l1.hpp>
#include <tectum/operators/losses/soft_cross_entropy.hpp>
#include <tectum/operators/losses/triplet_margin.hpp>
