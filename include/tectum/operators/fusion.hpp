// All fusion operators.
#pragma once

#include <tectum/operators/fusion/attention_fusion.hpp>
#include <tectum/operators/fusion/attention_pool.hpp>
#include <tectum/operators/fusion/bilinear.hpp>
#include <tectum/operators/fusion/channel_excite.hpp>
#include <tectum/operators/fusion/channel_squeeze.hpp>
#include <tectum/operators/fusion/concat.hpp>
#include <tectum/operators/fusion/cosine_similarity.hpp>
#include <tectum/operators/fusion/decisions.hpp>
#include <tectum/operators/fusion/film.hpp>
#include <tectum/operators/fusion/gaussian_product.hpp>
#include <tectum/operators/fusion/gmu.hpp>
#include <tectum/operators/fusion/low_rank_fusion.hpp>
#include <tectum/operators/fusion/maximum.hpp>
#include <tectum/operators/fusion/mean.hpp>
#include <tectum/operators/fusion/mlb.hpp>
#include <tectum/operators/fusion/modulate.hpp>
#include <tectum/operators/fusion/nonlocal_gate.hpp>
#include <tectum/operators/fusion/product.hpp>
#include <tectum/operators/fusion/stack.hpp>
#include <tectum/operators/fusion/sum.hpp>
#include <tectum/operators/fusion/tensor_fusion.hpp>
#include <tectum/operators/fusion/token_gate.hpp>
#include <tectum/operators/fusion/weighted_sum.hpp>
