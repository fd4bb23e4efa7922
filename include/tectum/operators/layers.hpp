// All layers.
#pragma once

#include <tectum/operators/layers/activations.hpp>
#include <tectum/operators/layers/average_pool.hpp>
#include <tectum/operators/layers/conv1d.hpp>
#include <tectum/operators/layers/conv2d.hpp>
#include <tectum/operators/layers/dropout.hpp>
#include <tectum/operators/layers/embedding.hpp>
#include <tectum/operators/layers/flatten.hpp>
#include <tectum/operators/layers/gru.hpp>
#include <tectum/operators/layers/layer_norm.hpp>
#include <tectum/operators/layers/linear.hpp>
#include <tectum/operators/layers/max_pool.hpp>
#include <tectum/operators/layers/mean_pool.hpp>
#include <tectum/operators/layers/patches.hpp>
#include <tectum/operators/layers/positions.hpp>
#include <tectum/operators/layers/residual.hpp>
#include <tectum/operators/layers/softmax.hpp>
#include <tectum/operators/layers/split.hpp>
