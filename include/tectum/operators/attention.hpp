// All forms of attention, and transformer layers.
#pragma once

#include <tectum/operators/attention/attention_with_weights.hpp>
#include <tectum/operators/attention/dot_product_attention.hpp>
#include <tectum/operators/attention/media_attention.hpp>
#include <tectum/operators/attention/multi_head_attention.hpp>
#include <tectum/operators/attention/transformer.hpp>
